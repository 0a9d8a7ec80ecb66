"""An evaluation as text: aligned table, JSON, CSV or Markdown."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.scores import PAPER_UNIT, MeshMetrics
from onet_cli.evaluation.table import EvaluationTable

# Broken in two where that keeps the table within the 80 columns of a narrow terminal.
HEADER = ("category", "count", "IoU", "Chamfer-\nL1", "acc.", "compl.", "normals", "F-\nscore")
_SUFFIXES = {".json": "json", ".csv": "csv", ".md": "markdown", ".txt": "table"}


@dataclass(frozen=True)
class TableRow:
    """One line of the table: a category, or one of the two means (then `category` is empty)."""

    kind: str
    category: str
    name: str
    objects: int
    empty: int
    metrics: MeshMetrics


def choose_format(wanted: str | None, output: Path | None) -> str:
    """Return the format that was asked for, else the one that the suffix of `output` names.

    Raises:
        InvalidOptionError: neither names one, or the folder of `output` does not exist.
    """
    if output is not None and not output.absolute().parent.is_dir():
        raise InvalidOptionError(
            f"{output} cannot be written: its folder does not exist",
            hint=f"make {output.parent} first",
        )
    if wanted is not None:
        return wanted
    if output is None:
        return "table"
    if output.suffix.lower() not in _SUFFIXES:
        raise InvalidOptionError(
            f"the name {output} does not tell its format",
            hint=f"add --format, or end it in one of: {' '.join(_SUFFIXES)}",
        )
    return _SUFFIXES[output.suffix.lower()]


def render(table: EvaluationTable, form: str) -> str:
    """Return `table` as text; `form` is table, json, csv or markdown."""
    return {"table": to_text, "json": to_json, "csv": to_csv, "markdown": to_markdown}[form](table)


def to_json(table: EvaluationTable) -> str:
    """Return all facts, means and objects as JSON that `from_json` reads."""
    return json.dumps(table.to_dict(), indent=2, allow_nan=False) + "\n"


def from_json(text: str) -> EvaluationTable:
    """Return the table that `to_json` wrote.

    Raises:
        InvalidOptionError: the text is something else.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InvalidOptionError(f"the evaluation is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise InvalidOptionError("the evaluation is not a JSON object")
    return EvaluationTable.from_dict(data)


def to_csv(table: EvaluationTable) -> str:
    """Return one line for each category and mean, distances raw, with all digits."""
    rows = [
        {
            "row": row.kind,
            "category": row.category,
            "name": row.name,
            "objects": row.objects,
            "empty": row.empty,
            **row.metrics.to_dict(),
            "protocol": table.facts.protocol,
            "split": table.facts.split,
        }
        for row in table_rows(table)
    ]
    text = io.StringIO()
    writer = csv.DictWriter(
        text, fieldnames=list(rows[0]) if rows else ["row"], lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def to_markdown(table: EvaluationTable) -> str:
    """Return the table in Markdown, distances in the paper's unit."""
    lines = [_one_line(HEADER), ["---", *["---:"] * (len(HEADER) - 1)], *table_cells(table)]
    body = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{table_title(table)}\n\n{body}"


def to_text(table: EvaluationTable) -> str:
    """Return the table in aligned columns, distances in the paper's unit."""
    lines = [_one_line(HEADER), *table_cells(table)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    aligned = (
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])])
        for line in lines
    )
    return f"{table_title(table)}\n\n" + "\n".join(aligned) + "\n"


def table_title(table: EvaluationTable) -> str:
    """Return what the scores of `table` depend on and the unit of its distances, in one line."""
    facts = table.facts
    empty = f"; {table.empty} of {len(table.objects)} without a surface" if table.empty else ""
    return (
        f"{facts.model}, {facts.protocol} protocol, {facts.split} split, view {facts.view}, "
        f"threshold {facts.threshold:g}, {facts.resolution} cells; "
        f"distances in tenths of the longest edge{empty}"
    )


def table_cells(table: EvaluationTable) -> list[list[str]]:
    """Return the cells below `HEADER`, distances in the paper's unit."""
    return [[_label(row), str(row.objects), *_cells(row.metrics)] for row in table_rows(table)]


def table_rows(table: EvaluationTable) -> Iterator[TableRow]:
    """Yield the categories and then the two means; nothing where no object was scored."""
    for entry in table.categories:
        yield TableRow(
            "category", entry.category, entry.name, entry.objects, entry.empty, entry.metrics
        )
    if table.objects:
        counts = (len(table.objects), table.empty)
        yield TableRow("category mean", "", "", *counts, table.category_mean)
        yield TableRow("instance mean", "", "", *counts, table.instance_mean)


def _label(row: TableRow) -> str:
    # ShapeNet lists synonyms; the first is what the literature's tables say.
    return row.name.split(",")[0] if row.category else row.kind


def _cells(metrics: MeshMetrics) -> list[str]:
    return [
        _digits(metrics.iou),
        _digits(metrics.chamfer_l1_x10),
        _digits(metrics.accuracy * PAPER_UNIT),
        _digits(metrics.completeness * PAPER_UNIT),
        _digits(metrics.normal_consistency),
        _digits(metrics.f_score),
    ]


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _one_line(header: Sequence[str]) -> list[str]:
    return [name.replace("\n", "") for name in header]
