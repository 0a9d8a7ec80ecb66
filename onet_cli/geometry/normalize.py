"""The unit cube: the frame of every network, sample and metric of this package."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import InvalidGeometryError

PADDING = 0.1
"""Padding of the sampled cube, as a share of the unit cube's edge."""

CUBE_EDGE = 1.0 + PADDING
"""Edge of the cube, centred at the origin, in which occupancy is sampled and extracted."""


@dataclass(frozen=True)
class UnitCube:
    """The similarity that maps a shape to the unit cube: `unit = (point - centre) / scale`.

    `centre` is the centre of the shape's bounding box and `scale` its longest edge, both in the
    units of the source.
    """

    centre: tuple[float, float, float]
    scale: float

    @classmethod
    def around(cls, points: NDArray[np.floating]) -> "UnitCube":
        """Return the unit cube of `points` (N, 3).

        Raises:
            InvalidGeometryError: there is no point, one is not finite, or all coincide.
        """
        if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
            raise InvalidGeometryError(f"points must be (N, 3) with N > 0, not {points.shape}")
        lower, upper = points.min(axis=0).astype(float), points.max(axis=0).astype(float)
        scale = float((upper - lower).max())
        if not np.isfinite(scale) or scale <= 0:
            raise InvalidGeometryError("the shape has no finite extent")
        x, y, z = ((lower + upper) / 2).tolist()
        return cls((x, y, z), scale)

    def to_unit(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return `points` (N, 3) of the source frame in the unit-cube frame."""
        unit: NDArray[np.float64] = (np.asarray(points, np.float64) - self.centre) / self.scale
        return unit

    def from_unit(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return `points` (N, 3) of the unit-cube frame in the source frame."""
        source: NDArray[np.float64] = np.asarray(points, np.float64) * self.scale + self.centre
        return source
