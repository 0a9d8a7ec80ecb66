"""Cells of evaluation tables: categories, means, published scores, notes and comparisons."""

from collections.abc import Iterator
from dataclasses import dataclass

from onet_cli.evaluation.compare import Comparison
from onet_cli.evaluation.literature import PUBLISHED, check_comparable
from onet_cli.evaluation.scores import EXTENDED, MAIN, SHOWN, MeshMetrics
from onet_cli.evaluation.table import EvaluationTable
from onet_cli.evaluation.views import spread_over_views

HEADER = ("category", "count", *(SHOWN[score].heading for score in MAIN))

EXTENDED_HEADER = ("mean of", *(SHOWN[score].heading for score in EXTENDED))
"""Header of a second table, which has the means only."""

_KINDS = {"category mean": "categories", "instance mean": "instances"}


@dataclass(frozen=True)
class TableRow:
    """One row of the table: a category, or one of the two means (with an empty `category`)."""

    kind: str
    category: str
    name: str
    objects: int
    empty: int
    metrics: MeshMetrics


def table_title(table: EvaluationTable) -> str:
    """Return a title with the settings of `table` and the unit of its distances."""
    facts = table.facts
    empty = f"; {table.empty} of {len(table.objects)} without a surface" if table.empty else ""
    view = "all views" if facts.view == "all" else f"view {facts.view}"
    kind = "adaptive threshold" if facts.adaptive else "threshold"
    threshold = "" if facts.threshold is None else f"{kind} {facts.threshold:g}, "
    placing = f"; meshes placed {facts.placing}" if facts.placing else ""
    aligned = "; rotated about the vertical for the best IoU" if facts.align == "yaw" else ""
    return (
        f"{facts.model}, {facts.protocol} protocol, {facts.split} split, {view}, "
        f"{threshold}{facts.resolution} cells{placing}{aligned}; "
        f"distances in tenths of the longest edge{empty}"
    )


def table_cells(table: EvaluationTable, reference: bool = False) -> list[list[str]]:
    """Return the cells below `HEADER`, distances in the paper's unit."""
    cells = [[_label(row), str(row.objects), *_cells(row.metrics)] for row in table_rows(table)]
    return cells + ([*_reference_cells(table)] if reference else [])


def extended_cells(table: EvaluationTable) -> list[list[str]]:
    """Return the cells below `EXTENDED_HEADER`, empty if none of these scores is defined."""
    means = [row for row in table_rows(table) if not row.category]
    found = [[getattr(row.metrics, score) for score in EXTENDED] for row in means]
    if all(value is None for values in found for value in values):
        return []
    return [
        [_KINDS[row.kind], *map(_digits, values)] for row, values in zip(means, found, strict=True)
    ]


def table_notes(table: EvaluationTable) -> list[str]:
    """Return notes below the table: intervals, the network's own IoU, views and provenance."""
    facts = table.facts
    if not table.objects:
        return []
    notes = []
    for by_category, kind in ((True, "category mean"), (False, "instance mean")):
        if interval := table.interval("iou", by_category):
            alone = sum(entry.objects == 1 for entry in table.categories) if by_category else 0
            notes.append(
                f"IoU, {kind}: 95 % interval {interval.low:.3f} to {interval.high:.3f}"
                + (
                    f" (too narrow: one object in {alone} of {len(table.categories)} categories)"
                    if alone
                    else ""
                )
            )
    mean = table.instance_mean
    if mean.network_iou is not None:
        notes.append(
            f"IoU of the network at the same points, not of its mesh: {mean.network_iou:.3f}"
        )
    # Baselines predict surface samples, which are neither open nor closed.
    if mean.components > 0:
        notes.append(
            f"meshes: {mean.closed:.1%} closed, {mean.components:.1f} components on average, the "
            f"largest with {mean.largest_share:.1%} of the volume"
        )
    if spread := spread_over_views(table.objects):
        notes.append(
            f"over the views of an object, IoU has a standard deviation of {spread.deviation:.3f} "
            f"and ranges from {spread.worst:.3f} to {spread.best:.3f} on average"
        )
        sides = ", ".join(f"{s.centre_deg:.0f}: {s.iou:.3f}" for s in spread.sectors)
        notes.append(f"IoU by azimuth in degrees (0: front): {sides}")
    source = facts.checkpoint_sha256[:12] or facts.checkpoint_path
    notes.append(
        f"onet {facts.onet_version}, checkpoint {source}, data {facts.data_sha256[:12]}, "
        f"{facts.mesh_samples} points per mesh, seed {facts.seed}"
    )
    return notes


def _reference_cells(table: EvaluationTable) -> Iterator[list[str]]:
    """Yield rows of published scores, and our difference from the paper's."""
    check_comparable(table.facts.protocol, (r.id.category for r in table.objects))
    for entry in PUBLISHED:
        values = [_digits(v) for v in (entry.iou, entry.chamfer_l1_x10, entry.normal_consistency)]
        yield [entry.method, "", values[0], values[1], "", "", values[2], ""]
    mean, paper = table.category_mean, PUBLISHED[-2]
    differences = [
        "-" if ours is None or theirs is None else f"{ours - theirs:+.3f}"
        for ours, theirs in (
            (mean.iou, paper.iou),
            (mean.chamfer_l1_x10, paper.chamfer_l1_x10),
            (mean.normal_consistency, paper.normal_consistency),
        )
    ]
    yield [f"ours - {paper.method}", "", differences[0], differences[1], "", "", differences[2], ""]


def table_rows(table: EvaluationTable) -> Iterator[TableRow]:
    """Yield the categories, then the two means; nothing if no object was scored."""
    for entry in table.categories:
        yield TableRow(
            "category", entry.category, entry.name, entry.objects, entry.empty, entry.metrics
        )
    if table.objects:
        counts = (table.object_count, table.empty)
        yield TableRow("category mean", "", "", *counts, table.category_mean)
        yield TableRow("instance mean", "", "", *counts, table.instance_mean)


def _label(row: TableRow) -> str:
    # ShapeNet lists synonyms; the literature uses the first.
    return row.name.split(",")[0] if row.category else row.kind


def _cells(metrics: MeshMetrics) -> list[str]:
    return [_digits(metrics.shown(score)) for score in MAIN]


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


COMPARISON_HEADER = ("score", "first", "second", "change", "95 % interval", "better", "worse")


def comparison_title(comparison: Comparison, first: str, second: str) -> str:
    """Return the title of the comparison table."""
    objects = comparison.differences[0].objects if comparison.differences else 0
    return f"{second} minus {first}, paired over {objects} objects"


def comparison_verdict(comparison: Comparison) -> str:
    """Return a verdict if exactly one of the two is a baseline, else ""."""
    baselines = [name.startswith("baseline:") for name in (comparison.first, comparison.second)]
    iou = next((entry for entry in comparison.differences if entry.score == "iou"), None)
    if sum(baselines) != 1 or iou is None:
        return ""
    model, baseline = comparison.second, comparison.first.removeprefix("baseline:")
    gain = iou.second - iou.first
    if baselines[1]:
        model, baseline = comparison.first, comparison.second.removeprefix("baseline:")
        gain = iou.first - iou.second
    if not iou.decided:
        return (
            f"{model} does not differ significantly from the {baseline} baseline: IoU {gain:+.3f}"
        )
    if gain < 0:
        return f"{model} loses to the {baseline} baseline: IoU {gain:+.3f}"
    return f"{model} beats the {baseline} baseline: IoU {gain:+.3f}"


def comparison_cells(comparison: Comparison) -> list[list[str]]:
    """Return the cells below `COMPARISON_HEADER`, raw distances; * marks significance."""
    return [
        [
            SHOWN[entry.score].label,
            f"{entry.first:.4f}",
            f"{entry.second:.4f}",
            f"{entry.second - entry.first:+.4f}{'*' if entry.decided else ''}",
            f"{entry.interval.low:+.3f} .. {entry.interval.high:+.3f}",
            str(entry.better),
            str(entry.worse),
        ]
        for entry in comparison.differences
    ]
