"""Rotation and scaling of a mesh before its conversion."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError

Up = Literal["y", "z"]

_Z_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Maps a frame with +z up and front -y to ours with +y up and front +z."""


@dataclass(frozen=True)
class Placement:
    """Rotation, then scaling to a size, then a rotation about the vertical axis.

    `rotation` is a 3 x 3 matrix in row-major order. `size` is the target extent along x (width),
    y (height) and z (depth) in centimetres. `front` rotates the scaled mesh about +y, in degrees,
    so that its front faces +z.
    """

    rotation: tuple[float, ...] | None = None
    size: tuple[float, float, float] | None = None
    front: float = 0.0

    def matrix(self, vertices: NDArray[np.floating], up: Up = "y") -> NDArray[np.float64]:
        """Return the (3, 3) matrix that places `vertices` (V, 3), whose upward axis is `up`.

        Raises:
            SourceError: the placement is singular or not finite.
        """
        first = _Z_UP if up == "z" else np.eye(3)
        if self.rotation is not None:
            first = np.reshape(self.rotation, (3, 3)) @ first
        placed = _about_y(self.front) @ np.diag(self._stretch(vertices @ first.T)) @ first
        largest = float(np.abs(placed).max()) or 1.0  # its cube may overflow
        if not (np.isfinite(placed).all() and abs(np.linalg.det(placed / largest)) > 1e-12):
            raise SourceError("its rotation and size are singular or not finite")
        return placed

    def _stretch(self, vertices: NDArray[np.floating]) -> NDArray[np.float64]:
        if self.size is None:
            return np.ones(3)
        if not all(np.isfinite(edge) and edge > 0 for edge in self.size):
            raise SourceError(f"its size {self.size} is not three positive numbers")
        extent = np.ptp(np.asarray(vertices, dtype=np.float64), axis=0)
        # An axis without extent is not scaled.
        flat = extent <= 1e-9 * extent.max()
        stretch: NDArray[np.float64] = np.where(flat, 1.0, self.size / np.where(flat, 1, extent))
        return stretch


def _about_y(degrees: float) -> NDArray[np.float64]:
    # Quarter turns are exact, so that axis-aligned edges stay axis-aligned.
    if degrees % 90 == 0:
        cos, sin = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][int(degrees // 90) % 4]
    else:
        cos, sin = float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
