"""The turn about the upright axis at which a prediction fits best, for `--align yaw`."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry import yaw
from onet_cli.geometry.yaw import turn
from onet_cli.shapes.shape import OccupancySamples

__all__ = ["best_turn", "turn"]

TRIED_POINTS = 2_048
"""Stored points, the first, that choose among the turns: they are stored in random order."""


def best_turn(
    contains: Callable[[NDArray[np.float32]], NDArray[np.bool_]], occupancy: OccupancySamples
) -> float:
    """Return by how many degrees about +y to turn a prediction for the best IoU; 0 if all tie.

    `contains` tells which of points (N, 3) are inside the prediction as it is.
    """
    points = occupancy.points[:TRIED_POINTS].astype(np.float32)
    return yaw.best_turn(contains, points, occupancy.occupancies[:TRIED_POINTS])[0]
