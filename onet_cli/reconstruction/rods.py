"""Thin parts: recovered where the photo shows and the field lacks them, and made as deep as wide.

A single level per photo is a compromise: probabilities are lower on thin legs than on a seat, and
at a level that includes the legs, everything else is too thick. Therefore the field is searched
along each ray through a thin part of the mask. Where it is below the level, but not far below, a
piece of a rod is placed at the best depth, with the width of the mask as its thickness. Where it is
above the level, but not far above, the network is unsure of the depth, and the part is a blade
along the rays: the field is bounded to a rod at the best depth. The search penalises abrupt changes
of depth along a rod. Parts that are hidden in the photo, or absent from the field, stay missing,
and what the network is sure of, such as the edge of a table top, stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.components import connected_parts
from onet_cli.geometry.picture_frame import look, tilt, to_cube
from onet_cli.reconstruction.bounds import DepthBounds, nearest_ends, reach
from onet_cli.reconstruction.ray_maps import (
    Map,
    Mask,
    blurred,
    blurred_mean,
    filtered,
    opened,
    sample_map,
    slopes_of,
)

Ask = Callable[[NDArray[np.floating]], NDArray[np.float32]]
"""Maps points (N, 3) of a network's cube to logits (N,)."""

SIDE = 112
"""Rays per image edge."""

THICK = 7
"""Edge in rays of the smallest square that fits into a part that is not thin."""

BROAD = 11
"""Length in rays of the shortest row of the mask in a part that is not thin, and the least height
of one that is: legs are upright, and what lies flat may be a seat seen from beside."""

WIDEST = 6
"""Maximum distance to the edge of the mask that is told, in rays."""

DEPTHS = 40
NEAREST = 1.2
"""Samples per ray, and their range on both sides of the object's centre, in half image edges."""

LIMIT = 2.5
"""Maximum depth of the field below the level at a rod, in logits."""

SURE = 1.5
"""Minimum height of the field above the level at a part of sure depth, in logits."""

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

DEEP = 1.5
"""Maximum half depth of a blade, relative to the radius of a rod there."""

BESIDE = 5
"""Edge in rays of the square around a ray of a blade in which the field is bounded, outside of the
mask too."""

NOWHERE = -1e4


@dataclass(frozen=True)
class Rods:
    """Rods in the cube of a network of the picture's frame.

    Attributes:
        maps: (SIDE, SIDE, 3) per ray: the rod mask, 1 on a rod and smoothly 0 beside it; the depth
            of its axis along the ray; and its radius, both in half image edges.
        elevation: of the camera, in radians.
        kappa: its perspective per half image edge.
        bounds: Of the field where it has blades.
    """

    maps: Map
    elevation: float
    kappa: float
    bounds: DepthBounds

    def heights(self, points: NDArray[np.floating]) -> Map:
        """Return the height (N,) of the rods above the level at `points` (N, 3), in logits.

        It is 0 on a rod's surface, and `NOWHERE` away from all rods.
        """
        seen, near = look(points.astype(np.float64), self.elevation, self.kappa)
        shown, depth, radius = sample_map(self.maps, seen).T
        away = (near - depth) / np.maximum(radius, LEAST_RADIUS)
        return np.where(shown > 0, MARGIN * (2 * shown - 1 - away**2), NOWHERE)

    def slopes(self, points: NDArray[np.floating]) -> Map:
        """Return the gradient (N, 3) of the heights at `points` (N, 3) on rods."""
        # At the rim of a rod, one side is nowhere.
        return slopes_of(self.heights, points.astype(np.float64), NOWHERE)


def find_rods(ask: Ask, level: float, camera: NDArray[np.floating], mask: Mask) -> Rods | None:
    """Return the rods that are missing in the field or blades in it, or None if there are none.

    Args:
        ask: The field.
        level: Iso-level (logit).
        camera: (1, 2) elevation in radians and kappa.
        mask: (SIDE, SIDE) object mask.
    """
    width = half_width(mask)
    thin = find_thin(mask)
    rays = np.argwhere(thin)
    if not len(rays):
        return None
    depths = np.linspace(-NEAREST, NEAREST, DEPTHS)
    logits = ask(_places(rays, depths, camera)).reshape(len(rays), DEPTHS)
    chosen, highest = _choose_depths(rays, logits, depths, level)
    unsure = (highest < level + SURE) & (highest > level - LIMIT) & _are_slender(rays, width)
    if not unsure.any():
        return None
    lacking = unsure & (highest < level + CLOSE)
    shown = blurred(_map(rays[lacking], np.ones(lacking.sum())), 0.5)
    radius = filtered(np.where(thin, width, 0), (5, 5), np.maximum, 0)
    around = filtered(_map(rays[unsure], np.ones(unsure.sum())), (BESIDE, BESIDE), np.maximum, 0)
    bounded = np.where(mask & ~thin, 0, around)
    elevation, kappa = (float(value) for value in camera[0])
    own = chosen[rays[:, 0], rays[:, 1]]
    ahead = reach(logits, depths, own, level)
    behind = reach(logits[:, ::-1], -depths[::-1], -own, level)
    found = _map(rays, unsure.astype(np.float64)) > 0
    ends = [nearest_ends(_map(rays, end), found, BESIDE) for end in (behind, ahead)]
    half = DEEP * np.maximum(radius * (2 / SIDE), LEAST_RADIUS)
    bounds = DepthBounds(np.stack([chosen, half, bounded, *ends], axis=-1), elevation, kappa)
    maps = np.stack([shown, chosen, radius * (2 / SIDE)], axis=-1)
    return Rods(maps, elevation, kappa, bounds)


def find_thin(mask: Mask) -> Mask:
    """Return where `mask` (SIDE, SIDE) is thin."""
    narrow = mask & ~opened(mask, (1, BROAD))
    return mask & (~opened(mask, (THICK, THICK)) | opened(narrow, (BROAD, 1)))


def half_width(mask: Mask) -> Map:
    """Return the approximate Euclidean distance to the edge of `mask`, in rays, up to WIDEST."""
    left = mask.astype(np.float64)
    found = np.zeros_like(left)
    for step in range(WIDEST):
        found += left
        across = filtered(left, (1, 3), np.minimum, 1)
        down = filtered(left, (3, 1), np.minimum, 1)
        # Alternating cross and square elements approximate a disc by an octagon.
        left = np.minimum(across, down) if step % 2 else filtered(across, (3, 1), np.minimum, 1)
    return found


def _choose_depths(
    rays: NDArray[np.intp], logits: NDArray[np.float32], depths: NDArray[np.float64], level: float
) -> tuple[Map, NDArray[np.float64]]:
    """Return the depth map (SIDE, SIDE) of rods, and the logit (P,) of each ray at its depth.

    The selection maximises the logit with a penalty on the difference from the neighbourhood.
    """
    cost = np.zeros(logits.shape)
    at = np.arange(len(rays))
    for _ in range(ROUNDS):
        best = (logits - cost).argmax(axis=1)
        highest = logits[at, best].astype(np.float64)
        weight = _map(rays, np.exp(np.clip(highest - level, -4.0, 1.0)))
        smooth = blurred_mean(_map(rays, depths[best]), weight, WINDOW)
        around = smooth[rays[:, 0], rays[:, 1]]
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
    rays: NDArray[np.intp], depths: NDArray[np.float64], camera: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return the points (P * D, 3) in the network's cube at `depths` (D,) along `rays` (P, 2)."""
    elevation, kappa = (float(value) for value in camera[0])
    down, across = ((rays + 0.5) * (2 / SIDE) - 1).T
    shrink = 1 - kappa * depths
    seen = np.stack(
        [across[:, None] * shrink, down[:, None] * shrink, np.tile(depths, (len(rays), 1))], axis=-1
    )
    return to_cube(tilt(seen.reshape(-1, 3), elevation)).astype(np.float32)


def _map(rays: NDArray[np.intp], values: NDArray[np.float64]) -> Map:
    """Scatter `values` (P,) of `rays` to (SIDE, SIDE), 0 elsewhere."""
    found = np.zeros((SIDE, SIDE))
    found[rays[:, 0], rays[:, 1]] = values
    return found
