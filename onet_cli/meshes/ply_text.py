"""The tables of a PLY file that is text."""

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
    """Return the tables in the text `body`, and a warning where rows hold more than they should.

    One line is one row. A file in which a line holds less is read without regard to lines.

    Raises:
        SourceError: there are fewer numbers than the header says, or a word is no number.
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
    return tables, (f"rows of {' and '.join(longer)} hold more numbers than the header says",)


def _stream(name: str, elements: list[Element], values: Numbers) -> dict[str, Table]:
    """Return the tables in `values`, one number after another, wherever lines end."""
    tables: dict[str, Table] = {}
    place = 0
    for element in elements:
        # No header makes more memory than there are numbers.
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
    return SourceError(f"{name} is cut short: it has fewer numbers than its header says")


def _sizes(element: Element, values: Numbers, place: int) -> Places | None:
    """Return how many numbers each row has (R,), or None where they are not all there."""
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
    """Return the columns of rows from `starts` to `ends` (R,) in `values`, and what each row needs.

    Where a row would need more than it has, its numbers are of no use.
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
        # Larger than any row: such rows are refused by what they need.
        sizes = np.where(whole, here, len(values) + 1).astype(np.intp)
        if whole.all():
            firsts = np.cumsum(sizes) - sizes
            spots = np.repeat(place - firsts, sizes) + np.arange(sizes.sum())
            table[column.name] = Lists(sizes, padded[spots])
        place = place + sizes
    return table, place - starts


def _as_declared(column: Property, values: Numbers) -> NDArray[np.number]:
    """Return numbers in the type that the header says, where they are whole and fit it."""
    if column.item.kind not in "iu" or not len(values):
        return values
    limits = np.iinfo(column.item.str)
    fits = (values >= limits.min) & (values <= limits.max) & (values == np.floor(values))
    return values.astype(column.item) if fits.all() else values
