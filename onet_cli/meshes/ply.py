"""PLY files, text and binary. Read here because their faces are polygons."""

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.meshes.text import Words, as_text, numbers

_TYPES = {"char": "i1", "uchar": "u1", "short": "i2", "ushort": "u2", "int": "i4", "uint": "u4"}
_TYPES |= {"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4"}
_TYPES |= {"uint32": "u4", "float": "f4", "double": "f8", "float32": "f4", "float64": "f8"}
_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}
_MOST_HEADER = 1 << 16  # bytes; longer ones are not headers


@dataclass(frozen=True)
class Property:
    """A number of an element, or, where `count` is set, a list of numbers with its length first."""

    name: str
    item: np.dtype[np.number]
    count: np.dtype[np.number] | None = None

    @property
    def least(self) -> int:
        """Bytes that it takes at least."""
        return (self.item if self.count is None else self.count).itemsize


@dataclass
class Element:
    """A table of a PLY file: its name, its number of rows, its columns."""

    name: str
    rows: int
    properties: list[Property] = field(default_factory=list)


@dataclass(frozen=True)
class Lists:
    """Lists of numbers: `sizes` (P,) and the `values` of one list after another."""

    sizes: NDArray[np.intp]
    values: NDArray[np.number]


Table = dict[str, NDArray[np.number] | Lists]


@dataclass(frozen=True)
class PlyContent:
    """The tables of a PLY file by name, and the pictures that its comments name."""

    tables: dict[str, Table]
    textures: tuple[str, ...]


def parse_ply(name: str, data: bytes) -> PlyContent:
    """Return what a PLY file holds.

    Raises:
        SourceError: the file is no PLY, or shorter than its header says.
    """
    if not data:
        raise SourceError(f"{name} is empty")
    end = re.search(rb"^end_header[ \t\r]*\n", data[:_MOST_HEADER], re.MULTILINE)
    if not data.startswith(b"ply") or not end:
        raise SourceError(f"{name} is not a PLY file")
    header = as_text(data[: end.start()])
    order, elements = _elements(name, header)
    body = data[end.end() :]
    if order == "=":
        # Text is read as a binary file whose numbers are all of one type.
        body = numbers(name, body, len(Words.of(body).starts), np.float64).tobytes()
        elements = [_all_doubles(element) for element in elements]
    tables: dict[str, Table] = {}
    for element in elements:
        tables[element.name], body = _table(name, element, body)
    textures = re.findall(r"(?im)^comment\s+texturefile\s+(.+?)\s*$", header)
    return PlyContent(tables, tuple(textures))


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
        raise SourceError(f"{name} is not a PLY file: its header makes no sense") from None
    if not order or any(element.rows < 0 for element in elements):
        raise SourceError(f"{name} is not a PLY file: its header makes no sense")
    return order, elements


def _all_doubles(element: Element) -> Element:
    double = np.dtype(np.float64)
    return Element(
        element.name,
        element.rows,
        [Property(p.name, double, None if p.count is None else double) for p in element.properties],
    )


def _table(name: str, element: Element, body: bytes) -> tuple[Table, bytes]:
    """Return the rows of `element`, with which `body` starts, and what follows them."""
    # No header makes more memory than the file has bytes.
    if element.rows * max(1, sum(p.least for p in element.properties)) > len(body):
        raise SourceError(f"{name} is cut short: it has fewer bytes than its header says")
    if element.rows == 0:
        nothing = np.zeros(0)
        none = Lists(np.zeros(0, np.intp), nothing)
        return {p.name: nothing if p.count is None else none for p in element.properties}, body
    try:
        return _alike(element, body) or _walk(element, body)
    except (ValueError, IndexError, OverflowError):
        raise SourceError(f"{name} is cut short: it has fewer bytes than its header says") from None


def _alike(element: Element, body: bytes) -> tuple[Table, bytes] | None:
    """Return the rows if all lists are as long as those of the first row, else None."""
    fields: list[tuple[str, np.dtype[np.number], tuple[int, ...]]] = []
    place = 0
    for index, column in enumerate(element.properties):
        size = 1
        if column.count is not None:
            size = _length(body, place, column.count)
            fields.append((f"n{index}", column.count, ()))
            place += column.count.itemsize
        shape = () if column.count is None else (size,)
        fields.append((f"v{index}", column.item, shape))
        place += size * column.item.itemsize
    row = np.dtype(fields)
    if element.rows * row.itemsize > len(body):
        return None
    rows = np.frombuffer(body, row, element.rows)
    table: Table = {}
    for index, column in enumerate(element.properties):
        values = rows[f"v{index}"]
        if column.count is not None:
            counts = rows[f"n{index}"]
            if (counts != counts[0]).any():
                return None
            table[column.name] = Lists(counts.astype(np.intp), values.reshape(-1))
        else:
            table[column.name] = values
    return table, body[element.rows * row.itemsize :]


def _walk(element: Element, body: bytes) -> tuple[Table, bytes]:
    """Return the rows, one after another: where a row lies depends on all before it."""
    starts: list[list[int]] = [[] for _ in element.properties]
    sizes: list[list[int]] = [[] for _ in element.properties]
    place = 0
    for _ in range(element.rows):
        for index, column in enumerate(element.properties):
            size = 1
            if column.count is not None:
                size = _length(body, place, column.count)
                place += column.count.itemsize
            starts[index].append(place)
            sizes[index].append(size)
            place += size * column.item.itemsize
        if place > len(body):
            raise ValueError("the rows do not fit")
    table: Table = {}
    for index, column in enumerate(element.properties):
        table[column.name] = _gather(
            column, np.array(starts[index]), np.array(sizes[index], np.intp), body
        )
    return table, body[place:]


def _gather(
    column: Property, starts: NDArray[np.intp], sizes: NDArray[np.intp], body: bytes
) -> NDArray[np.number] | Lists:
    width = column.item.itemsize
    before = np.cumsum(sizes) - sizes
    places = np.repeat(starts - before * width, sizes) + np.arange(sizes.sum()) * width
    data = np.frombuffer(body, np.uint8)
    values = data[places[:, None] + np.arange(width)].view(column.item).reshape(-1)
    return Lists(sizes, values) if column.count is not None else values


def _length(body: bytes, place: int, kind: np.dtype[np.number]) -> int:
    if kind.itemsize == 1:
        return body[place]
    length = int(np.frombuffer(body, kind, 1, place)[0])
    if length < 0:
        raise ValueError("a list has a negative length")
    return length
