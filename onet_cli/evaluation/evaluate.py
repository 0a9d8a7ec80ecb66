"""Scoring: one predicted mesh against what is stored of its object, and a split's worth of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError, OnetError
from onet_cli.evaluation.protocol import Rules
from onet_cli.evaluation.scores import MeshMetrics
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.table import ObjectResult
from onet_cli.geometry.inside import contains
from onet_cli.geometry.metrics import compare_surfaces, occupancy_iou
from onet_cli.geometry.sampling import sample_surface
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import OccupancySamples, ShapeId, SurfaceSamples
from onet_cli.shapes.store import ShapeStore

F_SCORE_DISTANCE = 0.01
"""Distance within which the F-score counts a point as found: 1 % of the longest edge."""

Predict = Callable[[NDArray[np.uint8]], Trimesh]
"""From a view, (H, W, 3) uint8, to its mesh, unit-cube frame; may raise EmptySurfaceError."""


@dataclass(frozen=True)
class Truth:
    """What a prediction is measured against."""

    occupancy: OccupancySamples
    surface: SurfaceSamples


def evaluate_shapes(
    store: ShapeStore,
    ids: Sequence[ShapeId],
    predict: Predict,
    settings: EvaluationSettings,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[tuple[ObjectResult, ...], tuple[tuple[str, str], ...]]:
    """Return the results of the objects `ids` and, apart, those without a score and the reason.

    One object's failure never stops the others. An object's scores depend on itself and the
    seed, not on which others are evaluated.
    """
    results: list[ObjectResult] = []
    unscored: list[tuple[str, str]] = []
    for done, shape_id in enumerate(ids, start=1):
        try:
            results.append(evaluate_shape(store, shape_id, predict, settings))
        except OnetError as error:
            unscored.append((str(shape_id), str(error)))
        if progress is not None:
            progress(done, len(ids))
    return tuple(results), tuple(unscored)


def evaluate_shape(
    store: ShapeStore, shape_id: ShapeId, predict: Predict, settings: EvaluationSettings
) -> ObjectResult:
    """Return the scores of the object that `predict` makes of one of the stored views.

    Raises:
        OnetError: the object cannot be read, or (in the paper's protocol) it has no prediction.
    """
    rules = settings.protocol.rules
    image = decode_view(store.read_view(shape_id, settings.view))
    truth = Truth(store.read_occupancy(shape_id), store.read_surface(shape_id))
    mesh, failure = _predict(predict, image, rules)
    rng = np.random.default_rng([settings.seed, crc32(str(shape_id).encode())])
    return ObjectResult(
        id=shape_id,
        metrics=rules.empty if mesh is None else score_mesh(mesh, truth, settings, rng),
        occupancy_points=len(truth.occupancy.points),
        surface_points=len(truth.surface.points),
        failure=failure,
    )


def score_mesh(
    mesh: Trimesh, truth: Truth, settings: EvaluationSettings, rng: np.random.Generator
) -> MeshMetrics:
    """Return the scores of a mesh that has a surface; `rng` draws the points on it.

    Source: Mescheder et al., CVPR 2019, section 4 (Metrics); the F-score is that of Tatarchenko
    et al., CVPR 2019.
    """
    points = _noisy(truth.occupancy.points, settings.protocol.rules.point_noise, rng)
    inside, target = contains(mesh, points), truth.occupancy.occupancies
    samples, normals = sample_surface(mesh, settings.mesh_samples, rng)
    surface = compare_surfaces(
        samples, normals, truth.surface.points, truth.surface.normals, F_SCORE_DISTANCE
    )
    return MeshMetrics(
        # Where no point lies inside either, the points cannot tell good from bad.
        iou=float(occupancy_iou(inside, target)) if (inside | target).any() else None,
        chamfer_l1=surface.chamfer_l1,
        accuracy=surface.accuracy,
        completeness=surface.completeness,
        normal_consistency=surface.normal_consistency,
        f_score=surface.f_score,
    )


def _predict(
    predict: Predict, image: NDArray[np.uint8], rules: Rules
) -> tuple[Trimesh | None, str | None]:
    """Return the mesh, or None and why there is none that could be measured."""
    try:
        mesh = predict(image)
    except EmptySurfaceError as error:
        return None, str(error)
    except OnetError as error:
        if not rules.counts_unpredicted:
            raise
        return None, str(error)
    if len(mesh.faces) == 0 or not mesh.area > 0:
        return None, "the mesh has no surface"
    return mesh, None


def _noisy(
    points: NDArray[np.floating], deviation: float, rng: np.random.Generator
) -> NDArray[np.floating]:
    """Return `points` in float32, with noise where the protocol adds it to float16 ones."""
    exact = points.astype(np.float32)
    if deviation == 0 or points.dtype != np.float16:
        return exact
    return exact + rng.normal(scale=deviation, size=exact.shape).astype(np.float32)
