"""A body of revolution that replaces a field; `roundness` finds it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import from_cube, look
from onet_cli.reconstruction.ray_maps import Map, sample_map, slopes_of

STEP = 0.025
"""Step of the radii and heights of a body, in half image edges."""


class Axis(NamedTuple):
    """The vertical axis of a round object, in the picture's frame: x, z, and trust, 0 to 1."""

    x: float
    z: float
    trust: float


@dataclass(frozen=True)
class Revolution:
    """A body of revolution in place of a field of the picture's frame.

    Attributes:
        table: (H, R) logits above the level, at heights around 0 and radii from 0, `STEP` apart.
        weights: (S, S) per ray of the image: how much of the field is replaced, 0 to 1.
        axis: The body's axis.
        elevation: of the camera, in radians.
        kappa: its perspective per half image edge.
    """

    table: Map
    weights: Map
    axis: Axis
    elevation: float
    kappa: float

    def change(
        self, points: NDArray[np.floating], logits: NDArray[np.float32], level: float
    ) -> NDArray[np.float32]:
        """Return the changed `logits` (N,) of a field at `points` (N, 3) of the network's cube."""
        heights, weights = self._sample(points.astype(np.float64)).T
        changed: NDArray[np.float32] = logits + weights * (level + heights - logits)
        return changed.astype(np.float32)

    def change_with_gradient(
        self,
        points: NDArray[np.floating],
        logits: NDArray[np.float32],
        gradients: NDArray[np.float32],
        level: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the changed `logits` (N,) and `gradients` (N, 3) of a field at `points` (N, 3)."""
        places = points.astype(np.float64)
        heights, weights = self._sample(places).T
        by_heights, by_weights = slopes_of(self._sample, places)
        apart = level + heights - logits
        mixed = gradients + weights[:, None] * (by_heights - gradients)
        return logits + weights * apart, mixed + apart[:, None] * by_weights

    def _sample(self, points: Map) -> Map:
        """Return the body's logits above the level, and the weights, (N, 2)."""
        seen, _ = look(points, self.elevation, self.kappa)
        # The weights of the border continue outside of the image.
        border = 1 - 1 / len(self.weights)
        weights = sample_map(self.weights[..., None], np.clip(seen, -border, border))[:, 0]
        return np.stack([look_up(self.table, from_cube(points), self.axis), weights], axis=1)


def look_up(table: Map, places: NDArray[np.floating], axis: Axis) -> Map:
    """Return the values (...) of a `table` (H, R) at `places` (..., 3) of the picture's frame.

    Bilinear; beyond the table those of its border.
    """
    rows, columns = table.shape
    radius = np.hypot(places[..., 0] - axis.x, places[..., 2] - axis.z) / STEP
    height = places[..., 1] / STEP + (rows - 1) / 2
    across, up = np.clip(radius, 0, columns - 1), np.clip(height, 0, rows - 1)
    column = np.minimum(across.astype(np.int64), columns - 2)
    row = np.minimum(up.astype(np.int64), rows - 2)
    right, above = across - column, up - row
    lower = (1 - right) * table[row, column] + right * table[row, column + 1]
    upper = (1 - right) * table[row + 1, column] + right * table[row + 1, column + 1]
    found: Map = (1 - above) * lower + above * upper
    return found
