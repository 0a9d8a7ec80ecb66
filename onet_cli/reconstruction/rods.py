"""Thin parts that a photo shows and the field nearly holds: rods, lifted above the surface's level.

One level for a whole photo is a compromise: the network is less sure of thin legs than of a seat,
and at the level at which they appear, everything else swells. So the field is searched along each
ray through a thin part of the object's outline. Where it stays below the level, but not far below,
a piece of a rod is put at its best depth, as thick as the outline is wide there. Along a rod depths
change slowly, which the search knows. Parts that the photo does not show, or that the field does
not hold at all, stay missing, and nothing is taken away.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from onet_cli.geometry.components import connected_parts
from onet_cli.models.frame import look, tilt, to_cube

Mask = NDArray[np.bool_]
Ask = Callable[[NDArray[np.floating]], NDArray[np.float32]]
"""Points (N, 3) of a network's cube to logits (N,)."""

SIDE = 112
"""Rays across the picture."""

THICK = 7
"""Edge of the smallest square that fits into a part of an outline that is not thin, in rays."""

DEPTHS = 40
NEAREST = 1.2
"""Depths along a ray, in half edges of the picture on both sides of the object's middle."""

LIMIT = 2.5
"""How far below the level, in the logit, the field may be where a rod is put."""

CLOSE = 0.3
"""How far above the level a surface may reach to count as lacking: it may be torn there."""

SLENDER = 1.5
"""A piece of an outline that has fewer rays than the square of its width times this is no rod."""

BENDING = 8.0
"""What a rod pays, in the logit, for a depth beside its neighbours', by the square of it."""

ROUNDS = 4
WINDOW = 2.0
"""How often depths are chosen anew, and the deviation of the window of neighbours, in rays."""

LEAST_RADIUS = 1.2 * 2 / SIDE
"""Radius of the thinnest rod, in half edges of the picture."""

MARGIN = 1.0
"""How far above the level the middle of a rod is lifted."""

NOWHERE = -1e4


@dataclass(frozen=True)
class Rods:
    """Rods in the cube of a network of the picture's frame.

    Attributes:
        maps: (1, 3, SIDE, SIDE) what the picture shows at each ray: 1 where there is a rod, falling
            to 0 beside it; the depth of its middle along the ray, and its radius, both in half
            edges of the picture.
        camera: (1, 2) elevation in radians and kappa.
    """

    maps: Tensor
    camera: Tensor

    def to(self, device: torch.device) -> "Rods":
        """Return the same rods on a device."""
        return Rods(self.maps.to(device), self.camera.to(device))

    def heights(self, points: Tensor) -> Tensor:
        """Return how far above the level the rods reach at `points` (N, 3), (N,).

        On a rod's surface that is 0, and far from all rods `NOWHERE`.
        """
        seen, near = look(points[None], *self.camera.unbind(1))
        found = F.grid_sample(self.maps, seen[:, None], align_corners=False)
        shown, depth, radius = found[0, :, 0]
        away = (near[0] - depth) / radius.clamp_min(LEAST_RADIUS)
        return torch.where(shown > 0, MARGIN * (2 * shown - 1 - away**2), NOWHERE)


def find_rods(ask: Ask, level: float, camera: Tensor, mask: Mask) -> Rods | None:
    """Return the rods that an object's outline shows and its field lacks, None if there are none.

    Args:
        ask: the field.
        level: of its surface, a logit.
        camera: (1, 2) elevation in radians and kappa.
        mask: (SIDE, SIDE) what the object covers of the picture.
    """
    width = half_width(mask)
    thin = mask & ~_opened(mask, THICK)
    rays = np.argwhere(thin)
    if not len(rays):
        return None
    depths = np.linspace(-NEAREST, NEAREST, DEPTHS)
    logits = ask(_places(rays, depths, camera)).reshape(len(rays), DEPTHS)
    chosen, highest = _choose_depths(rays, logits, depths, level)
    lacking = (highest < level + CLOSE) & (highest > level - LIMIT)
    lacking &= _are_slender(rays, width)
    if not lacking.any():
        return None
    shown = _spread(_map(rays[lacking], np.ones(lacking.sum())), 0.5)
    radius = F.max_pool2d(torch.from_numpy(np.where(thin, width, 0))[None, None], 5, 1, 2)[0, 0]
    maps = torch.stack([shown, chosen, radius.double() * (2 / SIDE)])[None]
    return Rods(maps.float(), camera.float())


def half_width(mask: Mask) -> NDArray[np.float64]:
    """Return how far each place of `mask` is from its rim, up to 6: in rays, about Euclidean."""
    left = torch.from_numpy(mask.astype(np.float32))[None, None]
    found = torch.zeros_like(left)
    for step in range(6):
        found += left
        across, down = (
            -F.max_pool2d(-left, (1, 3), 1, (0, 1)),
            -F.max_pool2d(-left, (3, 1), 1, (1, 0)),
        )
        # A cross and a square in turn grow into an octagon.
        left = (
            torch.minimum(across, down) if step % 2 else -F.max_pool2d(-across, (3, 1), 1, (1, 0))
        )
    return found[0, 0].double().numpy()


def _opened(mask: Mask, edge: int) -> Mask:
    """Return the parts of `mask` into which a square of `edge` places, an odd number, fits."""
    full = F.pad(torch.from_numpy(mask.astype(np.float32))[None, None], [edge // 2] * 4)
    eroded = -F.max_pool2d(-full, edge, 1)
    opened = F.max_pool2d(F.pad(eroded, [edge // 2] * 4), edge, 1)
    return np.asarray(opened[0, 0].numpy() > 0.5)


def _choose_depths(
    rays: NDArray[np.intp], logits: NDArray[np.float32], depths: NDArray[np.float64], level: float
) -> tuple[Tensor, NDArray[np.float64]]:
    """Return the depths of rods, a map (SIDE, SIDE), and the logit (P,) of each ray there.

    A depth is good where the logit is high, and where those of the rays around it are.
    """
    cost = np.zeros_like(logits)
    at = np.arange(len(rays))
    for _ in range(ROUNDS):
        best = (logits - cost).argmax(axis=1)
        highest = logits[at, best].astype(np.float64)
        weight = _map(rays, np.exp(np.clip(highest - level, -4.0, 1.0)))
        total = _spread(weight, WINDOW)
        smooth = _spread(weight * _map(rays, depths[best]), WINDOW) / total.clamp_min(1e-9)
        around = smooth.numpy()[rays[:, 0], rays[:, 1]]
        cost = BENDING * (depths - around[:, None]) ** 2
    return smooth, highest


def _are_slender(rays: NDArray[np.intp], width: NDArray[np.float64]) -> Mask:
    """Return which `rays` (P,) belong to a piece of an outline that is longer than it is wide."""
    number = np.full((SIDE + 2, SIDE + 2), -1)
    places = rays + 1
    number[places[:, 0], places[:, 1]] = np.arange(len(places))
    pairs = []
    for step in ((0, 1), (1, -1), (1, 0), (1, 1)):
        there = number[places[:, 0] + step[0], places[:, 1] + step[1]]
        here = np.flatnonzero(there >= 0)
        pairs.append(np.stack([here, there[here], there[here]], axis=1))
    piece = connected_parts(np.concatenate(pairs), len(places))
    widest = np.zeros(len(places))
    np.maximum.at(widest, piece, 2 * width[rays[:, 0], rays[:, 1]])
    sizes = np.bincount(piece, minlength=len(places))
    found: Mask = (sizes >= SLENDER * widest**2)[piece]
    return found


def _places(
    rays: NDArray[np.intp], depths: NDArray[np.float64], camera: Tensor
) -> NDArray[np.float32]:
    """Return the places (P * D, 3) in the network's cube at `depths` (D,) of `rays` (P, 2)."""
    elevation, kappa = (float(value) for value in camera[0].detach())
    down, across = ((rays + 0.5) * (2 / SIDE) - 1).T
    shrink = 1 - kappa * depths
    seen = np.stack(
        [across[:, None] * shrink, down[:, None] * shrink, np.tile(depths, (len(rays), 1))], axis=-1
    )
    turned = tilt(torch.from_numpy(seen.reshape(1, -1, 3)), torch.tensor([elevation]).double())
    return to_cube(turned)[0].float().numpy()


def _map(rays: NDArray[np.intp], values: NDArray[np.float64]) -> Tensor:
    """Return the `values` (P,) of `rays` as (SIDE, SIDE), 0 elsewhere."""
    found = torch.zeros(SIDE, SIDE, dtype=torch.float64)
    found[rays[:, 0], rays[:, 1]] = torch.from_numpy(np.asarray(values, np.float64))
    return found


def _spread(values: Tensor, deviation: float) -> Tensor:
    """Return `values` (SIDE, SIDE) in the mean of a Gaussian window."""
    reach = int(np.ceil(3 * deviation))
    window = torch.exp(-0.5 * (torch.arange(-reach, reach + 1).double() / deviation) ** 2)
    window /= window.sum()
    spread = F.conv2d(values[None, None], window[None, None, None], padding=(0, reach))
    return F.conv2d(spread, window[None, None, :, None], padding=(reach, 0))[0, 0]
