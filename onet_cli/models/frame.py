"""The picture's frame: space aligned with the picture, and the mapping to the unit cube.

Three frames, each related to the next by a rotation and a scale:

* the **unit cube** of a data set, +y up, in which the object's front looks along +z;
* the camera's **rays** (x, y, z): x to the right and y down in half edges of the picture, z from
  the cube's centre towards the camera in the same unit, before perspective: a point (x, y, z)
  projects to (x, y) / (1 - kappa z);
* the **picture's frame**: the rays rotated upright by the camera's elevation, so that +y is up
  again. A point's column and, except for the elevation, its row are those of its projection.
  Elevation and kappa are the only remaining camera parameters.

A network's planes and grid fill a cube. `to_cube` maps the picture's frame into it; height and
depth, which a picture does not bound, are compressed towards its faces.

Source: pixel-aligned features in the camera's frame: Saito et al., "PIFu", ICCV 2019; Xu et al.,
"DISN", NeurIPS 2019. The frame is our own.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import FARTHEST, LEAST_DEPTH, REACH

_HALF = CUBE_EDGE / 2


@dataclass(frozen=True)
class PictureCamera:
    """Exact upright pinhole cameras of B pictures, relative to the unit cube.

    Attributes:
        azimuth: (B,) radians around +y; 0 looks at the front, from +z; pi / 2 from +x.
        elevation: (B,) radians above the horizon.
        perspective: (B,) 1 / distance of the camera in cube edges; 0 is a parallel projection.
        focal: (B,) projected length, in half edges of the picture, of a cube edge at the centre's
            depth.
        offset: (B, 2) projection of the cube's centre, relative to the principal point; half edges.
        principal: (B, 2) principal point, relative to the picture's centre; half edges.
    """

    azimuth: Tensor
    elevation: Tensor
    perspective: Tensor
    focal: Tensor
    offset: Tensor
    principal: Tensor

    @classmethod
    def from_rows(cls, rows: Tensor) -> "PictureCamera":
        """Return the cameras of `rows` (B, 8), as `shapes.camera.describe_cameras` returns them."""
        azimuth, elevation, perspective, focal = rows[:, :4].unbind(1)
        return cls(azimuth, elevation, perspective, focal, rows[:, 4:6], rows[:, 6:8])

    def mirrored(self, flips: Tensor) -> "PictureCamera":
        """Return the cameras with those marked in `flips` (B,) mirrored left to right.

        They match pictures flipped left to right and shapes mirrored in x.
        """
        sign = torch.where(flips, -1.0, 1.0).to(self.azimuth)
        across = torch.stack([sign, torch.ones_like(sign)], dim=1)
        return PictureCamera(
            self.azimuth * sign,
            self.elevation,
            self.perspective,
            self.focal,
            self.offset * across,
            self.principal * across,
        )

    def moved(self, scale: Tensor, shift: Tensor) -> "PictureCamera":
        """Return the cameras of pictures whose position (x, y) shows the former scale (x, y) +
        shift.

        Args:
            scale: (B,), of both axes.
            shift: (B, 2) half edges of the picture.
        """
        return PictureCamera(
            self.azimuth,
            self.elevation,
            self.perspective,
            self.focal / scale,
            self.offset / scale[:, None],
            (self.principal - shift) / scale[:, None],
        )

    @property
    def kappa(self) -> Tensor:
        """Perspective per half edge of the picture, (B,)."""
        return self.perspective / self.focal

    def project(self, points: Tensor) -> Tensor:
        """Return the projections (B, T, 2), -1 to 1, y down, of unit-cube `points` (B, T, 3)."""
        rays = self._rays(points)
        depth = 1 - self.kappa[:, None, None] * rays[..., 2:]
        return rays[..., :2] / depth + self.principal[:, None]

    def to_picture(self, points: Tensor, elevation: Tensor | None = None) -> Tensor:
        """Return `points` (B, T, 3) of the unit cube in the picture's frame, (B, T, 3).

        With `elevation` (B,) the frame assumes that camera elevation: an error tilts the shape and
        leaves projections unchanged.
        """
        rays = self._rays(points)
        rays = torch.cat([rays[..., :2] + self.principal[:, None], rays[..., 2:]], dim=2)
        return tilt(rays, self.elevation if elevation is None else elevation)

    def from_picture(self, places: Tensor, elevation: Tensor | None = None) -> Tensor:
        """Return the points (B, T, 3) of the unit cube that `to_picture` maps to `places`."""
        rays = tilt(places, self.elevation if elevation is None else elevation)
        shift = (self.offset + self.principal)[:, None]
        rays = torch.cat([rays[..., :2] - shift, rays[..., 2:]], dim=2)
        x, y, z = (tilt(rays, self.elevation) / self.focal[:, None, None]).unbind(2)
        cosine, sine = self.azimuth.cos()[:, None], self.azimuth.sin()[:, None]
        return torch.stack([x * cosine + z * sine, y, z * cosine - x * sine], dim=2)

    def _rays(self, points: Tensor) -> Tensor:
        """Return `points` (B, T, 3) in the frame of the rays, from the principal point."""
        x, y, z = points.unbind(2)
        cosine, sine = self.azimuth.cos()[:, None], self.azimuth.sin()[:, None]
        turned = torch.stack([x * cosine - z * sine, y, x * sine + z * cosine], dim=2)
        rays = tilt(turned * self.focal[:, None, None], self.elevation)
        return torch.cat([rays[..., :2] + self.offset[:, None], rays[..., 2:]], dim=2)


def tilt(places: Tensor, elevation: Tensor) -> Tensor:
    """Return `places` (B, T, 3) of the picture's frame in the frame of the rays, or the reverse.

    The rotation by `elevation` (B,) combined with the flip of the y axis is its own inverse.
    """
    x, y, z = places.unbind(2)
    cosine, sine = elevation.cos()[:, None], elevation.sin()[:, None]
    return torch.stack([x, z * sine - y * cosine, y * sine + z * cosine], dim=2)


def to_cube(places: Tensor) -> Tensor:
    """Return `places` (..., 3) of the picture's frame in the cube that a network fills."""
    x, rest = places[..., :1], places[..., 1:] / REACH
    squeezed = rest / (1 + rest.square().square()).sqrt().sqrt()
    return _HALF * torch.cat([x, squeezed], dim=-1)


def from_cube(points: Tensor) -> Tensor:
    """Return `points` (..., 3) of a network's cube in the picture's frame: undoes `to_cube`."""
    x, rest = points[..., :1] / _HALF, points[..., 1:] / _HALF
    rest = rest.clamp(-FARTHEST, FARTHEST)
    stretched = REACH * rest / (1 - rest.square().square()).sqrt().sqrt()
    return torch.cat([x, stretched], dim=-1)


def look(points: Tensor, elevation: Tensor, kappa: Tensor) -> tuple[Tensor, Tensor]:
    """Return the projections of `points` (B, T, 3) of a network's cube, and their nearness.

    Projections are (B, T, 2), -1 to 1 across the picture, y down; nearness is z along the rays, (B,
    T).

    Args:
        points: in the cube of `to_cube`.
        elevation: (B,) radians.
        kappa: (B,) perspective per half edge of the picture.
    """
    rays = tilt(from_cube(points), elevation)
    near = rays[..., 2]
    # A point behind the camera is not visible; a projection far to the side will do.
    depth = (1 - kappa[:, None] * near).clamp_min(LEAST_DEPTH)
    return rays[..., :2] / depth[..., None], near
