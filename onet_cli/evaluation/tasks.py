"""Evaluation tasks: prediction and scores of one view of one object."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError, OnetError, OutputError
from onet_cli.evaluation.align import best_turn, turn
from onet_cli.evaluation.measure import (
    Truth,
    defined_iou,
    score_mesh,
    score_nothing,
    score_samples,
)
from onet_cli.evaluation.protocol import Rules
from onet_cli.evaluation.scores import MeshMetrics
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.table import ObjectResult
from onet_cli.evaluation.typed import check_types
from onet_cli.geometry.inside import contains
from onet_cli.geometry.mesh import make_mesh
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId, SurfaceSamples
from onet_cli.shapes.store import ShapeStore


@dataclass(frozen=True)
class Prediction:
    """A method's prediction for one object, in the unit-cube frame.

    It is a `mesh`, or samples of a `surface` with `contains`, which maps points (N, 3) to occupancy
    (N,) bool. A network has both a mesh and `contains`. `failure` is the reason for an empty
    surface. For networks of the picture's frame, `placed` is the same mesh with scale and position
    from the true camera, and `agreement` that of its silhouette with the image
    (`reconstruction.agreement`).
    """

    mesh: Trimesh | None
    contains: Callable[[NDArray[np.float32]], NDArray[np.bool_]] | None = None
    surface: SurfaceSamples | None = None
    failure: str | None = None
    placed: Trimesh | None = None
    agreement: float | None = None

    def turned(self, degrees: float) -> "Prediction":
        """Return the prediction rotated by `degrees` about +y, from +z towards +x."""
        if degrees == 0:
            return self
        own, surface = self.contains, self.surface

        def inside(points: NDArray[np.float32]) -> NDArray[np.bool_]:
            assert own is not None
            return own(turn(points, -degrees).astype(np.float32))

        return replace(
            self,
            mesh=_turned(self.mesh, degrees),
            placed=_turned(self.placed, degrees),
            contains=None if own is None else inside,
            surface=None
            if surface is None
            else SurfaceSamples(turn(surface.points, degrees), turn(surface.normals, degrees)),
        )


@dataclass(frozen=True)
class Task:
    """One object and the view to reconstruct it from."""

    id: ShapeId
    view: int


FARTHEST = 1e4
"""How far a mesh may reach, in edges of the unit cube, to be held against the truth."""

Predict = Callable[[Task, NDArray[np.uint8], Truth], Prediction]
"""Maps a task and its view, (H, W, 3) uint8, to a prediction.

The ground truth is for baselines, and for placing; methods must not use it otherwise. It may raise
EmptySurfaceError, or another OnetError if there is no prediction at all.
"""

Outcome = tuple[Task, ObjectResult | None, str]
"""A task, its scores or None, and the reason for None."""


def list_tasks(
    store: ShapeStore, ids: Iterable[ShapeId], settings: EvaluationSettings
) -> Iterator[Task]:
    """Yield the tasks of the objects `ids`, in order, with the views selected by `settings`.

    An object that cannot be read gets one task, which will report the error.
    """
    for shape_id in ids:
        if isinstance(settings.view, int):
            yield Task(shape_id, settings.view)
            continue
        try:
            count = store.view_count(shape_id)
        except OnetError:
            count = 1
        if settings.view == "all":
            yield from (Task(shape_id, view) for view in range(count))
        else:
            yield Task(shape_id, int(_generator(settings.seed, shape_id, 0).integers(count)))


def evaluate_task(
    store: ShapeStore, task: Task, predict: Predict, settings: EvaluationSettings
) -> Outcome:
    """Predict and score one task.

    Scores depend on the task and the seed, not on other tasks. A failure is returned as the
    outcome.

    Raises:
        OutputError: the mesh cannot be written to the folder of `--meshes`.
    """
    try:
        result = _score(store, task, predict, settings)
        check_types(result.metrics)
        return task, result, ""
    except OutputError:
        raise
    except OnetError as error:
        return task, None, str(error)
    except MemoryError:
        return task, None, "out of memory"
    except Exception as error:  # a bad object never stops the run
        return task, None, f"{type(error).__name__}: {error}"


def _score(
    store: ShapeStore, task: Task, predict: Predict, settings: EvaluationSettings
) -> ObjectResult:
    image = decode_view(store.read_view(task.id, task.view))
    truth = read_truth(store, task)
    prediction = _predict(lambda: predict(task, image, truth), settings.protocol.rules)
    turn_deg = _best_turn(prediction, truth) if settings.align == "yaw" else 0.0
    rng = _generator(settings.seed, task.id, task.view)
    return ObjectResult(
        id=task.id,
        view=task.view,
        azimuth_deg=truth.azimuth_deg,
        metrics=_measure(prediction.turned(turn_deg), truth, settings, rng),
        occupancy_points=len(truth.occupancy.points),
        surface_points=len(truth.surface.points),
        failure=prediction.failure,
        turn_deg=turn_deg,
    )


def read_truth(store: ShapeStore, task: Task) -> Truth:
    """Return the ground truth of `task`.

    Raises:
        StoreError: it cannot be read.
    """
    cameras = store.read_cameras(task.id)
    camera = cameras[task.view] if task.view < len(cameras) else None
    known = camera is not None and bool(np.isfinite(camera).all())
    occupancy, surface = store.read_occupancy(task.id), store.read_surface(task.id)
    return Truth(occupancy, surface, camera if known else None)


def _best_turn(prediction: Prediction, truth: Truth) -> float:
    """Return the rotation in degrees with the best IoU of the mesh, or else of `contains`."""
    mesh, own = prediction.mesh, prediction.contains
    if prediction.failure is not None:
        return 0.0
    if mesh is not None:
        return best_turn(lambda points: contains(mesh, points), truth.occupancy)
    assert own is not None
    return best_turn(own, truth.occupancy)


def _turned(mesh: Trimesh | None, degrees: float) -> Trimesh | None:
    if mesh is None:
        return None
    return make_mesh(turn(np.asarray(mesh.vertices), degrees), np.asarray(mesh.faces))


def _measure(
    prediction: Prediction, truth: Truth, settings: EvaluationSettings, rng: np.random.Generator
) -> MeshMetrics:
    rules = settings.protocol.rules
    own_iou = None
    if prediction.contains is not None:
        inside = prediction.contains(truth.occupancy.points.astype(np.float32))
        own_iou = defined_iou(inside, truth.occupancy.occupancies)
    extended = rules.extended
    placed_iou = _placed_iou(prediction, truth) if extended else None
    if prediction.failure is not None:
        scores = score_nothing(rules.empty, truth) if extended else rules.empty
        agreed = None if prediction.agreement is None or not extended else 0.0
        return replace(scores, network_iou=own_iou, placed_iou=placed_iou, agreement=agreed)
    if prediction.surface is not None:
        scores = score_samples(prediction.surface, truth, extended=extended)
        return replace(scores, iou=own_iou)
    assert prediction.mesh is not None
    scores = score_mesh(
        prediction.mesh,
        truth,
        settings.mesh_samples,
        rules.point_noise,
        rng,
        extended=extended,
        placed=prediction.placed,
    )
    agreed = prediction.agreement if extended else None
    return replace(scores, network_iou=own_iou, placed_iou=placed_iou, agreement=agreed)


def _placed_iou(prediction: Prediction, truth: Truth) -> float | None:
    if prediction.placed is None:
        return None
    if prediction.failure is not None:
        return 0.0
    inside = contains(prediction.placed, truth.occupancy.points.astype(np.float32))
    return defined_iou(inside, truth.occupancy.occupancies)


def _predict(predict: Callable[[], Prediction], rules: Rules) -> Prediction:
    """Return the prediction, with `failure` set if there is no surface."""
    try:
        prediction = predict()
    except EmptySurfaceError as error:
        return Prediction(None, failure=str(error))
    except OutputError:  # a full disk does not count as a bad prediction
        raise
    except OnetError as error:
        if not rules.counts_unpredicted:
            raise
        return Prediction(None, failure=str(error))
    mesh = prediction.mesh
    if prediction.failure is not None or mesh is None:
        return prediction
    if np.abs(mesh.vertices).max(initial=0) > FARTHEST:
        return replace(prediction, failure=f"the mesh reaches beyond {FARTHEST:g} unit cubes")
    if not mesh.area > 0:
        return replace(prediction, failure="the mesh has no surface")
    return prediction


def _generator(seed: int, shape_id: ShapeId, view: int) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(str(shape_id).encode()), view])
