"""The photo's own point of view of the mesh that was made from it."""

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from trimesh import Trimesh

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.yaw import turn
from onet_cli.reconstruction.upright import SeenView, Standing

LEAST_KAPPA = 1e-3
"""A parallel projection is drawn from this far: points move by a thousandth of the picture."""


@dataclass(frozen=True)
class Viewpoint:
    """The camera of the photo as the network takes it to be, in the frame of the mesh's file.

    `elevation` is in radians, `kappa` the perspective per half edge of the prepared picture
    (`models.frame`), `standing` how the mesh lies in its file before it is turned about +y by
    `azimuth`, in radians from +z towards +x: so far around it the photo was taken.
    """

    elevation: float
    kappa: float
    standing: Standing
    azimuth: float = 0.0

    @classmethod
    def of(cls, camera: Tensor, standing: Standing) -> "Viewpoint":
        """Return the viewpoint of `camera` (1, 2), elevation and kappa."""
        elevation, kappa = (float(value) for value in camera[0].detach())
        return cls(elevation, kappa, standing)

    @classmethod
    def known(cls, row: NDArray[np.floating]) -> "Viewpoint | None":
        """Return that of a data set's view by its camera `row` (8,), None if that is not known.

        It is in the frame of the data set's unit cube.
        """
        if np.isnan(row).any():
            return None
        kappa = float(row[2] / row[3])
        seen = SeenView.of(row, torch.tensor([[float(row[1]), kappa]]))
        x, y, z = (float(value) for value in seen.to_picture(np.zeros((1, 3)))[0])
        return cls(float(row[1]), kappa, Standing((x, y, z), float(row[3])), float(row[0]))

    @property
    def elevation_deg(self) -> float:
        """How high above the object the photo is taken to have been made, in degrees."""
        return math.degrees(self.elevation)

    @property
    def azimuth_deg(self) -> float:
        """How far around the mesh the photo was taken, in degrees; 0 is from +z."""
        return math.degrees(self.azimuth)

    def camera(self, size: int) -> Camera:
        """Return the camera of the prepared picture at `size` x `size` pixels.

        What `models.frame.look` sees at (u, v) it shows at pixel ((u + 1) / 2, (v + 1) / 2) * size.
        """
        cosine, sine = math.cos(self.elevation), math.sin(self.elevation)
        stand = np.array([[1, 0, 0], [0, -cosine, sine], [0, -sine, -cosine]])
        # In half edges of the picture the camera stands 1 / kappa before the object's middle.
        away = 1 / max(self.kappa, LEAST_KAPPA)
        move = (stand @ self.standing.centre + [0, 0, away]) / self.standing.edge
        focal, middle = away * size / 2, size / 2
        lens = np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1]])
        world = np.column_stack([stand @ turn(np.eye(3), self.azimuth_deg), move])
        return Camera(world.astype(np.float32), lens.astype(np.float32))


def turn_mesh(mesh: Trimesh, viewpoint: Viewpoint, azimuth_deg: float) -> tuple[Trimesh, Viewpoint]:
    """Return `mesh`, and the photo's `viewpoint` of it, turned from +z to `azimuth_deg`."""
    turned = make_mesh(turn(np.asarray(mesh.vertices), azimuth_deg), np.asarray(mesh.faces))
    turned.vertex_attributes.update(mesh.vertex_attributes)
    return turned, replace(viewpoint, azimuth=math.radians(azimuth_deg))
