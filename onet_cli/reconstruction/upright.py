"""Transforms between the cube of a network of the picture's frame and upright meshes.

`models.frame` explains the frames. `Standing` maps a photo's mesh to the unit cube of its own
bounding box, upright and with the camera at azimuth 0. For views with known cameras, `SeenView`
maps the data set's unit cube to the network's cube.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.models.frame import PictureCamera, from_cube, to_cube

Points = NDArray[np.floating]


@dataclass(frozen=True)
class Standing:
    """Transform between the picture's frame and the unit cube of the mesh file.

    `centre` (3,) and `edge`, in half image edges, are the centre and the longest edge of the
    bounding box with the smallest footprint among rotations about +y.
    """

    centre: tuple[float, float, float]
    edge: float

    @classmethod
    def of(cls, vertices: Points) -> "Standing":
        """Return the transform of the mesh with `vertices` (V, 3) in the network's cube."""
        places = _picture(vertices)
        low, high = places[:, 1].min(), places[:, 1].max()
        (x, z), width = footprint(places[:, [0, 2]])
        return cls((x, float(low + high) / 2, z), max(width, float(high - low), 1e-6))

    def to_unit(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the network's cube to the file's unit cube."""
        found: NDArray[np.float64] = (_picture(points) - self.centre) / self.edge
        return found

    def to_network(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the file's unit cube to the network's cube."""
        places = np.asarray(points, np.float64) * self.edge + self.centre
        return to_cube(torch.from_numpy(places)).numpy()


@dataclass(frozen=True)
class SeenView:
    """A view with a known camera, for a network that predicts another elevation.

    Raises:
        ValueError: the camera is unknown.
    """

    camera: PictureCamera
    elevation: float

    @classmethod
    def of(cls, row: NDArray[np.floating], guess: Tensor) -> "SeenView":
        """Return the view for the camera `row` (8,) and the network's prediction `guess` (1, 2)."""
        if np.isnan(row).any():
            raise ValueError("the camera of this view is unknown")
        rows = torch.from_numpy(np.asarray(row, np.float64))[None]
        return cls(PictureCamera.from_rows(rows), float(guess[0, 0]))

    def to_network(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the data set's unit cube to the network's cube."""
        return to_cube(torch.from_numpy(self.to_picture(points))).numpy()

    def to_picture(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the data set's unit cube to the picture's frame."""
        given = torch.from_numpy(np.asarray(points, np.float64))[None]
        return self.camera.to_picture(given, self._elevation)[0].numpy()

    def to_unit(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the network's cube to the data set's unit cube."""
        places = torch.from_numpy(_picture(points))[None]
        return self.camera.from_picture(places, self._elevation)[0].numpy()

    def turned(self, points: Points) -> NDArray[np.float64]:
        """Rotate `points` (N, 3) from a file's unit cube to the data set's azimuth."""
        x, y, z = np.asarray(points, np.float64).T
        sine, cosine = float(self.camera.azimuth.sin()), float(self.camera.azimuth.cos())
        return np.stack([x * cosine + z * sine, y, z * cosine - x * sine], axis=1)

    @property
    def _elevation(self) -> Tensor:
        return torch.tensor([self.elevation], dtype=torch.float64)


ANGLES = 90
"""Angles tried per round, in steps of 1 degree, then of about 1/50 degree."""


def footprint(places: NDArray[np.float64]) -> tuple[tuple[float, float], float]:
    """Return the centre and the longer side of the minimum-area rectangle around `places` (N, 2).

    Its rotation is found to about 1/50 degree.
    """
    best, step = 0.0, np.radians(90.0) / ANGLES
    for number in range(2):
        around = np.arange(ANGLES) if number == 0 else np.arange(ANGLES) - ANGLES // 2
        angles = best + around * step
        best = float(angles[np.argmin(_sides(places, angles).prod(axis=1))])
        step /= ANGLES / 2
    cosine, sine = np.cos(best), np.sin(best)
    axes = np.array([[cosine, sine], [-sine, cosine]])
    along = places @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    x, z = (low + high) / 2 @ axes
    return (float(x), float(z)), float((high - low).max())


def _sides(places: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sides (A, 2) of bounding rectangles of `places` (N, 2) at `angles` (A,)."""
    axes = np.stack([angles, angles + np.pi / 2])
    along = places @ np.stack([np.cos(axes), np.sin(axes)]).reshape(2, -1)
    sides: NDArray[np.float64] = np.ptp(along, axis=0).reshape(2, -1).T
    return sides


def _picture(points: Points) -> NDArray[np.float64]:
    """Map `points` (N, 3) from the network's cube to the picture's frame."""
    return from_cube(torch.from_numpy(np.asarray(points, np.float64))).numpy()
