"""Scores of one predicted mesh against the stored ground truth."""

from dataclasses import dataclass, replace
from math import degrees

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.evaluation.outlines import compare_outlines
from onet_cli.evaluation.scores import F_SCORE_DISTANCE, F_SCORE_DISTANCES, MeshMetrics
from onet_cli.geometry.closedness import is_closed
from onet_cli.geometry.components import component_volumes
from onet_cli.geometry.inside import contains
from onet_cli.geometry.metrics import compare_surfaces, occupancy_iou
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.thin import compare_thin
from onet_cli.shapes.camera import CAMERA_FIELDS
from onet_cli.shapes.shape import OccupancySamples, SurfaceSamples

AREA_QUERIES = 10_000


@dataclass(frozen=True)
class Truth:
    """Ground truth of an object.

    `camera` is that of the view, (8,) as in `shapes.camera.CAMERA_FIELDS`; None if unknown.
    """

    occupancy: OccupancySamples
    surface: SurfaceSamples
    camera: NDArray[np.float32] | None = None

    @property
    def azimuth_deg(self) -> float | None:
        """Azimuth of the view in degrees: 0 from +z, 90 from +x; None if unknown."""
        if self.camera is None:
            return None
        azimuth = float(self.camera[CAMERA_FIELDS.index("azimuth")])
        return round(degrees(azimuth) % 360, 3)

    @property
    def area(self) -> float:
        """Surface area, estimated from the density of the surface samples.

        The mean distance from a surface point to the nearest of n random points per unit area is
        1 / (2 sqrt(n)), measured from the first half of the samples to the second.
        """
        points = self.surface.points.astype(np.float32)
        half = len(points) // 2
        if half == 0:
            return 0.0
        distances, _ = nearest(points[:half][:AREA_QUERIES], points[half:])
        return float((2 * distances.mean()) ** 2 * (len(points) - half))


def score_mesh(
    mesh: Trimesh,
    truth: Truth,
    samples: int,
    point_noise: float,
    rng: np.random.Generator,
    *,
    extended: bool = True,
    placed: Trimesh | None = None,
) -> MeshMetrics:
    """Return the scores of a non-empty mesh, except `network_iou` and `placed_iou`.

    Args:
        mesh: The prediction, unit-cube frame.
        truth: The ground truth.
        samples: Number of points sampled on the mesh.
        point_noise: Standard deviation of the noise added to float16 occupancy points, unit-cube
            frame.
        rng: Generator for points and noise.
        extended: Whether to measure outlines and thin parts.
        placed: The same mesh with the scale and position of the ground truth, if different, for
            outlines and thin parts, which measure appearance.

    Source: Mescheder et al., CVPR 2019, section 4 (Metrics); the F-score is that of Tatarchenko
    et al., CVPR 2019.
    """
    points = _noisy(truth.occupancy.points, point_noise, rng)
    inside, target = contains(mesh, points), truth.occupancy.occupancies
    drawn, normals = sample_surface(mesh, samples, rng, by_face=True)
    shares = np.abs(component_volumes(mesh)[1])
    scores = score_samples(SurfaceSamples(drawn, normals), truth, extended=False)
    if extended:
        if placed is not None:
            drawn, _ = sample_surface(placed, samples, rng, by_face=True)
        scores = _extended(scores, drawn, truth)
    return replace(
        scores,
        iou=defined_iou(inside, target),
        volume_error=_relative(float(inside.mean()), float(target.mean())),
        area_error=_relative(float(mesh.area), truth.area),
        closed=float(is_closed(mesh)),
        components=float(len(shares)),
        largest_share=float(shares.max() / shares.sum()) if shares.sum() > 0 else 0.0,
    )


def score_samples(samples: SurfaceSamples, truth: Truth, *, extended: bool = True) -> MeshMetrics:
    """Return the scores that require surface samples only, which excludes `iou`."""
    surface = compare_surfaces(
        samples.points,
        samples.normals,
        truth.surface.points,
        truth.surface.normals,
        F_SCORE_DISTANCES,
    )
    scores = MeshMetrics(
        iou=None,
        chamfer_l1=surface.chamfer_l1,
        accuracy=surface.accuracy,
        completeness=surface.completeness,
        normal_consistency=surface.normal_consistency,
        f_score=surface.f_scores[F_SCORE_DISTANCES.index(F_SCORE_DISTANCE)],
        chamfer_l2=surface.chamfer_l2,
        f_curve=surface.f_scores,
    )
    return _extended(scores, samples.points, truth) if extended else scores


def score_nothing(empty: MeshMetrics, truth: Truth) -> MeshMetrics:
    """Return the scores `empty` of an empty prediction, with None for undefined scores."""
    scores = _with_thin(empty, np.empty((0, 3)), truth)
    if truth.camera is None:
        return replace(scores, outline_photo=None, outline_side=None, outline_behind=None)
    return scores


def _extended(scores: MeshMetrics, points: NDArray[np.floating], truth: Truth) -> MeshMetrics:
    """Add the scores of outlines and thin parts of the surface samples (N, 3) to `scores`."""
    scores = _with_thin(scores, points, truth)
    if truth.camera is None:
        return scores
    outlines = compare_outlines(points, truth.surface.points, truth.camera)
    if outlines is None:
        return scores
    return replace(
        scores,
        outline_photo=outlines.photo,
        outline_side=outlines.side,
        outline_behind=outlines.behind,
    )


def _with_thin(scores: MeshMetrics, points: NDArray[np.floating], truth: Truth) -> MeshMetrics:
    thin = compare_thin(points, truth.surface.points)
    if thin is None:
        return scores
    return replace(
        scores, thin_recall=thin.recall, thin_precision=thin.precision, thin_f=thin.f_score
    )


def defined_iou(inside: NDArray[np.bool_], target: NDArray[np.bool_]) -> float | None:
    """Return the IoU of (N,) points, or None if none is inside either shape.

    The IoU is undefined then.
    """
    return float(occupancy_iou(inside, target)) if (inside | target).any() else None


def _relative(value: float, truth: float) -> float | None:
    return abs(value - truth) / truth if truth > 0 else None


def _noisy(
    points: NDArray[np.floating], deviation: float, rng: np.random.Generator
) -> NDArray[np.floating]:
    """Return `points` in float32, with the protocol's noise if they were float16."""
    exact = points.astype(np.float32)
    if deviation == 0 or points.dtype != np.float16:
        return exact
    return exact + rng.normal(scale=deviation, size=exact.shape).astype(np.float32)
