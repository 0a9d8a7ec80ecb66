"""Confidence per vertex: the slope of the occupancy probability across the surface.

Along the normal, the occupancy probability is one minus the distribution function of the predicted
surface position. Its drop between `REACH` below a vertex and `REACH` above is the probability that
the surface lies in between: a steep slope means high confidence. This raw confidence is calibrated
on a validation split.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.normals import vertex_normals
from onet_cli.models.calibration import Reliability

REACH = 0.02
"""A vertex is correct if the true surface is within this distance, unit-cube frame."""

BINS = 24
"""Number of points of the calibration curve."""

Floats = NDArray[np.floating]

Field = Callable[[Floats], NDArray[np.float32]]
"""Maps points (N, 3) in the frame of the mesh to logits (N,)."""


def vertex_confidence(
    mesh: Trimesh, field: Field, reliability: Reliability | None = None
) -> NDArray[np.float32]:
    """Return for each vertex (V,) the probability that the true surface is within `REACH`.

    Without `reliability` it is the raw confidence.

    Args:
        mesh: Oriented outward, unit-cube frame.
        field: The occupancy field of `mesh`; evaluated twice per vertex.
        reliability: The calibration curve of this network.
    """
    reach = REACH if reliability is None else reliability.reach
    vertices = np.asarray(mesh.vertices)
    normals = vertex_normals(vertices, np.asarray(mesh.faces))
    claimed = claimed_confidence(field, vertices, normals, reach)
    return claimed if reliability is None else corrected(claimed, reliability)


def claimed_confidence(
    field: Field, points: Floats, normals: Floats, reach: float = REACH
) -> NDArray[np.float32]:
    """Return the raw confidence (N,), 0 to 1: the probability of the surface within `reach`.

    Args:
        field: The occupancy field of a photo.
        points: (N, 3) on its surface.
        normals: (N, 3), unit, outward.
        reach: Distance on both sides of the surface, unit-cube frame.
    """
    below, above = (_probability(field(points + side * reach * normals)) for side in (-1, 1))
    drop: NDArray[np.float32] = np.clip(below - above, 0, 1)
    return drop


def corrected(claimed: Floats, reliability: Reliability) -> NDArray[np.float32]:
    """Return raw confidence (N,) mapped to the measured frequency of correct vertices, 0 to 1."""
    found = np.interp(claimed, reliability.claimed, reliability.measured)
    return found.astype(np.float32)


def fit_reliability(claimed: Floats, distances: Floats, reach: float = REACH) -> Reliability:
    """Fit a monotone calibration curve from raw confidence (N,) to the frequency of correctness.

    Args:
        claimed: Raw confidence of vertices of many validation objects (`claimed_confidence`).
        distances: From the same vertices to the true surfaces, unit-cube frame.
        reach: Maximum distance of a correct vertex.

    Raises:
        ValueError: there are no vertices.

    Source: a reliability diagram with bins of equal count, made monotone by isotonic regression as
    in Zadrozny and Elkan, KDD 2002.
    """
    if len(claimed) == 0:
        raise ValueError("a calibration curve needs at least one vertex")
    order = np.argsort(claimed, kind="stable")
    bins = np.array_split(order, min(BINS, len(order)))
    right = np.asarray(distances) <= reach
    means = np.array([claimed[rows].mean() for rows in bins])
    shares = np.array([right[rows].mean() for rows in bins])
    rising = isotonic(shares, np.array([len(rows) for rows in bins]))
    return Reliability(tuple(map(float, means)), tuple(map(float, rising)), reach)


def isotonic(values: Floats, weights: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the weighted isotonic (non-decreasing) least-squares fit of `values` (K,).

    By the max-min formula: the maximum over start indices of the minimum over end indices of the
    weighted means in between.

    Source: Barlow et al., Statistical inference under order restrictions, 1972.
    """
    count = len(values)
    total = np.concatenate([[0.0], np.cumsum(values * weights)])
    weight = np.concatenate([[0], np.cumsum(weights)])
    spans = np.maximum(weight[None, 1:] - weight[:-1, None], 1)
    means = (total[None, 1:] - total[:-1, None]) / spans  # [start, end]
    return np.array([means[: k + 1, k:].min(axis=1).max() for k in range(count)])


def _probability(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.exp(-np.logaddexp(np.float32(0), -logits))
