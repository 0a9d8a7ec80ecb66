"""How much polygons cross themselves, by tests of pairs of edges."""

import numpy as np
from numpy.typing import NDArray

_MOST_PAIRS = 1 << 16
"""Pairs of edges tested of one polygon: all up to 363 corners, else a sample."""
_BATCH = 1 << 19  # pairs per batch; bounds the memory


def crossing_shares(polygons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (P,) the share of the pairs of edges that cross, for polygons (P, n, 2).

    Edges that only touch do not cross. Of a polygon with more than 363 corners a fixed sample of
    65 536 pairs is tested.
    """
    count, size = polygons.shape[:2]
    first, second = _pairs(size)
    shares = np.zeros(count)
    step = max(1, _BATCH // max(len(first), 1))
    for begin in range(0, count, step):
        batch = polygons[begin : begin + step]
        ends = np.roll(batch, -1, axis=1)
        a, b, c, d = batch[:, first], ends[:, first], batch[:, second], ends[:, second]
        apart = _side(a, b, c) * _side(a, b, d) < 0
        both = apart & (_side(c, d, a) * _side(c, d, b) < 0)
        shares[begin : begin + step] = both.sum(axis=1) / max(len(first), 1)
    return shares


def _pairs(size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return pairs of edges 0..size-1 that are not neighbours, all or a fixed sample."""
    if size * (size - 3) // 2 <= _MOST_PAIRS:
        first, second = np.triu_indices(size, 2)
        apart = second - first < size - 1
        return first[apart], second[apart]
    rng = np.random.default_rng(0)
    first = rng.integers(0, size, _MOST_PAIRS)
    return first, (first + rng.integers(2, size - 1, _MOST_PAIRS)) % size


def _side(
    start: NDArray[np.float64], end: NDArray[np.float64], point: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return twice the signed area of triangles (..., 2): positive if `point` lies to the left."""
    way, off = end - start, point - start
    area: NDArray[np.float64] = way[..., 0] * off[..., 1] - way[..., 1] * off[..., 0]
    return area
