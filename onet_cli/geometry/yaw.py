"""Rotations about the upright axis, and the one at which a prediction fits best."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

TURNS = 36
"""Number of rotations tested, at regular steps around the circle."""


def turn(points: NDArray[np.floating], degrees: float) -> NDArray[np.float64]:
    """Return `points` (N, 3) rotated about +y by `degrees`, from +z towards +x."""
    x, y, z = np.asarray(points, np.float64).T
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([x * cosine + z * sine, y, z * cosine - x * sine], axis=1)


def best_turn(
    contains: Callable[[NDArray[np.float32]], NDArray[np.bool_]],
    points: NDArray[np.floating],
    target: NDArray[np.bool_],
) -> tuple[float, float]:
    """Return the rotation about +y, in degrees, with a prediction's best IoU, and that IoU.

    The rotation is 0 if all tie, the IoU 0 if no point is inside either.

    Args:
        contains: returns which of points (N, 3) are inside the unrotated prediction.
        points: (N, 3) at which prediction and truth are compared.
        target: (N,) whether each is inside the truth.
    """
    turns = np.arange(TURNS) * (360 / TURNS)
    # Points are cheaper to rotate than a mesh, and all rotations are evaluated at once.
    queries = np.concatenate([turn(points, -degrees) for degrees in turns])
    inside = contains(queries.astype(np.float32)).reshape(TURNS, len(points))
    joint, either = (inside & target).sum(axis=1), (inside | target).sum(axis=1)
    ious = joint / np.maximum(either, 1)
    best = int(np.argmax(ious))
    return float(turns[best]), float(ious[best])
