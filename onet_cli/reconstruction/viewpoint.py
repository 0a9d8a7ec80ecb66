"""The photo's viewpoint of the reconstructed mesh."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.picture_frame import tilt
from onet_cli.geometry.yaw import turn
from onet_cli.reconstruction.upright import Standing

LEAST_KAPPA = 1e-3
"""Minimum perspective; it replaces parallel projection, with errors of 1/1000 of the image."""


@dataclass(frozen=True)
class Viewpoint:
    """The predicted camera of the photo in the frame of the mesh file.

    `elevation` is in radians, `kappa` the perspective per half edge of the prepared image
    (`models.frame`), `standing` the transform of the mesh before its rotation about +y by
    `azimuth`, the azimuth of the camera in radians from +z towards +x.
    """

    elevation: float
    kappa: float
    standing: Standing
    azimuth: float = 0.0

    @classmethod
    def of(cls, camera: NDArray[np.floating], standing: Standing) -> "Viewpoint":
        """Return the viewpoint of `camera` (1, 2), elevation and kappa."""
        elevation, kappa = (float(value) for value in camera[0])
        return cls(elevation, kappa, standing)

    @classmethod
    def known(cls, row: NDArray[np.floating]) -> "Viewpoint | None":
        """Return the viewpoint of a data set's view with the camera `row` (8,), None if unknown.

        It is in the frame of the data set's unit cube.
        """
        if np.isnan(row).any():
            return None
        azimuth, elevation, perspective, focal = (float(value) for value in row[:4])
        # The cube's centre is at the sum of its projection and the principal point, at depth 0.
        across, down = np.asarray(row[4:6] + row[6:8], np.float64)
        x, y, z = (float(value) for value in tilt(np.array([across, down, 0.0]), elevation))
        return cls(elevation, perspective / focal, Standing((x, y, z), focal), azimuth)

    @property
    def elevation_deg(self) -> float:
        """Elevation of the camera in degrees."""
        return math.degrees(self.elevation)

    @property
    def azimuth_deg(self) -> float:
        """Azimuth of the camera in degrees; 0 is at +z."""
        return math.degrees(self.azimuth)

    def camera(self, size: int) -> Camera:
        """Return the camera of the prepared image with `size` x `size` pixels.

        (u, v) of `models.frame.look` is at pixel ((u + 1) / 2, (v + 1) / 2) * size.
        """
        cosine, sine = math.cos(self.elevation), math.sin(self.elevation)
        stand = np.array([[1, 0, 0], [0, -cosine, sine], [0, -sine, -cosine]])
        # In half image edges, the camera is 1 / kappa in front of the object's centre.
        away = 1 / max(self.kappa, LEAST_KAPPA)
        move = (stand @ self.standing.centre + [0, 0, away]) / self.standing.edge
        focal, middle = away * size / 2, size / 2
        lens = np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1]])
        world = np.column_stack([stand @ turn(np.eye(3), self.azimuth_deg), move])
        return Camera(world.astype(np.float32), lens.astype(np.float32))


def turn_mesh(mesh: Trimesh, viewpoint: Viewpoint, azimuth_deg: float) -> tuple[Trimesh, Viewpoint]:
    """Return `mesh` and its `viewpoint`, turned so that the camera is at `azimuth_deg`."""
    turned = make_mesh(turn(np.asarray(mesh.vertices), azimuth_deg), np.asarray(mesh.faces))
    turned.vertex_attributes.update(mesh.vertex_attributes)
    return turned, replace(viewpoint, azimuth=math.radians(azimuth_deg))
