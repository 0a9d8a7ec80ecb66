"""Parser of PLY headers: tables and their columns."""

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.meshes.text import as_text

_TYPES = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4"}
_TYPES |= {"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4"}
_TYPES |= {"uint32": "u4", "float": "f4", "double": "f8", "float32": "f4", "float64": "f8"}
_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}
_MOST_HEADER = 1 << 16  # maximum bytes of a header


@dataclass(frozen=True)
class Property:
    """A scalar property of an element, or, if `count` is set, a list property."""

    name: str
    item: np.dtype[np.number]
    count: np.dtype[np.number] | None = None

    @property
    def least(self) -> int:
        """Minimum size in bytes."""
        return (self.item if self.count is None else self.count).itemsize


@dataclass
class Element:
    """A table of a PLY file: name, number of rows and columns."""

    name: str
    rows: int
    properties: list[Property] = field(default_factory=list)


@dataclass(frozen=True)
class Lists:
    """Lists of numbers: `sizes` (P,) and the concatenated `values`."""

    sizes: NDArray[np.intp]
    values: NDArray[np.number]


Table = dict[str, NDArray[np.number] | Lists]


@dataclass(frozen=True)
class Header:
    """A parsed header: whether the body is `text`, its tables, textures, and `start` offset."""

    text: bool
    elements: list[Element]
    textures: tuple[str, ...]
    start: int


def read_header(name: str, data: bytes) -> Header:
    """Return the header of a PLY file.

    Raises:
        SourceError: the header is missing or invalid.
    """
    head = data[:_MOST_HEADER]
    # Lines may end in a carriage return only; otherwise one after the header is data.
    old = b"\n" not in head.partition(b"end_header")[0]
    end = re.search(rb"\rend_header[ \t]*\r" if old else rb"\nend_header[ \t\r]*\n", head)
    if not data.startswith(b"ply") or not end:
        raise SourceError(f"{name} is not a PLY file")
    words = as_text(data[: end.start()])
    order, elements = _elements(name, words)
    textures = re.findall(r"(?im)^comment\s+texturefile\s+(.+?)\s*$", words.replace("\r", "\n"))
    return Header(order == "=", elements, tuple(textures), end.end())


def _elements(name: str, header: str) -> tuple[str, list[Element]]:
    order, elements = "", list[Element]()
    try:
        for line in header.splitlines()[1:]:
            match line.split():
                case ["format", kind, *_]:
                    order = _ORDERS[kind]
                case ["element", table, rows]:
                    elements.append(Element(table, int(rows)))
                case ["property", "list", count, item, column]:
                    lengths = np.dtype(order + _TYPES[count])
                    listed = Property(column, np.dtype(order + _TYPES[item]), lengths)
                    elements[-1].properties.append(listed)
                case ["property", item, column]:
                    elements[-1].properties.append(Property(column, np.dtype(order + _TYPES[item])))
    except (KeyError, ValueError, IndexError):
        raise SourceError(f"{name} is not a PLY file: its header is invalid") from None
    if not order or any(element.rows < 0 for element in elements):
        raise SourceError(f"{name} is not a PLY file: its header is invalid")
    return order, elements
