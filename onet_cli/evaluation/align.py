"""The turn about the upright axis at which a prediction fits best, for `--align yaw`."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.shape import OccupancySamples

Align = Literal["none", "yaw"]

TURNS = 36
"""Turns that are tried, at even steps round the circle."""

TRIED_POINTS = 2_048
"""Stored points, the first, that choose among them: they are stored in random order."""


def best_turn(
    contains: Callable[[NDArray[np.float32]], NDArray[np.bool_]], occupancy: OccupancySamples
) -> float:
    """Return by how many degrees about +y to turn a prediction for the best IoU; 0 if all tie.

    `contains` tells which of points (N, 3) are inside the prediction as it is.
    """
    points = occupancy.points[:TRIED_POINTS].astype(np.float32)
    target = occupancy.occupancies[:TRIED_POINTS]
    turns = np.arange(TURNS) * (360 / TURNS)
    # Points are cheaper to turn than a mesh, and all in one go.
    queries = np.concatenate([turn(points, -degrees) for degrees in turns])
    inside = contains(queries.astype(np.float32)).reshape(TURNS, len(points))
    joint, either = (inside & target).sum(axis=1), (inside | target).sum(axis=1)
    return float(turns[np.argmax(joint / np.maximum(either, 1))])


def turn(points: NDArray[np.floating], degrees: float) -> NDArray[np.float64]:
    """Return `points` (N, 3) turned about +y by `degrees`, from +z towards +x."""
    x, y, z = np.asarray(points, np.float64).T
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.stack([x * cosine + z * sine, y, z * cosine - x * sine], axis=1)
