"""Which side of an object is its front: a small network on top of a code and its field.

It answers with logits of 36 azimuths of the camera, counted from the front: 0 looks at it, 90
degrees is from the object's +x. The camera stands at azimuth 0 of a mesh of the picture's frame, so
a turn about +y by the camera's azimuth, from +z towards +x, lets the front look along +z.

Two parts are summed: one looks at the picture, by the cells of the code; one at the shape, as the
network takes it to be. The shape is looked at on rings around the upright axis, and a turn of the
object is a shift along them, so that layers which shift along treat all directions alike.

An object that mirrors itself from left to right has its front in its mirror plane. So where the
code's plane (`models.mirror`) is near what is answered, the plane says it more exactly.
"""

import math

import torch
from torch import Tensor, nn

from onet_cli.models.encoders.convnet import GRID
from onet_cli.models.encoders.maps import CodeLayout, plane_of, symmetry_of
from onet_cli.models.frame import to_cube

DIRECTIONS = 36
"""Azimuths that are told apart, all around, and places on each ring."""

STEP = 2 * math.pi / DIRECTIONS

HEIGHTS = tuple(-0.85 + 1.7 * number / 9 for number in range(10))
RADII = 0.08, 0.22, 0.36, 0.5, 0.66, 0.85
"""Of the rings, in half edges of the picture, around the object's middle."""

RINGS = len(HEIGHTS) * len(RADII)

REACH = 3
"""Steps of azimuth, 30 degrees, within which a front counts as found."""

SNAP = math.radians(25)
"""How far from the answer the mirror plane may place the front."""

MIXED, HIDDEN, TURNED, KERNEL, DROPPED = 16, 40, 16, 9, 0.3


class FrontHead(nn.Module):
    """What `front_inputs` and `look_at_rings` return to logits (B, 36) of the camera's azimuth.

    Args:
        depth: Numbers of each of the 49 cells of the whole picture.
        others: Numbers beside them.
    """

    def __init__(self, depth: int, others: int) -> None:
        super().__init__()
        self.depth = depth
        self.mix = nn.Conv2d(depth, MIXED, 1)
        self.hidden = nn.Linear(MIXED * GRID**2 + others, HIDDEN)
        self.out = nn.Linear(HIDDEN, DIRECTIONS)
        self.near = _around(RINGS, TURNED, KERNEL)
        self.wide = _around(TURNED, TURNED, KERNEL)
        self.all = _around(TURNED, 1, DIRECTIONS - 1)
        self.drop, self.drop_rings = nn.Dropout(DROPPED), nn.Dropout1d(DROPPED / 2)

    @classmethod
    def from_weights(cls, weights: dict[str, Tensor]) -> "FrontHead":
        """Return the network of `weights`, its `state_dict` in any precision.

        Raises:
            KeyError, IndexError, RuntimeError: they fit no such network.
        """
        others = weights["hidden.weight"].shape[1] - MIXED * GRID**2
        head = cls(weights["mix.weight"].shape[1], others)
        head.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
        return head.requires_grad_(False).eval()

    def forward(self, inputs: Tensor, rings: Tensor) -> Tensor:
        """Return the logits (B, 36) for `inputs` (B, D) and `rings` (B, 60, 36)."""
        count = self.depth * GRID**2
        cells = inputs[:, :count].reshape(-1, self.depth, GRID, GRID)
        seen = torch.relu(self.mix(cells)).flatten(1)
        features = torch.cat([seen, inputs[:, count:]], dim=1)
        by_picture: Tensor = self.out(self.drop(torch.relu(self.hidden(self.drop(features)))))
        turned = self.drop_rings(torch.relu(self.near(rings)))
        turned = self.drop_rings(torch.relu(self.wide(turned)))
        # A front at an angle on the rings is one that the camera is as far to the other side of.
        by_shape: Tensor = self.all(turned)[:, 0].flip(1).roll(1, 1)
        return by_picture + by_shape


def _around(inputs: int, outputs: int, kernel: int) -> nn.Conv1d:
    """Return a layer along rings, which have no end."""
    return nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="circular")


def front_inputs(code: Tensor) -> Tensor:
    """Return what of `code` (B, C) of the picture's frame tells the front, (B, D).

    The cells of the whole picture, how probable a mirror plane is at each angle, and the camera.
    """
    parts = CodeLayout(code.shape[1]).split(code)
    planes = torch.sigmoid(symmetry_of(code)[0])
    return torch.cat([torch.relu(parts.cells), planes, parts.camera], dim=1).float()


def ring_points(code: Tensor) -> Tensor:
    """Return the places (B, 60 * 36, 3) on the rings around each object, in the network's cube."""
    angles = torch.arange(DIRECTIONS, device=code.device) * STEP
    heights, radii = (torch.tensor(each, device=code.device) for each in (HEIGHTS, RADII))
    y, r, a = torch.meshgrid(heights, radii, angles, indexing="ij")
    places = torch.stack([r * a.sin(), y, r * a.cos()], dim=-1).reshape(1, -1, 3)
    x, z = symmetry_of(code)[1].float().unbind(1)
    return to_cube(places + torch.stack([x, torch.zeros_like(x), z], dim=1)[:, None])


def occupied_rings(logits: Tensor) -> Tensor:
    """Return the probabilities (B, 60, 36) of the field's `logits` (B, 60 * 36) on the rings."""
    return torch.sigmoid(logits.float()).reshape(-1, RINGS, DIRECTIONS)


def plane_angle(code: Tensor) -> Tensor:
    """Return the angle (B,) of the normal of the mirror plane in `code` (B, C).

    In the picture's frame that is the camera's azimuth, or half a turn from it, if the object
    mirrors itself from left to right.
    """
    return plane_of(code)[:, 0].float()


def find_front(logits: Tensor, plane: Tensor) -> tuple[Tensor, Tensor]:
    """Return the most probable azimuth (B,) of the camera in radians, and its probability (B,).

    The latter is that of all azimuths within 30 degrees.

    Args:
        logits: (B, 36), of `FrontHead`.
        plane: (B,), of `plane_angle`.
    """
    chances = logits.softmax(dim=1)
    reach = torch.arange(-REACH, REACH + 1, device=logits.device)
    around = (torch.arange(DIRECTIONS, device=logits.device)[:, None] + reach) % DIRECTIONS
    near = chances[:, around]  # (B, 36, 7)
    # Half of what lies at the ends is farther away.
    sums = (near * torch.where(reach.abs() == REACH, 0.5, 1.0)).sum(dim=2)
    chance, best = sums.max(dim=1)
    own = near.gather(1, best[:, None, None].expand(-1, 1, len(reach)))[:, 0]
    shift = (own * reach).sum(dim=1) / own.sum(dim=1)
    return _snapped((best + shift) * STEP, plane), chance


def _snapped(azimuth: Tensor, plane: Tensor) -> Tensor:
    """Return `azimuth` (B,), moved to the mirror plane at angle `plane` (B,), or across it.

    Where both are too far away it stays.
    """
    quarter = math.pi / 2
    off = torch.remainder(plane - azimuth + quarter / 2, quarter) - quarter / 2
    return torch.where(off.abs() <= SNAP, azimuth + off, azimuth)
