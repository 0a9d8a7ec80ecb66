"""Nearest neighbours; the only user of pykdtree."""

import numpy as np
from numpy.typing import NDArray
from pykdtree.kdtree import KDTree

from onet_cli._ext import neighbours as kernel
from onet_cli.errors import EmptySurfaceError, InvalidGeometryError

_FEWEST_TO_SORT = 4096
"""Fewer queries are faster unsorted."""

_FARTHEST = 1e18  # from twice that on, squared distances overflow float32

_CURVE_CELLS = 32**3

_MOST_NEAREST = 10**6


def nearest(
    queries: NDArray[np.floating], targets: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the distance from each of `queries` (N, 3) to the nearest of `targets`, and its index.

    Both are (N,). Distances are computed in float32, which resolves 1e-7 of the unit cube, on
    OMP_NUM_THREADS cores.

    Raises:
        EmptySurfaceError: there are no targets.
        InvalidGeometryError: not (N, 3), or a coordinate is no number within 1e18.
    """
    tree, queries = _tree(targets), _checked(queries)
    if len(queries) < _FEWEST_TO_SORT:
        distances, indices = tree.query(queries)
        return distances, indices.astype(np.int64)
    # Spatially sorted queries find their part of the tree in the cache.
    order = _along_curve(queries)
    found_distances, found_indices = tree.query(queries[order])
    distances = np.empty(len(queries), dtype=np.float32)
    indices = np.empty(len(queries), dtype=np.int64)
    distances[order], indices[order] = found_distances, found_indices
    return distances, indices


def nearest_few(
    queries: NDArray[np.floating], targets: NDArray[np.floating], count: int, within: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the distances from `queries` (N, 3) to their `count` nearest targets, and the indices.

    Both are (N, count), the nearest first. If fewer are nearer than `within`, the remaining
    distances are infinite and their indices 0.

    Raises:
        EmptySurfaceError: there are no targets.
        InvalidGeometryError: not (N, 3), or a coordinate is no number within 1e18.
        ValueError: `count` is not within 1..1e6.
    """
    if not 1 <= count <= _MOST_NEAREST:
        raise ValueError(f"the number of neighbours, {count}, is not within 1..{_MOST_NEAREST}")
    tree, queries = _tree(targets), _checked(queries)
    found, near = tree.query(queries, k=count, distance_upper_bound=within)
    distances: NDArray[np.float32] = found.reshape(len(queries), count)
    indices = near.reshape(len(queries), count).astype(np.int64)
    indices[~np.isfinite(distances)] = 0
    return distances, indices


def _tree(targets: NDArray[np.floating]) -> KDTree:
    """Return the k-d tree of `targets` (M, 3), of which there must be at least one."""
    if len(targets) == 0:
        raise EmptySurfaceError("there are no points to be near to")
    return KDTree(_checked(targets))


def _checked(points: NDArray[np.floating]) -> NDArray[np.float32]:
    points = np.ascontiguousarray(points, dtype=np.float32)
    if points.ndim != 2 or points.shape[1] != 3:
        raise InvalidGeometryError(f"points must be (N, 3), not {points.shape}")
    if not (np.abs(points) <= _FARTHEST).all():  # written so that NaN is refused too
        raise InvalidGeometryError(
            "a point has a coordinate that is not finite, or is out of reach"
        )
    return points


def _along_curve(points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the order of `points` (N, 3) along a Z-curve.

    Source: Morton, A Computer Oriented Geodetic Data Base, IBM 1966.
    """
    order = np.empty(len(points), dtype=np.int64)
    keys, starts = np.empty(len(points), np.int32), np.empty(_CURVE_CELLS + 1, np.int32)
    kernel.sort_along_curve(points, keys, starts, order)
    return order
