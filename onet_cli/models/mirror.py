"""An object's mirror plane, in the picture's frame: mirror images may show hidden parts.

In a mirror-symmetric object, a point and its mirror image have the same occupancy, and an oblique
picture shows them at two places. So each point can sample features at both, as if there were a
second picture from the mirrored viewpoint.

The planes are upright, as for most objects, and given by the angle of the normal, around +y from +x
to +z, the distance from the origin along it, and a confidence (trust).

Source: a mirror image as a second view: Wu et al., "Unsupervised learning of probably symmetric
deformable 3D objects from images in the wild", CVPR 2020. The planes and their use are our own.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from onet_cli.models.code_layout import BINS
from onet_cli.models.frame import from_cube, to_cube

STEP = math.pi / BINS
_WINDOW = 2  # bins on either side of the best used to interpolate the plane


class Mirror(NamedTuple):
    """Mirror planes of B pictures, (B,) each: angle in radians, offset, and trust from 0 to 1.

    Trust is an upper bound of the probability of a plane within ten degrees.
    """

    angle: Tensor
    offset: Tensor
    trust: Tensor

    @classmethod
    def through(cls, centre: Tensor, angle: Tensor, trust: Tensor) -> "Mirror":
        """Return the planes through `centre` (B, 2), x and z in the picture's frame."""
        normal = torch.stack([angle.cos(), angle.sin()], dim=1)
        return cls(angle, (centre * normal).sum(dim=1), trust)

    def image(self, points: Tensor) -> Tensor:
        """Return the mirror images (B, T, 3) of `points` (B, T, 3); both in a network's cube."""
        x, y, z = from_cube(points).unbind(2)
        cosine, sine = self.angle.cos()[:, None], self.angle.sin()[:, None]
        twice = 2 * (x * cosine + z * sine - self.offset[:, None])
        return to_cube(torch.stack([x - twice * cosine, y, z - twice * sine], dim=2))

    def rows(self) -> Tensor:
        """Return the planes as numbers, (B, 3)."""
        return torch.stack(self, dim=1)

    def features(self) -> Tensor:
        """Return them encoded for a network, (B, 3): equal for both normals of a plane."""
        double = 2 * self.angle
        turned = torch.stack([double.cos(), double.sin(), torch.ones_like(double)], dim=1)
        return turned * self.trust[:, None]


def find_plane(logits: Tensor, centre: Tensor) -> Mirror:
    """Return the most probable mirror plane of each of B objects.

    Its trust is the sum of the probabilities of five neighbouring angles, at most 1: the union
    bound, exact if they are mutually exclusive. So uniform probabilities of 0.2 give 1.

    Args:
        logits: (B, 36): whether the object is mirror-symmetric at each angle.
        centre: (B, 2): x and z of its centre, in the picture's frame.
    """
    probable = torch.sigmoid(logits)
    around = torch.cat([probable[:, -_WINDOW:], probable, probable[:, :_WINDOW]], dim=1)
    reach = range(2 * _WINDOW + 1)
    sums = torch.stack([around[:, start : start + BINS] for start in reach]).sum(dim=0)
    best = sums.argmax(dim=1)
    near = torch.stack([around.gather(1, best[:, None] + start)[:, 0] for start in reach], dim=1)
    weight = near.square()
    # Created on the device: a copy to a GPU would synchronise.
    places = torch.arange(-_WINDOW, _WINDOW + 1, device=logits.device)
    shift = (weight * places).sum(dim=1) / weight.sum(dim=1).clamp_min(1e-9)
    angle = (best + shift) * STEP
    # Weights are trained with this sum, which is not a probability itself.
    return Mirror.through(centre, angle, near.sum(dim=1).clamp(max=1))
