"""How sure a network is of each vertex: the slope of the probability across the surface.

Read across the surface, from inside to outside, the occupancy probability is the distribution of
where the network believes the surface to be. What it loses between `REACH` below a vertex and
`REACH` above is the probability that the surface lies in between: steep is sure, flat is a guess.
How often such claims hold is measured on a validation split.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.normals import vertex_normals
from onet_cli.models.calibration import Reliability

REACH = 0.02
"""A vertex is right if the true surface lies within this distance, unit-cube frame."""

BINS = 24
"""Points of the measured curve."""

Floats = NDArray[np.floating]

Field = Callable[[Floats], NDArray[np.float32]]
"""Points (N, 3) of the mesh's frame to logits (N,)."""


def vertex_confidence(
    mesh: Trimesh, field: Field, reliability: Reliability | None = None
) -> NDArray[np.float32]:
    """Return for each vertex (V,) the probability that the true surface is within `REACH` of it.

    Without `reliability` it is what the network claims.

    Args:
        mesh: Oriented outward, unit-cube frame.
        field: The occupancy field that `mesh` was extracted from; evaluated twice per vertex.
        reliability: How claims of this network have turned out.
    """
    reach = REACH if reliability is None else reliability.reach
    vertices = np.asarray(mesh.vertices)
    normals = vertex_normals(vertices, np.asarray(mesh.faces))
    claimed = claimed_confidence(field, vertices, normals, reach)
    return claimed if reliability is None else corrected(claimed, reliability)


def claimed_confidence(
    field: Field, points: Floats, normals: Floats, reach: float = REACH
) -> NDArray[np.float32]:
    """Return the probability (N,) that the network gives to the surface within `reach`, 0 to 1.

    Args:
        field: One photo's occupancy field.
        points: (N, 3) on its surface.
        normals: (N, 3), unit, outward.
        reach: How far to look on both sides, unit-cube frame.
    """
    below, above = (_probability(field(points + side * reach * normals)) for side in (-1, 1))
    drop: NDArray[np.float32] = np.clip(below - above, 0, 1)
    return drop


def corrected(claimed: Floats, reliability: Reliability) -> NDArray[np.float32]:
    """Return for claims (N,) how often ones like them have turned out right, 0 to 1."""
    found = np.interp(claimed, reliability.claimed, reliability.measured)
    return found.astype(np.float32)


def fit_reliability(claimed: Floats, distances: Floats, reach: float = REACH) -> Reliability:
    """Return the rising curve from claims (N,) to how often they were right.

    Args:
        claimed: As `claimed_confidence` returns them for vertices of many validation objects.
        distances: From the same vertices to the true surfaces, unit-cube frame.
        reach: The distance that counts as right.

    Raises:
        ValueError: there are no vertices.

    Source: reliability diagrams, here of bins of equal count made to rise by isotonic regression,
    as in Zadrozny and Elkan, KDD 2002.
    """
    if len(claimed) == 0:
        raise ValueError("a reliability cannot be fitted to no vertices")
    order = np.argsort(claimed, kind="stable")
    bins = np.array_split(order, min(BINS, len(order)))
    right = np.asarray(distances) <= reach
    means = np.array([claimed[rows].mean() for rows in bins])
    shares = np.array([right[rows].mean() for rows in bins])
    rising = isotonic(shares, np.array([len(rows) for rows in bins]))
    return Reliability(tuple(map(float, means)), tuple(map(float, rising)), reach)


def isotonic(values: Floats, weights: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return the rising sequence nearest to `values` (K,) in least squares, weighted.

    By the min-max formula: each place takes the highest, over where a run may start, of the lowest
    mean over where it may end.

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
