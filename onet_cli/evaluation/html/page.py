"""HTML report of an evaluation."""

import base64
import html
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from onet_cli.evaluation.cells import table_rows, table_title
from onet_cli.evaluation.html.charts import Strip, compass, curves, histogram, strips, upper_end
from onet_cli.evaluation.html.document import (
    document,
    facts_list,
    figure,
    plain_table,
    section,
    sortable_table,
)
from onet_cli.evaluation.html.exhibits import Exhibit
from onet_cli.evaluation.intervals import Interval
from onet_cli.evaluation.scores import EXTENDED, MAIN, SHOWN, MeshMetrics, mean_metrics
from onet_cli.evaluation.table import EvaluationFacts, EvaluationTable, ObjectResult
from onet_cli.evaluation.views import spread_over_views
from onet_cli.reconstruction.stage import FROM_PHOTO, photo_captions
from onet_cli.reconstruction.viewer.frame import turn_buttons
from onet_cli.shapes.shape import ShapeId

_WITH_INTERVAL = ("iou", "chamfer_l1", "normal_consistency", "f_score")

_GROUPS = {
    "best": "Best by IoU",
    "median": "Around the median",
    "worst": "Worst with a surface",
    "empty": "Without a surface",
}


def report_page(table: EvaluationTable, exhibits: Sequence[Exhibit]) -> str:
    """Return the page: means, charts, `exhibits`, all objects, and settings."""
    title = f"{table.facts.model} on {table.facts.data_source}"
    head = (
        f"<h1>{html.escape(title)}</h1>\n"
        f'<p class="lead">{html.escape(table_title(table))}</p>\n{_warnings(table)}'
    )
    sections = [head]
    if table.objects:
        sections += [_cards(table), _means(table), _charts(table)]
    if exhibits:
        sections.append(_gallery(exhibits, table.names))
    sections += [_objects(table), _measured(table.facts)]
    return document(title, sections, [_data(e) for e in exhibits] if exhibits else None)


def _warnings(table: EvaluationTable) -> str:
    if not table.unscored:
        return ""
    listed = "".join(
        f"<li>{html.escape(name)}: {html.escape(reason)}</li>" for name, reason in table.unscored
    )
    return f'<div class="warning">Without a score, and not in the means:<ul>{listed}</ul></div>'


def _cards(table: EvaluationTable) -> str:
    mean = table.category_mean
    cards = [
        _card(SHOWN[score].title, _digits(mean.shown(score)), _range(table, score))
        for score in _WITH_INTERVAL
    ]
    empty = f"{table.empty} of {len(table.objects)} without a surface"
    cards.append(_card("objects", str(table.object_count), empty))
    return f'<div class="cards">{"".join(cards)}</div>'


def _card(name: str, value: str, below: str) -> str:
    return f'<div class="card"><span>{name}</span><b>{value}</b><span>{below}</span></div>'


def _means(table: EvaluationTable) -> str:
    shown = _shown(table)
    header = ["category", "objects", "empty", *(SHOWN[score].title for score in shown)]
    rows = []
    for row in table_rows(table):
        cells = []
        for score in shown:
            if score not in _WITH_INTERVAL:
                interval = None
            elif row.category:
                interval = table.category_interval(row.category, score)
            else:
                interval = table.interval(score, by_category=row.kind == "category mean")
            cells.append(_with_range(row.metrics.shown(score), interval, SHOWN[score].unit))
        name = row.name.split(",")[0] if row.category else row.kind
        rows.append([name, str(row.objects), str(row.empty), *cells])
    return section(
        "Scores",
        plain_table(header, rows, emphasised=2),
        about="Below the means are 95 % bootstrap intervals over objects. Distances are in tenths "
        "of the longest edge; the F-score is at 1 % of it.",
    )


def _charts(table: EvaluationTable) -> str:
    objects = _by_object(table)
    empty = {result.id for result in table.objects if result.failure}
    ious = [m.iou for m in objects.values() if m.iou is not None]
    found = [(i, m.chamfer_l1_x10) for i, m in objects.items() if m.chamfer_l1_x10 is not None]
    chamfers = np.array([chamfer for _, chamfer in found])
    drawn = []
    if ious:
        picture = histogram(ious, 0, 1, "IoU")
        drawn.append(figure(picture, "IoU of the objects; the dashed line is the median."))
    if len(chamfers):
        # Empty meshes have such large distances that all others would share one bar.
        end = upper_end(np.array([c for i, c in found if i not in empty] or chamfers))
        beyond = int((chamfers > end).sum())
        more = f" The last bar includes {beyond} objects beyond {end:g}." if beyond else ""
        picture = histogram(list(chamfers), 0, end, "Chamfer-L1, tenths of the longest edge")
        drawn.append(figure(picture, f"Chamfer-L1 of the objects.{more}"))
    lines = [(c.name.split(",")[0], c.metrics.f_curve) for c in table.categories]
    lines.append(("mean over objects", table.instance_mean.f_curve))
    percent = [100 * distance for distance in table.facts.f_score_distances]
    picture = curves(percent, lines, "distance, % of the longest edge")
    drawn.append(figure(picture, "F-score by distance: all objects, and categories (thin)."))
    picture = strips(_strips(table, objects), "IoU")
    drawn.append(figure(picture, "IoU by category: objects, their mean and its 95 % interval."))
    if (spread := spread_over_views(table.objects)) and spread.sectors:
        caption = (
            f"IoU by azimuth of the view, seen from above. Over the views of an object it has a "
            f"standard deviation of {spread.deviation:.3f} and ranges from {spread.worst:.3f} to "
            f"{spread.best:.3f} on average."
        )
        drawn.append(figure(compass(spread.sectors, "IoU by azimuth"), caption))
    return section("Distributions", f'<div class="charts">{"".join(drawn)}</div>')


def _strips(table: EvaluationTable, objects: dict[ShapeId, MeshMetrics]) -> list[Strip]:
    rows = []
    for entry in table.categories:
        dots = [
            (metrics.iou, f"{shape_id}: {metrics.iou:.3f}")
            for shape_id, metrics in objects.items()
            if shape_id.category == entry.category and metrics.iou is not None
        ]
        if entry.metrics.iou is not None:
            interval = table.category_interval(entry.category, "iou")
            rows.append(Strip(entry.name.split(",")[0], dots, entry.metrics.iou, interval))
    return rows


def _gallery(exhibits: Sequence[Exhibit], names: dict[str, str]) -> str:
    tools = (
        '<div class="tools"><label><input type="checkbox" id="wireframe"> wireframe</label>'
        '<label><input type="checkbox" id="colours"> show distances on the ground truth</label>'
        f"{turn_buttons(photo_captions(), FROM_PHOTO)}"
        '<button type="button" id="reset">reset views</button>'
        '<span class="scale">distance 0 <i></i> 5 % or more</span></div>'
    )
    turning = (
        "Drag to turn, click and scroll to zoom, double-click to reset; arrow keys and + - work "
        "too. All views of an object turn together, starting from the photo's direction."
    )
    parts = [f'<p class="note turning">{turning}</p>', tools]
    for group, heading in _GROUPS.items():
        members = [exhibit for exhibit in exhibits if exhibit.group == group]
        if members:
            parts.append(f"<h3>{heading}</h3>")
            parts += [_card_of(exhibit, names) for exhibit in members]
    return section(
        "Objects",
        *parts,
        about="Meshes are simplified for this page; scores are those of the full meshes. The "
        "ground truth is shown by its stored surface samples. Distances are shares of the longest "
        "edge.",
    )


def _card_of(exhibit: Exhibit, names: dict[str, str]) -> str:
    result = exhibit.result
    name = names.get(result.id.category, result.id.category).split(",")[0]
    scores = ", ".join(
        f"{SHOWN[score].title} {_digits(result.metrics.shown(score))}" for score in _WITH_INTERVAL
    )
    kind = "image/png" if exhibit.photo.startswith(b"\x89PNG") else "image/jpeg"
    uri = f"data:{kind};base64,{base64.b64encode(exhibit.photo).decode('ascii')}"
    photo = figure(f'<img src="{uri}" alt="view {result.view}">', f"photo, view {result.view}")
    model = "mesh" if exhibit.mesh is not None else "points" if exhibit.points is not None else ""
    why = result.failure or "no surface"
    panes = [
        photo,
        _pane(model, "prediction", "prediction", why),
        _pane(model, "distance", "prediction, by distance to the ground truth", why),
        _pane("truth", "truth", "ground truth", ""),
    ]
    heading = f"{html.escape(str(result.id))} <small>{html.escape(name)}: {scores}</small>"
    return (
        f'<article class="exhibit"><h4>{heading}</h4>'
        f'<div class="panes">{"".join(panes)}</div></article>'
    )


def _pane(model: str, show: str, caption: str, why: str) -> str:
    if not model:
        return figure(f'<div class="nothing">{html.escape(why)}</div>', caption)
    canvas = f'<canvas tabindex="0" data-model="{model}" data-show="{show}"></canvas>'
    return figure(canvas, caption)


def _data(exhibit: Exhibit) -> dict[str, object]:
    return {
        "id": str(exhibit.result.id),
        "eye": list(exhibit.eye),
        "mesh": exhibit.mesh,
        "points": exhibit.points,
        "truth": exhibit.truth,
    }


def _objects(table: EvaluationTable) -> str:
    groups: dict[ShapeId, list[ObjectResult]] = {}
    for result in table.objects:
        groups.setdefault(result.id, []).append(result)
    several = any(len(found) > 1 for found in groups.values())
    shown = _shown(table)
    scores = [SHOWN[score].title for score in shown]
    header = ["object", "category", "views", *(["IoU spread"] if several else []), *scores]
    rows = []
    for shape_id, found in groups.items():
        mean = mean_metrics([result.metrics for result in found])
        ious = [result.metrics.iou for result in found if result.metrics.iou is not None]
        spread = [f"{np.std(ious):.3f}" if ious else "-"] if several else []
        views = str(found[0].view) if not several else str(len(found))
        values = [_digits(mean.shown(score)) for score in shown]
        category = table.names.get(shape_id.category, shape_id.category).split(",")[0]
        rows.append(
            [str(shape_id), category, views, *spread, *values, *_form(mean), _failures(found)]
        )
    header = [*header, "volume error", "closed", "pieces", "note"]
    if not several:
        header[2] = "view"
    return section(
        "All objects",
        sortable_table(header, rows),
        about="Means over the views of each object. Click a heading to sort.",
    )


def _form(mean: MeshMetrics) -> list[str]:
    return [_digits(mean.volume_error), f"{mean.closed:g}", f"{mean.components:g}"]


def _failures(found: Sequence[ObjectResult]) -> str:
    return "; ".join(dict.fromkeys(result.failure for result in found if result.failure))


def _measured(facts: EvaluationFacts) -> str:
    def text(value: object) -> str:
        if isinstance(value, tuple):
            return ", ".join(f"{entry:g}" for entry in value)
        return "-" if value in (None, "") else str(value)

    pairs = [(f.name.replace("_", " "), text(getattr(facts, f.name))) for f in fields(facts)]
    return section("Settings", facts_list(pairs))


def _by_object(table: EvaluationTable) -> dict[ShapeId, MeshMetrics]:
    groups: dict[ShapeId, list[MeshMetrics]] = {}
    for result in table.objects:
        groups.setdefault(result.id, []).append(result.metrics)
    return {shape_id: mean_metrics(found) for shape_id, found in groups.items()}


def _shown(table: EvaluationTable) -> list[str]:
    """Return the scores of every table, and those of `EXTENDED` that an object has."""
    found = [result.metrics for result in table.objects]
    known = (s for s in EXTENDED if any(getattr(metrics, s) is not None for metrics in found))
    return [*MAIN, *known]


def _range(table: EvaluationTable, score: str) -> str:
    interval, unit = table.interval(score, by_category=True), SHOWN[score].unit
    if interval is None:
        return ""
    return f"95 %: {interval.low * unit:.3f} to {interval.high * unit:.3f}"


def _with_range(value: float | None, interval: Interval | None, factor: float) -> str:
    if value is None or interval is None:
        return _digits(value)
    return f"{value:.3f}\n{interval.low * factor:.3f} to {interval.high * factor:.3f}"


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
