"""Bridges between the pieces of a solid, where a field nearly connects them.

A thin leg about which a network is uncertain comes out in pieces, with gaps in which the field is
slightly below the iso-level. Along the cheapest path through each such gap the field is raised
above the iso-level by a bump that fades within a few lattice steps.
"""

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import bridges as kernel

Lattice = NDArray[np.float32]

LEAST_PIECE = 0.001
"""Smallest share of the inside points for which a piece gets a bridge."""

STEP_COST = 0.05
"""Cost per step, added to the field's deficit: of otherwise equal paths the shortest wins."""

MARGIN = 0.25
"""How far above the iso-level a bridge is raised."""

WIDTH = 2.0
"""Standard deviation of a bump, in lattice steps."""


def lift_gaps(logits: Lattice, level: float, limit: float) -> Lattice | None:
    """Return the field to add to `logits` to join the pieces; None if there is nothing to add.

    Each piece of the points at or above `level` is joined to the largest, directly or through
    others, by the path with the smallest deficit, if the field is nowhere below `level` - `limit`
    on it.

    Args:
        logits: a field on a lattice (N, N, N); where it is unknown and low, -inf.
        level: iso-level.
        limit: maximum deficit below `level` on a path.

    Raises:
        ValueError: the lattice is no cube.
    """
    _check_cube(logits)
    flat = np.ascontiguousarray(logits, dtype=np.float32).ravel()
    least = np.empty(flat.size, dtype=np.int64)
    kernel.label(flat.reshape(logits.shape), level, least)
    pieces, sizes = np.unique(least[least >= 0], return_counts=True)
    if len(pieces) < 2:
        return None
    cost, before = np.empty(flat.size), np.empty(flat.size, dtype=np.int32)
    start = int(pieces[sizes.argmax()])
    kernel.flood(flat, len(logits), least, start, level, limit, STEP_COST, cost, before)
    lift = np.zeros_like(logits)
    for piece in pieces[(sizes >= LEAST_PIECE * sizes.sum()) & np.isfinite(cost[pieces])]:
        point = int(piece)
        while point >= 0:
            if least[point] < 0:
                _raise_around(lift, logits, level, point)
            point = int(before[point])
    return lift if lift.any() else None


def largest_piece(logits: Lattice, level: float) -> float:
    """Return the share of the points at or above `level` in their largest piece.

    0 if there are none.

    Args:
        logits: a field on a lattice (N, N, N).
        level: iso-level.

    Raises:
        ValueError: the lattice is no cube.
    """
    _check_cube(logits)
    least = np.empty(logits.size, dtype=np.int64)
    kernel.label(np.ascontiguousarray(logits, dtype=np.float32), level, least)
    _, sizes = np.unique(least[least >= 0], return_counts=True)
    return float(sizes.max() / sizes.sum()) if len(sizes) else 0.0


def _check_cube(logits: Lattice) -> None:
    if logits.ndim != 3 or len(set(logits.shape)) != 1:
        raise ValueError(f"the lattice must be (N, N, N), not {logits.shape}")


def _raise_around(lift: Lattice, logits: Lattice, level: float, point: int) -> None:
    """Raise `lift` around `point`, at `point` itself to `MARGIN` above the iso-level."""
    reach = int(3 * WIDTH)
    place = np.array(np.unravel_index(point, lift.shape))
    low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, lift.shape)
    box = tuple(slice(*ends) for ends in zip(low, high, strict=True))
    x, y, z = (
        np.exp(-((np.arange(*ends) - middle) ** 2) / (2 * WIDTH**2))
        for *ends, middle in zip(low, high, place, strict=True)
    )
    bump = x[:, None, None] * y[:, None] * z
    height = level - float(logits.flat[point]) + MARGIN
    lift[box] = np.maximum(lift[box], height * bump)
