"""Recovery of thin parts that are visible in the photo but below the threshold in the field.

A single level per photo is a compromise: probabilities are lower on thin legs than on a seat, and
at a level that includes the legs, everything else is too thick. Therefore the field is searched
along each ray through a thin part of the mask. Where it is below the level, but not far below, a
piece of a rod is placed at the best depth, with the width of the mask as its thickness. The search
penalises abrupt changes of depth along a rod. Parts that are hidden in the photo, or absent from
the field, stay missing, and nothing is removed.
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
"""Maps points (N, 3) of a network's cube to logits (N,)."""

SIDE = 112
"""Rays per image edge."""

THICK = 7
"""Edge in rays of the smallest square that fits into a part that is not thin."""

DEPTHS = 40
NEAREST = 1.2
"""Samples per ray, and their range on both sides of the object's centre, in half image edges."""

LIMIT = 2.5
"""Maximum depth of the field below the level at a rod, in logits."""

CLOSE = 0.3
"""Maximum height of the field above the level at a missing part, in logits: it may have gaps."""

SLENDER = 1.5
"""Minimum number of rays of a rod, relative to the square of its width."""

BENDING = 8.0
"""Penalty in logits on the squared difference of a rod's depth from its neighbourhood."""

ROUNDS = 4
WINDOW = 2.0
"""Iterations of depth selection, and the standard deviation in rays of the Gaussian window."""

LEAST_RADIUS = 1.2 * 2 / SIDE
"""Minimum radius of a rod, in half image edges."""

MARGIN = 1.0
"""Height of a rod's axis above the level, in logits."""

NOWHERE = -1e4


@dataclass(frozen=True)
class Rods:
    """Rods in the cube of a network of the picture's frame.

    Attributes:
        maps: (1, 3, SIDE, SIDE) per ray: the rod mask, 1 on a rod and smoothly 0 beside it; the
            depth of its axis along the ray; and its radius, both in half image edges.
        camera: (1, 2) elevation in radians and kappa.
    """

    maps: Tensor
    camera: Tensor

    def to(self, device: torch.device) -> "Rods":
        """Return the same rods on a device."""
        return Rods(self.maps.to(device), self.camera.to(device))

    def heights(self, points: Tensor) -> Tensor:
        """Return the height (N,) of the rods above the level at `points` (N, 3), in logits.

        It is 0 on a rod's surface, and `NOWHERE` away from all rods.
        """
        seen, near = look(points[None], *self.camera.unbind(1))
        found = F.grid_sample(self.maps, seen[:, None], align_corners=False)
        shown, depth, radius = found[0, :, 0]
        away = (near[0] - depth) / radius.clamp_min(LEAST_RADIUS)
        return torch.where(shown > 0, MARGIN * (2 * shown - 1 - away**2), NOWHERE)


def find_rods(ask: Ask, level: float, camera: Tensor, mask: Mask) -> Rods | None:
    """Return the rods in the mask that are missing in the field, or None.

    Args:
        ask: The field.
        level: Iso-level (logit).
        camera: (1, 2) elevation in radians and kappa.
        mask: (SIDE, SIDE) object mask.
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
    """Return the approximate Euclidean distance to the edge of `mask`, in rays, up to 6."""
    left = torch.from_numpy(mask.astype(np.float32))[None, None]
    found = torch.zeros_like(left)
    for step in range(6):
        found += left
        across, down = (
            -F.max_pool2d(-left, (1, 3), 1, (0, 1)),
            -F.max_pool2d(-left, (3, 1), 1, (1, 0)),
        )
        # Alternating cross and square elements approximate a disc by an octagon.
        left = (
            torch.minimum(across, down) if step % 2 else -F.max_pool2d(-across, (3, 1), 1, (1, 0))
        )
    return found[0, 0].double().numpy()


def _opened(mask: Mask, edge: int) -> Mask:
    """Morphological opening of `mask` with a square of odd `edge`."""
    full = F.pad(torch.from_numpy(mask.astype(np.float32))[None, None], [edge // 2] * 4)
    eroded = -F.max_pool2d(-full, edge, 1)
    opened = F.max_pool2d(F.pad(eroded, [edge // 2] * 4), edge, 1)
    return np.asarray(opened[0, 0].numpy() > 0.5)


def _choose_depths(
    rays: NDArray[np.intp], logits: NDArray[np.float32], depths: NDArray[np.float64], level: float
) -> tuple[Tensor, NDArray[np.float64]]:
    """Return the depth map (SIDE, SIDE) of rods, and the logit (P,) of each ray at its depth.

    The selection maximises the logit with a penalty on the difference from the neighbourhood.
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
    """Return which `rays` (P,) belong to an elongated connected piece of the mask."""
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
    """Return the points (P * D, 3) in the network's cube at `depths` (D,) along `rays` (P, 2)."""
    elevation, kappa = (float(value) for value in camera[0].detach())
    down, across = ((rays + 0.5) * (2 / SIDE) - 1).T
    shrink = 1 - kappa * depths
    seen = np.stack(
        [across[:, None] * shrink, down[:, None] * shrink, np.tile(depths, (len(rays), 1))], axis=-1
    )
    turned = tilt(torch.from_numpy(seen.reshape(1, -1, 3)), torch.tensor([elevation]).double())
    return to_cube(turned)[0].float().numpy()


def _map(rays: NDArray[np.intp], values: NDArray[np.float64]) -> Tensor:
    """Scatter `values` (P,) of `rays` to (SIDE, SIDE), 0 elsewhere."""
    found = torch.zeros(SIDE, SIDE, dtype=torch.float64)
    found[rays[:, 0], rays[:, 1]] = torch.from_numpy(np.asarray(values, np.float64))
    return found


def _spread(values: Tensor, deviation: float) -> Tensor:
    """Blur `values` (SIDE, SIDE) with a Gaussian window."""
    reach = int(np.ceil(3 * deviation))
    window = torch.exp(-0.5 * (torch.arange(-reach, reach + 1).double() / deviation) ** 2)
    window /= window.sum()
    spread = F.conv2d(values[None, None], window[None, None, None], padding=(0, reach))
    return F.conv2d(spread, window[None, None, :, None], padding=(reach, 0))[0, 0]
