"""Bridges between the pieces of a solid, where a field nearly joins them already.

A leg that is thinner than a network can be sure of comes out in pieces, with gaps in which the
field stays little below the level of its surface. Along the best path through each such gap the
field is lifted above the level, by a bump that fades within a few steps of a lattice.
"""

import numpy as np
from numpy.typing import NDArray

Lattice = NDArray[np.float32]

LEAST_PIECE = 0.001
"""Share of the inside points that a piece holds to be worth a bridge."""

STEP_COST = 0.05
"""What a step costs beside what the field lacks there: among equal paths the shortest is best."""

MARGIN = 0.25
"""How far above the level a bridge is lifted."""

WIDTH = 2.0
"""Deviation of a bump, in steps of the lattice."""


def lift_gaps(logits: Lattice, level: float, limit: float) -> Lattice | None:
    """Return what to add to `logits` so that pieces become one; None if nothing is to be added.

    Each piece of the points from `level` up is joined to the largest, directly or through others,
    by the path on which the field lacks least, if that is nowhere below `level` - `limit`.

    Args:
        logits: a field on a lattice (N, N, N); where it is unknown and low, -inf.
        level: of the surface.
        limit: how far below it a bridge may start from.
    """
    from scipy.ndimage import label

    pieces, count = label(logits >= level)
    if count < 2:
        return None
    sizes = np.bincount(pieces.ravel())[1:]
    points = np.flatnonzero((logits >= level - limit) & (pieces == 0))
    cost, before = _flood(logits, level, pieces, count, points, int(sizes.argmax()))
    lift = np.zeros_like(logits)
    for piece in np.flatnonzero((sizes >= LEAST_PIECE * sizes.sum()) & np.isfinite(cost[:count])):
        node = before[piece]
        while node >= 0:
            if node >= count:
                _raise_around(lift, logits, level, int(points[node - count]))
            node = before[node]
    return lift if lift.any() else None


def _flood(
    logits: Lattice,
    level: float,
    pieces: NDArray[np.int32],
    count: int,
    points: NDArray[np.int64],
    start: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return what the best way from piece `start` to each node costs, and the node before.

    Nodes are the `count` pieces, in which nothing costs anything, and after them the `points`
    between them, by number. A node before nothing is negative.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    nodes = count + len(points)
    node = pieces.ravel().astype(np.int64) - 1
    node[points] = np.arange(count, nodes)
    lack = np.concatenate([np.zeros(count), level - logits.ravel()[points]])
    grid = node.reshape(logits.shape)
    first, second = np.concatenate([_links(grid, axis, count) for axis in range(3)], axis=1)
    weights = STEP_COST + (lack[first] + lack[second]) / 2
    # A piece may touch a point on several sides, and the matrix would add them up.
    _, single = np.unique(first * nodes + second, return_index=True)
    parts = (weights[single], (first[single], second[single]))
    graph = coo_array(parts, shape=(nodes, nodes)).tocsr()
    cost, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    return cost, before


def _links(grid: NDArray[np.int64], axis: int, count: int) -> NDArray[np.int64]:
    """Return the pairs (2, L) of nodes next to each other on an axis, the lower one first.

    Of two pieces, the first `count` nodes, none are next to each other.
    """
    along = np.moveaxis(grid, axis, 0)
    one, other = along[:-1].ravel(), along[1:].ravel()
    there = (np.minimum(one, other) >= 0) & (np.maximum(one, other) >= count)
    pair: NDArray[np.int64] = np.sort([one[there], other[there]], axis=0)
    return pair


def _raise_around(lift: Lattice, logits: Lattice, level: float, point: int) -> None:
    """Raise `lift` around `point`, there to `MARGIN` above what is missing to the level."""
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
