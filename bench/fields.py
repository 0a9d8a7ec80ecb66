"""The occupancy fields that the benchmarks of grids and surfaces share."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Field = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def ring(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the depth below a torus at `points` (N, 3): smooth everywhere it is looked at."""
    x, y, z = points.T
    return np.float32(0.1) - np.hypot(np.hypot(x, z) - np.float32(0.3), y)


def table(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the depth below a top on four legs at `points` (N, 3): flat, sharp and thin."""
    x, y, z = np.abs(points[:, 0]), points[:, 1], np.abs(points[:, 2])
    top = np.maximum(np.maximum(x - 0.5, z - 0.35), np.abs(y - 0.25) - 0.02)
    leg = np.maximum(np.maximum(np.abs(x - 0.45), np.abs(z - 0.3)) - 0.02, np.abs(y) - 0.25)
    return (-np.minimum(top, leg)).astype(np.float32)


FIELDS: dict[str, Field] = {"ring": ring, "table": table}
