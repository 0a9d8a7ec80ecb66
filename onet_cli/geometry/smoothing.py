"""Smoothing of vertex values along the edges of a mesh."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.mesh import check_faces

MOST_ROUNDS = 10_000
"""Limit of the rounds of averaging."""


def smooth_values(
    values: NDArray[np.floating],
    faces: NDArray[np.integer],
    hold: NDArray[np.floating],
    rounds: int,
) -> NDArray[np.float64]:
    """Return `values` (V, C) after `rounds` of averaging with their neighbours.

    Args:
        values: one row per vertex.
        faces: (F, 3) of a closed mesh, so that each edge occurs in both directions.
        hold: (V,) weight of a vertex's initial value in each round; 1 keeps it unchanged.
        rounds: number of edges over which a value can propagate.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there.
        ValueError: `values` are not (V, C), or there are too many rounds.
    """
    if not rounds <= MOST_ROUNDS:
        raise ValueError(f"at most {MOST_ROUNDS} rounds, not {rounds}")
    check_faces(np.asarray(faces), len(values))
    first = np.asarray(values, np.float64)
    if first.ndim != 2:
        raise ValueError(f"values must be (V, C), not {first.shape}")
    starts = np.asarray(faces).reshape(-1)
    ends = np.asarray(faces)[:, [1, 2, 0]].reshape(-1)
    loose = np.flatnonzero(hold < 1)
    place = np.full(len(first), -1)
    place[loose] = np.arange(len(loose))
    used = place[starts] >= 0
    rows, ends = place[starts[used]], ends[used]
    counts = np.maximum(np.bincount(rows, minlength=len(loose)), 1)
    kept = np.asarray(hold, np.float64)[loose, None]
    found = first.copy()
    for _ in range(rounds):
        sums = [np.bincount(rows, channel[ends], len(loose)) for channel in found.T]
        means = np.stack(sums, axis=1) / counts[:, None]
        found[loose] = kept * first[loose] + (1 - kept) * means
    return found
