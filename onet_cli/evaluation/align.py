"""Rotation about the vertical axis with the best IoU, for `--align yaw`."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry import yaw
from onet_cli.geometry.yaw import turn
from onet_cli.shapes.shape import OccupancySamples

__all__ = ["best_turn", "turn"]

TRIED_POINTS = 2_048
"""Number of leading stored points used for the search; they are in random order."""


def best_turn(
    contains: Callable[[NDArray[np.float32]], NDArray[np.bool_]], occupancy: OccupancySamples
) -> float:
    """Return the rotation in degrees about +y with the best IoU; 0 if all are equal.

    `contains` returns which of points (N, 3) are inside the unrotated prediction.
    """
    points = occupancy.points[:TRIED_POINTS].astype(np.float32)
    return yaw.best_turn(contains, points, occupancy.occupancies[:TRIED_POINTS])[0]
