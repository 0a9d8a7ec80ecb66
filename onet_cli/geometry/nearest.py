"""Nearest neighbours. The home of pykdtree."""

import numpy as np
from numpy.typing import NDArray
from pykdtree.kdtree import KDTree

from onet_cli.errors import EmptySurfaceError


def nearest(
    queries: NDArray[np.floating], targets: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the distance from each of `queries` (N, 3) to the nearest of `targets`, and its index.

    Both are (N,). Distances are computed in float32, which resolves 1e-7 of the unit cube.

    Raises:
        EmptySurfaceError: there are no targets.
    """
    if len(targets) == 0:
        raise EmptySurfaceError("there are no points to be near to")
    tree = KDTree(np.ascontiguousarray(targets, dtype=np.float32))
    distances, indices = tree.query(np.ascontiguousarray(queries, dtype=np.float32))
    return distances, indices.astype(np.int64)
