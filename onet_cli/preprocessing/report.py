"""Report of a data set, as a page (`report.html`) and as data (`report.json`)."""

import base64
import html
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from onet_cli.errors import StoreError
from onet_cli.files import write_text
from onet_cli.geometry.camera import Camera
from onet_cli.preprocessing.report_page import PAGE, ROW
from onet_cli.preprocessing.splat import draw_samples
from onet_cli.shapes.shape import Shape, ShapeId
from onet_cli.shapes.store import ShapeStore

Facts = dict[str, Any]

EDGE = 128
"""Edge of the report's images in pixels."""

MOST_PICTURES = 2000
"""Maximum number of shapes with images (8 kB each), which bounds the size of the page."""

_PADDED_CUBE = 1.1**3


def write_report(
    root: Path,
    skipped: Sequence[tuple[ShapeId, str]],
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write `report.html` and `report.json` for all shapes of a data set, and return the page.

    Rows are made from stored shapes, including those of earlier runs.

    Args:
        root: folder of the data set.
        skipped: shapes that the last run could not convert, with reasons.
        progress: called with the number of finished shapes and the total number.

    Raises:
        StoreError: the data set cannot be read or written.
    """
    store = ShapeStore.open(root)
    ids = store.ids()
    splits = {shape_id: split for split in store.splits() for shape_id in store.ids(split)}
    facts, rows = [], []
    for done, shape_id in enumerate(ids, start=1):
        shape = store.read(shape_id)
        facts.append(facts_of(shape, splits.get(shape_id, "")))
        rows.append(_row(facts[-1], _pictures(shape) if done <= MOST_PICTURES else ("", "")))
        if progress is not None:
            progress(done, len(ids))
    failures = [{"id": str(shape_id), "reason": reason} for shape_id, reason in skipped]
    document = {"source": store.info.source, "shapes": facts, "skipped": failures}
    write_text(root / "report.json", json.dumps(document, indent=2) + "\n", StoreError)
    page = root / "report.html"
    write_text(page, _page(store, facts, rows, failures), StoreError)
    return page


def facts_of(shape: Shape, split: str = "") -> Facts:
    """Return the facts of a shape for the report, JSON-ready.

    `volume` is that of the closed mesh in unit cubes, or else estimated from the share of points
    inside.
    """
    conversion = shape.extra.get("conversion", {})
    sampled = float(shape.occupancy.occupancies.mean()) * _PADDED_CUBE
    return {
        "id": str(shape.id),
        "split": split,
        "licence": shape.licence,
        **{key: value for key, value in shape.extra.items() if key != "conversion"},
        "sampled_volume": round(sampled, 6),
        "volume": round(sampled, 6),
        **conversion,
        "views": len(shape.views.images),
        "points": len(shape.occupancy.points),
        "near_points": 0 if shape.near is None else len(shape.near.points),
    }


def draw_closed(shape: Shape, edge: int = EDGE) -> Image.Image:
    """Return an image of the shape's surface samples from the camera of its first view."""
    if shape.views.world is None or shape.views.camera is None or not shape.views.images:
        eye = Camera.orbit(30.0, 25.0, 2.0, edge)
        return Image.fromarray(draw_samples(shape.surface, eye.world, eye.camera, edge))
    with Image.open(io.BytesIO(shape.views.images[0])) as view:
        scale = np.diag([edge / view.width, edge / view.height, 1.0])
    camera = scale @ shape.views.camera[0]
    return Image.fromarray(draw_samples(shape.surface, shape.views.world[0], camera, edge))


def draw_input(shape: Shape, edge: int = EDGE) -> Image.Image | None:
    """Return the shape's first view on white, or None if it has no view."""
    if not shape.views.images:
        return None
    with Image.open(io.BytesIO(shape.views.images[0])) as view:
        picture = view.convert("RGBA").resize((edge, edge), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(canvas, picture).convert("RGB")


def _pictures(shape: Shape) -> tuple[str, str]:
    try:
        return _data_uri(draw_input(shape)), _data_uri(draw_closed(shape))
    except Exception:  # image decoders raise many kinds of errors, and images are optional
        return "", ""


def _data_uri(picture: Image.Image | None) -> str:
    if picture is None:
        return ""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(stream.getvalue()).decode()}"


def _row(facts: Facts, pictures: tuple[str, str]) -> str:
    def text(key: str) -> str:
        return html.escape(str(facts.get(key, "")))

    images = [f'<img src="{uri}" alt="">' if uri else "" for uri in pictures]
    warnings = [str(warning) for warning in facts.get("warnings", [])]
    made = {True: "kept", False: "remade"}.get(facts.get("kept", ""), "")
    about = [text(key) for key in ("name", "creator", "licence") if facts.get(key)]
    return ROW.format(
        warned="1" if warnings else "",
        input=images[0],
        closed=images[1],
        id=text("id"),
        about="<br>".join(about),
        split=text("split"),
        made=f"{made}{': ' if facts.get('reason') else ''}{text('reason')}",
        volume=text("volume"),
        input_faces=text("input_faces"),
        closed_faces=text("closed_faces"),
        surface_offset=text("surface_offset"),
        lost_share=text("lost_share"),
        warnings="<br>".join(map(html.escape, warnings)),
    )


def _page(
    store: ShapeStore, facts: list[Facts], rows: list[str], failures: list[dict[str, str]]
) -> str:
    counts = [f"{len(facts)} shapes", f"{len(failures)} skipped"]
    counts.append(f"{sum(1 for f in facts if f.get('kept') is True)} meshes kept as they were")
    counts.append(f"{sum(1 for f in facts if f.get('kept') is False)} made watertight")
    counts.append(f"{sum(1 for f in facts if f.get('warnings'))} with warnings")
    listed = (
        f"<li><b>{html.escape(f['id'])}</b> {html.escape(f['reason'])}</li>" for f in failures
    )
    return PAGE.format(
        title=html.escape(f"{store.info.source}: {store.root.name}"),
        summary=html.escape(", ".join(counts)),
        failures=f"<h2>Skipped</h2><ul>{''.join(listed)}</ul>" if failures else "",
        rows="\n".join(rows),
    )
