"""Scores of a predicted shape against the true one, all in the unit-cube frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import neighbours as kernel
from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.nearest import nearest


@dataclass(frozen=True)
class SurfaceMetrics:
    """Scores of two surfaces from samples of them.

    `accuracy` is the mean distance from the prediction to the truth, `completeness` the mean
    distance from the truth to the prediction, `chamfer_l1` their mean; distances are unsquared, in
    unit-cube units (the paper prints them times ten). `chamfer_l2` is the same with squared
    distances. Normal consistency is the mean absolute cosine between the normals of nearest
    neighbours, both ways. `f_scores` are the harmonic means of precision and recall at each of the
    given distances.
    """

    accuracy: float
    completeness: float
    chamfer_l1: float
    chamfer_l2: float
    normals_accuracy: float
    normals_completeness: float
    normal_consistency: float
    f_scores: tuple[float, ...]


def occupancy_iou(predicted: NDArray[np.bool_], target: NDArray[np.bool_]) -> float:
    """Return intersection over union of two sets of points, (N,) bool each; 1 if both are empty.

    Raises:
        InvalidGeometryError: the arrays differ in shape.
    """
    if predicted.shape != target.shape:
        raise InvalidGeometryError(f"{predicted.shape} and {target.shape} cannot be compared")
    union = np.count_nonzero(predicted | target)
    return np.count_nonzero(predicted & target) / union if union else 1.0


def compare_surfaces(
    predicted_points: NDArray[np.floating],
    predicted_normals: NDArray[np.floating],
    target_points: NDArray[np.floating],
    target_normals: NDArray[np.floating],
    f_score_distances: Sequence[float] = (0.01,),
) -> SurfaceMetrics:
    """Return the scores of samples (N, 3) of the prediction against samples (M, 3) of the truth.

    Raises:
        EmptySurfaceError: either has no points.
        InvalidGeometryError: the shapes of points and normals do not match.

    Source: Mescheder et al., CVPR 2019, section 4; F-score: Tatarchenko et al., CVPR 2019.
    """
    for points, normals in (
        (predicted_points, predicted_normals),
        (target_points, target_normals),
    ):
        if points.shape != normals.shape:
            raise InvalidGeometryError(f"{normals.shape} normals for {points.shape} points")
    to_target, target_index = nearest(predicted_points, target_points)
    to_predicted, predicted_index = nearest(target_points, predicted_points)
    accuracy, completeness = float(to_target.mean()), float(to_predicted.mean())
    normals_accuracy = _cosines(predicted_normals, target_normals, target_index)
    normals_completeness = _cosines(target_normals, predicted_normals, predicted_index)
    return SurfaceMetrics(
        accuracy=accuracy,
        completeness=completeness,
        chamfer_l1=(accuracy + completeness) / 2,
        chamfer_l2=(float((to_target**2).mean()) + float((to_predicted**2).mean())) / 2,
        normals_accuracy=normals_accuracy,
        normals_completeness=normals_completeness,
        normal_consistency=(normals_accuracy + normals_completeness) / 2,
        f_scores=tuple(_f_score(to_target, to_predicted, limit) for limit in f_score_distances),
    )


def _f_score(
    to_target: NDArray[np.floating], to_predicted: NDArray[np.floating], limit: float
) -> float:
    precision, recall = (float(np.mean(found <= limit)) for found in (to_target, to_predicted))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _cosines(
    normals: NDArray[np.floating], others: NDArray[np.floating], partner: NDArray[np.int64]
) -> float:
    """Return the mean absolute cosine between row i of `normals` and row partner[i] of `others`.

    Absolute, because meshes of the original data set do not face outwards everywhere.
    """
    own, other = (np.ascontiguousarray(side, np.float64) for side in (normals, others))
    return kernel.sum_cosines(own, other, partner) / len(own)
