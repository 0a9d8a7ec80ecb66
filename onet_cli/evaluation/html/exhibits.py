"""Example objects of a report, selected by their scores and predicted again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from trimesh import Trimesh
from trimesh.remesh import subdivide

from onet_cli.errors import OnetError
from onet_cli.evaluation.measure import Truth
from onet_cli.evaluation.methods import Method
from onet_cli.evaluation.table import EvaluationTable, ObjectResult
from onet_cli.evaluation.tasks import Predict, Prediction, Task, read_truth
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.simplify import simplify
from onet_cli.reconstruction.stage import AZIMUTHS, ELEVATION
from onet_cli.reconstruction.viewer.encode import Packed, pack_mesh, pack_points
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId, SurfaceSamples
from onet_cli.shapes.store import ShapeStore

IN_EACH_GROUP = 3
FACES = 6000
POINTS = 10_000

_LONGEST_EDGE = 0.08  # maximum edge of a face, as colours are per vertex
_DRAWN = 50_000
_USUAL_EYE = (AZIMUTHS[0], ELEVATION)


@dataclass(frozen=True)
class Exhibit:
    """One example object of the page.

    `group` is `best`, `median`, `worst` or `empty`; `eye` the azimuth and elevation of its photo in
    degrees. The prediction is a packed `mesh`, or packed `points` for surface samples, or neither
    if it is empty.
    """

    group: str
    result: ObjectResult
    photo: bytes
    eye: tuple[float, float]
    truth: Packed
    mesh: Packed | None = None
    points: Packed | None = None


def choose_results(
    objects: Sequence[ObjectResult], count: int = IN_EACH_GROUP
) -> list[tuple[str, ObjectResult]]:
    """Return `count` best, median and worst non-empty objects by IoU, and empty ones.

    Objects are ranked by the mean over their views and shown from the view nearest to that mean.
    Groups are disjoint.
    """
    views: dict[ShapeId, list[ObjectResult]] = {}
    for result in objects:
        if result.metrics.iou is not None and result.failure is None:
            views.setdefault(result.id, []).append(result)
    means = {key: float(np.mean([_iou(r) for r in found])) for key, found in views.items()}
    ranked = sorted(means, key=lambda key: (-means[key], key))
    shown = [min(views[key], key=lambda r: abs(_iou(r) - means[r.id])) for key in ranked]
    best, rest = shown[:count], shown[count:]
    worst, rest = rest[-count:], rest[:-count]
    start = max(0, (len(rest) - count) // 2)
    failed = {r.id: r for r in reversed(objects) if r.failure and r.id not in views}
    empty = list(reversed(failed.values()))[:count]
    groups = {
        "best": best,
        "median": rest[start : start + count],
        "worst": worst[::-1],
        "empty": empty,
    }
    return [(group, result) for group, members in groups.items() for result in members]


def collect_exhibits(
    store: ShapeStore,
    method: Method,
    table: EvaluationTable,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Exhibit]:
    """Return the exhibits of the objects selected by `choose_results`.

    Raises:
        OnetError: the method cannot start, or an object can no longer be read.
    """
    chosen = choose_results(table.objects)
    predict = method.start() if chosen else None
    exhibits = []
    for group, result in chosen:
        assert predict is not None
        exhibits.append(_exhibit(store, predict, group, result))
        progress(len(exhibits), len(chosen))
    return exhibits


def _exhibit(store: ShapeStore, predict: Predict, group: str, result: ObjectResult) -> Exhibit:
    task = Task(result.id, result.view)
    photo = store.read_view(task.id, task.view)
    truth = read_truth(store, task)
    prediction = _predict(predict, task, photo, truth) if result.failure is None else None
    if prediction is not None:
        prediction = prediction.turned(result.turn_deg)
    sides = _sides(prediction) if prediction is not None else None
    shown = _spread(truth.surface)
    away = np.zeros(len(shown.points), np.float32)
    mesh = points = None
    if prediction is not None and sides is not None:
        surface = truth.surface.points.astype(np.float32)
        away = nearest(shown.points, sides.points)[0]
        if prediction.mesh is not None:
            light = _lightened(prediction.mesh)
            mesh = pack_mesh(light, nearest(np.asarray(light.vertices), surface)[0])
        else:
            some = _spread(sides)
            points = pack_points(some.points, some.normals, nearest(some.points, surface)[0])
    return Exhibit(
        group=group,
        result=result,
        photo=photo,
        eye=_eye(store, task),
        truth=pack_points(shown.points, shown.normals, away),
        mesh=mesh,
        points=points,
    )


def _predict(predict: Predict, task: Task, photo: bytes, truth: Truth) -> Prediction | None:
    try:
        return predict(task, decode_view(photo), truth)
    except OnetError:
        return None  # its files may have been removed since it was scored


def _sides(prediction: Prediction) -> SurfaceSamples | None:
    """Return samples of the predicted surface, or None if it is empty."""
    if prediction.surface is not None:
        return prediction.surface
    if prediction.mesh is None or not prediction.mesh.area > 0:
        return None
    drawn = sample_surface(prediction.mesh, _DRAWN, np.random.default_rng(0))
    return SurfaceSamples(*(part.astype(np.float32) for part in drawn))


def _lightened(mesh: Trimesh) -> Trimesh:
    """Return `mesh` with about `FACES` faces, none of them large."""
    if len(mesh.faces) > FACES:
        mesh = simplify(mesh, FACES)
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    for _ in range(4):
        corners = vertices[faces]
        edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
        large = np.flatnonzero(edges > _LONGEST_EDGE)
        if len(large) == 0:
            break
        vertices, faces = subdivide(vertices, faces, large)  # type: ignore[no-untyped-call]
    return make_mesh(vertices, faces)


def _spread(surface: SurfaceSamples) -> SurfaceSamples:
    """Return at most `POINTS` of the samples, deterministically."""
    count = len(surface.points)
    some = np.random.default_rng(0).permutation(count)[:POINTS]
    parts = (surface.points[some], surface.normals[some])
    return SurfaceSamples(*(part.astype(np.float32) for part in parts))


def _eye(store: ShapeStore, task: Task) -> tuple[float, float]:
    """Return azimuth and elevation of the view's camera, in degrees."""
    azimuth, elevation = np.degrees(store.read_cameras(task.id)[task.view, :2]).tolist()
    known = np.isfinite(azimuth)
    return (round(azimuth % 360, 2), round(elevation, 2)) if known else _USUAL_EYE


def _iou(result: ObjectResult) -> float:
    assert result.metrics.iou is not None
    return result.metrics.iou
