"""The photo's own point of view of the mesh that was made from it."""

import math
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from onet_cli.geometry.camera import Camera
from onet_cli.reconstruction.upright import Standing

LEAST_KAPPA = 1e-3
"""A parallel projection is drawn from this far: points move by a thousandth of the picture."""


@dataclass(frozen=True)
class Viewpoint:
    """The camera of the photo as the network takes it to be, in the frame of the mesh's file.

    `elevation` is in radians, `kappa` the perspective per half edge of the prepared picture
    (`models.frame`), `standing` how the mesh lies in its file.
    """

    elevation: float
    kappa: float
    standing: Standing

    @classmethod
    def of(cls, camera: Tensor, standing: Standing) -> "Viewpoint":
        """Return the viewpoint of `camera` (1, 2), elevation and kappa."""
        elevation, kappa = (float(value) for value in camera[0].detach())
        return cls(elevation, kappa, standing)

    @property
    def elevation_deg(self) -> float:
        """How high above the object the photo is taken to have been made, in degrees."""
        return math.degrees(self.elevation)

    def camera(self, size: int) -> Camera:
        """Return the camera of the prepared picture at `size` x `size` pixels.

        What `models.frame.look` sees at (u, v) it shows at pixel ((u + 1) / 2, (v + 1) / 2) * size.
        """
        cosine, sine = math.cos(self.elevation), math.sin(self.elevation)
        turn = np.array([[1, 0, 0], [0, -cosine, sine], [0, -sine, -cosine]])
        # In half edges of the picture the camera stands 1 / kappa before the object's middle.
        away = 1 / max(self.kappa, LEAST_KAPPA)
        move = (turn @ self.standing.centre + [0, 0, away]) / self.standing.edge
        focal, middle = away * size / 2, size / 2
        lens = np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1]])
        world = np.column_stack([turn, move])
        return Camera(world.astype(np.float32), lens.astype(np.float32))
