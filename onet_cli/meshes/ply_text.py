"""Parser of the tables of ASCII PLY files."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.meshes.ply_header import Element, Lists, Property, Table
from onet_cli.meshes.text import Words, numbers

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]


def read_text_tables(
    name: str, elements: list[Element], body: bytes
) -> tuple[dict[str, Table], tuple[str, ...]]:
    """Return the tables in the ASCII `body`, and a warning if rows have surplus numbers.

    One line is one row. If a line has too few numbers, the file is read ignoring line ends.

    Raises:
        SourceError: there are fewer numbers than the header declares, or a word is not a number.
    """
    body = body.replace(b"\r", b"\n") + b"\n"
    counts = Words.of(body).counts
    counts = counts[counts > 0]
    values = numbers(name, body, int(counts.sum()), np.float64)
    tables: dict[str, Table] = {}
    starts = np.cumsum(counts) - counts
    line, longer = 0, []
    for element in elements:
        rows = slice(line, line + element.rows)
        line += element.rows
        if line > len(counts):
            return _stream(name, elements, values), ()
        table, used = _columns(element, values, starts[rows], starts[rows] + counts[rows])
        if (used > counts[rows]).any():
            return _stream(name, elements, values), ()
        if (used < counts[rows]).any():
            longer.append(element.name)
        tables[element.name] = table
    if not longer:
        return tables, ()
    return tables, (f"rows of {' and '.join(longer)} have more numbers than the header declares",)


def _stream(name: str, elements: list[Element], values: Numbers) -> dict[str, Table]:
    """Return the tables in `values`, ignoring line ends."""
    tables: dict[str, Table] = {}
    place = 0
    for element in elements:
        # A header cannot cause allocations larger than the file.
        if element.rows * max(1, len(element.properties)) > len(values) - place:
            raise _cut_short(name)
        sizes = _sizes(element, values, place)
        if sizes is None:
            raise _cut_short(name)
        ends = place + np.cumsum(sizes)
        tables[element.name], _ = _columns(element, values, ends - sizes, ends)
        place += int(sizes.sum())
    return tables


def _cut_short(name: str) -> SourceError:
    return SourceError(f"{name} is truncated: it has fewer numbers than its header declares")


def _sizes(element: Element, values: Numbers, place: int) -> Places | None:
    """Return the number of values in each row (R,), or None if `values` is too short."""
    lists = [index for index, column in enumerate(element.properties) if column.count is not None]
    if not lists:
        return np.full(element.rows, len(element.properties), np.intp)
    sizes = np.zeros(element.rows, np.intp)
    limit = len(values)
    for row in range(element.rows):
        start = place
        for column in element.properties:
            if column.count is not None:
                length = values[place] if place < limit else np.nan
                if not 0 <= length < limit:
                    return None
                place += int(length)
            place += 1
        if place > limit:
            return None
        sizes[row] = place - start
    return sizes


def _columns(
    element: Element, values: Numbers, starts: Places, ends: Places
) -> tuple[Table, Places]:
    """Return the columns of rows `starts` to `ends` (R,) in `values`, and the size of each row.

    The values of a row that needs more numbers than it has are invalid.
    """
    table: Table = {}
    padded = values if len(values) else np.zeros(1)
    last = len(padded) - 1
    place = starts.copy()
    for column in element.properties:
        here = padded[np.minimum(place, last)]
        place = place + 1
        if column.count is None:
            table[column.name] = _as_declared(column, here)
            continue
        whole = (here >= 0) & (here == np.floor(here)) & (here <= ends - place)
        # Larger than any row, so that the caller rejects the row by its size.
        sizes = np.where(whole, here, len(values) + 1).astype(np.intp)
        if whole.all():
            firsts = np.cumsum(sizes) - sizes
            spots = np.repeat(place - firsts, sizes) + np.arange(sizes.sum())
            table[column.name] = Lists(sizes, padded[spots])
        place = place + sizes
    return table, place - starts


def _as_declared(column: Property, values: Numbers) -> NDArray[np.number]:
    """Return values in the type of the header if they are integers in its range."""
    if column.item.kind not in "iu" or not len(values):
        return values
    limits = np.iinfo(column.item.str)
    fits = (values >= limits.min) & (values <= limits.max) & (values == np.floor(values))
    return values.astype(column.item) if fits.all() else values
