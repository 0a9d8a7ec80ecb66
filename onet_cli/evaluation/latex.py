"""LaTeX tables of evaluations."""

from collections.abc import Sequence

from onet_cli.errors import printable
from onet_cli.evaluation.cells import EXTENDED_HEADER, extended_cells
from onet_cli.evaluation.literature import PUBLISHED, PublishedScores
from onet_cli.evaluation.scores import MeshMetrics
from onet_cli.evaluation.table import EvaluationTable

_SPECIAL = {letter: f"\\{letter}" for letter in "&%#_${}"}
_SPECIAL |= {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}

Row = tuple[str, tuple[float | None, ...]]
_HIGHER_IS_BETTER = (True, False, True)


def to_latex(table: EvaluationTable, reference: bool = False) -> str:
    """Return the table in LaTeX with booktabs rules, Chamfer-L1 in tenths of the longest edge.

    It has a row per category and the category mean, followed by a second table with the means of
    the extended scores, if any. With `reference`, published means are listed above ours, and the
    best value of each column is bold.
    """
    lines = [
        r"\begin{tabular}{lccc}",
        r"\toprule",
        r" & IoU $\uparrow$ & Chamfer-$L_1$ $\downarrow$ & Normal consistency $\uparrow$ \\",
        r"\midrule",
    ]
    rows: list[Row] = [
        (category.name.split(",")[0], _scores(category.metrics)) for category in table.categories
    ]
    lines += _lines(rows, bold=False)
    if table.objects:
        mean: Row = (f"{table.facts.model} (mean)", _scores(table.category_mean))
        lines += [r"\midrule", *_lines([*_published(reference), mean], bold=reference)]
    lines += [r"\bottomrule", r"\end{tabular}"]
    return "\n".join([*lines, *_extended(table)]) + "\n"


def _extended(table: EvaluationTable) -> list[str]:
    """Return the lines of a second table, with the means of scores that are not in the paper."""
    if not (rows := extended_cells(table)):
        return []
    names = [name.replace("\n", " ") for name in EXTENDED_HEADER]
    return [
        "",
        rf"\begin{{tabular}}{{l{'c' * (len(names) - 1)}}}",
        r"\toprule",
        rf"{' & '.join(names)} \\",
        r"\midrule",
        *(rf"{' & '.join('--' if cell == '-' else cell for cell in row)} \\" for row in rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]


def _published(wanted: bool) -> list[Row]:
    def row(entry: PublishedScores) -> Row:
        return entry.method, (entry.iou, entry.chamfer_l1_x10, entry.normal_consistency)

    return [row(entry) for entry in PUBLISHED] if wanted else []


def _scores(metrics: MeshMetrics) -> tuple[float | None, ...]:
    return metrics.iou, metrics.chamfer_l1_x10, metrics.normal_consistency


def _lines(rows: Sequence[Row], bold: bool) -> list[str]:
    best = [_best(rows, column) if bold else None for column in range(len(_HIGHER_IS_BETTER))]
    return [
        " & ".join([_escape(name), *(_cell(v, b) for v, b in zip(values, best, strict=True))])
        + r" \\"
        for name, values in rows
    ]


def _best(rows: Sequence[Row], column: int) -> str | None:
    values = [row[1][column] for row in rows]
    known = [value for value in values if value is not None]
    if not known:
        return None
    # Compare printed values, so that equal ones are all bold.
    return f"{max(known) if _HIGHER_IS_BETTER[column] else min(known):.3f}"


def _cell(value: float | None, best: str | None) -> str:
    if value is None:
        return "--"
    text = f"{value:.3f}"
    return rf"\textbf{{{text}}}" if text == best else text


def _escape(text: str) -> str:
    return "".join(_SPECIAL.get(character, character) for character in printable(text))
