"""Parser of PLY files, ASCII and binary."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.meshes.ply_header import Element, Lists, Property, Table, read_header
from onet_cli.meshes.ply_text import read_text_tables
from onet_cli.meshes.text import without_mark


@dataclass(frozen=True)
class PlyContent:
    """The tables of a PLY file by name, the textures named in its comments, and warnings."""

    tables: dict[str, Table]
    textures: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def parse_ply(name: str, data: bytes) -> PlyContent:
    """Return the content of a PLY file.

    Surplus numbers on the rows of an ASCII file are ignored, with a warning.

    Raises:
        SourceError: the file is not a valid PLY, or shorter than its header declares.
    """
    data = without_mark(data)
    if not data:
        raise SourceError(f"{name} is empty")
    header = read_header(name, data)
    body = data[header.start :]
    warnings: tuple[str, ...] = ()
    if header.text:
        tables, warnings = read_text_tables(name, header.elements, body)
    else:
        tables = read_tables(name, header.elements, body)
    return PlyContent(tables, header.textures, warnings)


def read_tables(name: str, elements: list[Element], body: bytes) -> dict[str, Table]:
    """Return the tables in the body of a binary file.

    Raises:
        SourceError: there are fewer bytes than the header declares.
    """
    tables: dict[str, Table] = {}
    for element in elements:
        tables[element.name], body = _table(name, element, body)
    return tables


def _table(name: str, element: Element, body: bytes) -> tuple[Table, bytes]:
    """Return the rows of `element` at the start of `body`, and the rest of `body`."""
    # A header cannot cause allocations larger than the file.
    if element.rows * max(1, sum(p.least for p in element.properties)) > len(body):
        raise SourceError(f"{name} is truncated: it has fewer bytes than its header declares")
    if element.rows == 0:
        nothing = np.zeros(0)
        none = Lists(np.zeros(0, np.intp), nothing)
        return {p.name: nothing if p.count is None else none for p in element.properties}, body
    try:
        return _alike(element, body) or _walk(element, body)
    except (ValueError, IndexError, OverflowError):
        raise SourceError(
            f"{name} is truncated: it has fewer bytes than its header declares"
        ) from None


def _alike(element: Element, body: bytes) -> tuple[Table, bytes] | None:
    """Return the rows if all lists have the lengths of those in the first row, else None."""
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
    """Return the rows, read sequentially because list lengths vary."""
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
