"""Views with known cameras: from the data set's unit cube to a network's cube, and back."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.geometry.picture_frame import to_cube
from onet_cli.models.frame import PictureCamera
from onet_cli.reconstruction.upright import Points, to_picture


@dataclass(frozen=True)
class SeenView:
    """A view with a known camera, for a network that predicts another elevation.

    Raises:
        ValueError: the camera is unknown.
    """

    camera: PictureCamera
    elevation: float

    @classmethod
    def of(cls, row: NDArray[np.floating], guess: NDArray[np.floating]) -> "SeenView":
        """Return the view for the camera `row` (8,) and the network's prediction `guess` (1, 2)."""
        if np.isnan(row).any():
            raise ValueError("the camera of this view is unknown")
        rows = torch.from_numpy(np.asarray(row, np.float64))[None]
        return cls(PictureCamera.from_rows(rows), float(guess[0, 0]))

    def to_network(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the data set's unit cube to the network's cube."""
        return to_cube(self.to_picture(points)).astype(np.float64)

    def to_picture(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the data set's unit cube to the picture's frame."""
        given = torch.from_numpy(np.asarray(points, np.float64))[None]
        return self.camera.to_picture(given, self._elevation)[0].numpy()

    def to_unit(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the network's cube to the data set's unit cube."""
        places = torch.from_numpy(to_picture(points))[None]
        return self.camera.from_picture(places, self._elevation)[0].numpy()

    def turned(self, points: Points) -> NDArray[np.float64]:
        """Rotate `points` (N, 3) from a file's unit cube to the data set's azimuth."""
        x, y, z = np.asarray(points, np.float64).T
        sine, cosine = float(self.camera.azimuth.sin()), float(self.camera.azimuth.cos())
        return np.stack([x * cosine + z * sine, y, z * cosine - x * sine], axis=1)

    @property
    def _elevation(self) -> Tensor:
        return torch.tensor([self.elevation], dtype=torch.float64)
