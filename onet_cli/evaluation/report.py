"""Text formats of evaluations: aligned table, JSON, CSV, Markdown and LaTeX."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from onet_cli.errors import InvalidOptionError, printable
from onet_cli.evaluation.cells import (
    EXTENDED_HEADER,
    HEADER,
    extended_cells,
    table_cells,
    table_notes,
    table_title,
)
from onet_cli.evaluation.latex import to_latex
from onet_cli.evaluation.scores import F_SCORE_DISTANCES, MeshMetrics
from onet_cli.evaluation.table import EvaluationTable
from onet_cli.files import read_text
from onet_cli.spreadsheet import plain_cells

_SUFFIXES = {
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".tex": "latex",
    ".txt": "table",
}

_MARKDOWN = {"|": r"\|", "\\": r"\\", "<": "&lt;", "[": r"\[", "`": r"\`", "*": r"\*"}
_CURVE = [f"f_score_{distance:g}" for distance in F_SCORE_DISTANCES]


def check_folder(output: Path) -> None:
    """Raise InvalidOptionError if the folder of `output` does not exist.

    Raises:
        InvalidOptionError: the folder of `output` does not exist.
    """
    if not output.absolute().parent.is_dir():
        raise InvalidOptionError(
            f"{output} cannot be written: its folder does not exist",
            hint=f"create {output.parent} first",
        )


def choose_format(wanted: str | None, output: Path | None) -> str:
    """Return the requested format, else that of the suffix of `output`, else "table".

    Raises:
        InvalidOptionError: the suffix is unknown, or the folder of `output` does not exist.
    """
    if output is not None:
        check_folder(output)
    if wanted is not None:
        return wanted
    if output is None:
        return "table"
    if output.suffix.lower() not in _SUFFIXES:
        raise InvalidOptionError(
            f"the format of {output} is unknown",
            hint=f"add --format, or use one of the suffixes {' '.join(_SUFFIXES)}",
        )
    return _SUFFIXES[output.suffix.lower()]


def render(table: EvaluationTable, form: str, reference: bool = False) -> str:
    """Return `table` as text; `form` is table, json, csv, markdown or latex.

    With `reference`, published means are included, except in JSON and CSV, which contain
    measurements only.
    """
    if form == "json":
        return to_json(table)
    if form == "csv":
        return to_csv(table)
    if form == "latex":
        return to_latex(table, reference)
    return (to_markdown if form == "markdown" else to_text)(table, reference)


def to_json(table: EvaluationTable) -> str:
    """Return all facts, means and objects as JSON for `from_json`."""
    return json.dumps(table.to_dict(), indent=2, allow_nan=False) + "\n"


def from_json(text: str) -> EvaluationTable:
    """Parse the JSON of `to_json`.

    Raises:
        InvalidOptionError: the text is not such JSON.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidOptionError(f"the evaluation is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise InvalidOptionError("the evaluation is not a JSON object")
    return EvaluationTable.from_dict(data)


def read_json(path: Path) -> EvaluationTable:
    """Read a JSON file written by `onet evaluate`.

    Raises:
        InvalidOptionError: it cannot be read, or is not such a file.
    """
    try:
        text = read_text(path)
    except OSError as error:
        raise InvalidOptionError(
            f"{path} cannot be read", hint="give a file of `onet evaluate --output scores.json`"
        ) from error
    return from_json(text)


def to_csv(table: EvaluationTable) -> str:
    """Return one line per object and view, with raw distances in full precision.

    Means are in the other formats; `row` is `object`, or `unscored` with the reason.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=_csv_columns(), lineterminator="\n", restval="")
    writer.writeheader()
    for result in table.objects:
        scores = result.metrics.to_dict()
        curve = dict(zip(_CURVE, scores.pop("f_curve"), strict=True))
        facts = {
            "row": "object",
            "category": result.id.category,
            "name": table.names.get(result.id.category, ""),
            "id": str(result.id),
            "view": result.view,
            "azimuth_deg": result.azimuth_deg,
            "turn_deg": result.turn_deg,
            "reason": result.failure or "",
        }
        writer.writerow(plain_cells({**facts, **scores, **curve}))
    for name, reason in table.unscored:
        writer.writerow(plain_cells({"row": "unscored", "id": name, "reason": reason}))
    return text.getvalue()


def _csv_columns() -> list[str]:
    scores = [field.name for field in fields(MeshMetrics) if field.name != "f_curve"]
    facts = ["row", "category", "name", "id", "view", "azimuth_deg", "turn_deg"]
    return [*facts, *scores, "chamfer_l1_x10", *_CURVE, "reason"]


def to_markdown(table: EvaluationTable, reference: bool = False) -> str:
    """Return the table in Markdown, distances in the paper's unit."""
    body = _in_markdown(HEADER, table_cells(table, reference))
    if extended := extended_cells(table):
        body += "\n" + _in_markdown(EXTENDED_HEADER, extended)
    title, *notes = map(_in_cell, (table_title(table), *table_notes(table)))
    return f"{title}\n\n{body}" + "".join(f"\n{note}\n" for note in notes)


def _in_cell(text: str) -> str:
    """Escape a text for a Markdown table cell."""
    return "".join(_MARKDOWN.get(letter, letter) for letter in printable(text))


def _in_markdown(header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    plain = [[_in_cell(cell) for cell in line] for line in cells]
    lines = [_one_line(header), ["---", *["---:"] * (len(header) - 1)], *plain]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_text(table: EvaluationTable, reference: bool = False) -> str:
    """Return the table in aligned columns, distances in the paper's unit."""
    body = _aligned(HEADER, table_cells(table, reference))
    if extended := extended_cells(table):
        body += "\n" + _aligned(EXTENDED_HEADER, extended)
    notes = "".join(f"{note}\n" for note in table_notes(table))
    return f"{table_title(table)}\n\n{body}\n{notes}"


def _aligned(header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [_one_line(header), *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + "\n"
        for line in lines
    )


def _one_line(header: Sequence[str]) -> list[str]:
    # Rejoin hyphenated words; other line breaks become spaces.
    return [name.replace("-\n", "-").replace("\n", " ") for name in header]
