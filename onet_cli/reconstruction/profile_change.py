"""A change of a field that is sampled along the rays of the image; `profiles` makes it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import profiles as _profiles
from onet_cli.geometry.picture_frame import look
from onet_cli.reconstruction.ray_maps import Map, slopes_of

OUTSIDE = 8.0
"""Decrease of the greatest height with the distance from the samples, in logits per sample."""


@dataclass(frozen=True)
class ProfileChange:
    """Changes of a field of the picture's frame.

    Attributes:
        volume: (S, S, D, 3) along each ray: what is added to the field, in logits; profiles to
            which it is raised; and the greatest height above the level to which it is raised.
            Outside of the picture and of the sampled depths this soon changes nothing.
        elevation: of the camera, in radians.
        kappa: its perspective per half image edge.
        nearest: the last sample of a ray, in half image edges; the first is as far behind.
    """

    volume: NDArray[np.float32]
    elevation: float
    kappa: float
    nearest: float

    def change(
        self, points: NDArray[np.floating], logits: NDArray[np.float32], level: float
    ) -> NDArray[np.float32]:
        """Return the changed `logits` (N,) of a field at `points` (N, 3) of the network's cube."""
        added, profile, height = self._sample(points).T
        found = np.maximum(logits + added, np.minimum(profile, level + height))
        changed: NDArray[np.float32] = found.astype(np.float32)
        return changed

    def change_with_gradient(
        self,
        points: NDArray[np.floating],
        logits: NDArray[np.float32],
        gradients: NDArray[np.float32],
        level: float,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the changed `logits` (N,) and `gradients` (N, 3) of a field at `points` (N, 3)."""
        added, profile, height = self._sample(points).T
        by_added, by_profile, by_height = slopes_of(self._sample, points.astype(np.float64))
        own, raised = logits + added, np.minimum(profile, level + height)
        capped = profile > level + height
        filled = np.where(capped[:, None], by_height, by_profile)
        higher = (raised > own)[:, None]
        return np.maximum(own, raised), np.where(higher, filled, gradients + by_added)

    def _sample(self, points: NDArray[np.floating]) -> Map:
        seen, near = look(points.astype(np.float64), self.elevation, self.kappa)
        rows, columns, layers, kinds = self.volume.shape
        places = np.empty((len(points), 3))
        places[:, 0] = (seen[:, 1] + 1) * (rows / 2) - 0.5
        places[:, 1] = (seen[:, 0] + 1) * (columns / 2) - 0.5
        places[:, 2] = (near + self.nearest) * ((layers - 1) / (2 * self.nearest))
        found = np.empty((len(points), kinds))
        _profiles.sample(self.volume, places, found)
        least, most = np.array([-0.5, -0.5, 0]), np.array([rows - 0.5, columns - 0.5, layers - 1])
        outside = np.maximum(np.maximum(least - places, places - most), 0).max(axis=1)
        found[:, 0] *= np.maximum(1 - outside, 0)
        found[:, 2] -= OUTSIDE * outside
        return found
