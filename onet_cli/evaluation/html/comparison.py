"""HTML page that compares two evaluations."""

import html

from onet_cli.evaluation.cells import COMPARISON_HEADER, comparison_cells, comparison_verdict
from onet_cli.evaluation.compare import Comparison, scores_by_object
from onet_cli.evaluation.html.charts import Dot, scatter
from onet_cli.evaluation.html.document import (
    document,
    facts_list,
    figure,
    plain_table,
    section,
    sortable_table,
)
from onet_cli.evaluation.scores import PAPER_UNIT
from onet_cli.evaluation.table import EvaluationTable
from onet_cli.shapes.shape import ShapeId

Pairs = dict[ShapeId, tuple[float, float]]


def comparison_page(
    first: EvaluationTable, second: EvaluationTable, comparison: Comparison, names: tuple[str, str]
) -> str:
    """Return the page: table of differences, scatter plots, and all objects.

    `names` identify the evaluations, such as their file names.
    """
    title = f"{names[1]} compared with {names[0]}"
    warned = "".join(f"<li>{html.escape(text)}</li>" for text in comparison.warnings)
    warning = f'<div class="warning">Settings differ:<ul>{warned}</ul></div>' if warned else ""
    verdict = html.escape(comparison_verdict(comparison))
    head = f'<h1>{html.escape(title)}</h1>\n<p class="lead">{verdict}</p>\n{warning}'
    about = (
        "Means over the objects scored in both, with raw distances in the unit-cube frame. The "
        "interval is the 95 % bootstrap interval of the difference, paired by object; * marks "
        "intervals that exclude zero."
    )
    differences = plain_table(COMPARISON_HEADER, comparison_cells(comparison))
    iou = _pairs(first, second, "iou", 1.0)
    chamfer = _pairs(first, second, "chamfer_l1", PAPER_UNIT)
    charts = "".join([_scatter(iou, "IoU", False), _scatter(chamfer, "Chamfer-L1", True)])
    facts = facts_list([("first", _facts(first, names[0])), ("second", _facts(second, names[1]))])
    return document(
        title,
        [
            head,
            facts,
            section("Differences", differences, about=about),
            section(
                "Object by object",
                f'<div class="charts">{charts}</div>',
                about="Scores are equal on the diagonal. For IoU the second is better above it, "
                "for Chamfer-L1 (tenths of the longest edge, logarithmic) below it.",
            ),
            _objects(first, iou, chamfer),
        ],
    )


def _pairs(first: EvaluationTable, second: EvaluationTable, score: str, factor: float) -> Pairs:
    a, b = scores_by_object(first, score), scores_by_object(second, score)
    return {key: (a[key] * factor, b[key] * factor) for key in sorted(a.keys() & b.keys())}


def _scatter(pairs: Pairs, label: str, logarithmic: bool) -> str:
    dots = [Dot(x, y, f"{key}: {x:.3f}, {y:.3f}") for key, (x, y) in pairs.items()]
    return figure(scatter(dots, label, logarithmic), label) if dots else ""


def _objects(table: EvaluationTable, iou: Pairs, chamfer: Pairs) -> str:
    header = ["object", "category"]
    for name in ("IoU", "Chamfer-L1"):
        header += [f"{name}, first", f"{name}, second", f"{name}, difference"]
    rows = [
        [
            str(key),
            table.names.get(key.category, key.category).split(",")[0],
            *_cells(iou.get(key)),
            *_cells(chamfer.get(key)),
        ]
        for key in sorted(iou.keys() | chamfer.keys())
    ]
    return section("All objects", sortable_table(header, rows), about="Click a heading to sort.")


def _cells(pair: tuple[float, float] | None) -> list[str]:
    if pair is None:
        return ["-", "-", "-"]
    return [f"{pair[0]:.3f}", f"{pair[1]:.3f}", f"{pair[1] - pair[0]:+.3f}"]


def _facts(table: EvaluationTable, name: str) -> str:
    facts = table.facts
    return (
        f"{name}: {facts.model}, {facts.protocol} protocol, {facts.split} split, view {facts.view},"
        f" {facts.resolution} cells, checkpoint {facts.checkpoint_sha256[:12] or '-'}, "
        f"data {facts.data_sha256[:12]}"
    )
