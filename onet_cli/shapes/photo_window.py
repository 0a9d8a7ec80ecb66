"""The part of a large photo that is processed, if a box gives the object's place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.shapes.photo_pixels import Plane, resize_plane
from onet_cli.shapes.photo_target import AROUND, Target

WORKING_SIDE = 768
"""Longer side, in pixels, above which pictures are reduced: networks see a few hundred."""


@dataclass(frozen=True)
class Window:
    """The part `box`, left, top, right, bottom, of a photo of the size `given`; (width, height)."""

    box: tuple[int, int, int, int]
    given: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the part."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def cut(self, photo: Image.Image) -> Image.Image:
        """Return the part of `photo`, reduced to `WORKING_SIDE`."""
        part = photo.crop(self.box)
        part.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return part

    def aim(self, target: Target, size: tuple[int, int]) -> Target:
        """Return `target`, in pixels of the photo, relative to the part reduced to `size`."""
        width, height = self.size
        return target.moved(self.box[:2], (size[0] / width, size[1] / height))

    def in_whole(self, weight: Plane) -> Plane:
        """Return `weight` (H, W) of the part within the whole photo, reduced likewise."""
        if self.size == self.given:
            return weight
        share = min(WORKING_SIDE / max(self.given), 1.0)
        left, top, right, bottom = (round(edge * share) for edge in self.box)
        right, bottom = max(right, left + 1), max(bottom, top + 1)
        width, height = (max(round(side * share), 1) for side in self.given)
        whole: NDArray[np.float32] = np.zeros((max(height, bottom), max(width, right)), np.float32)
        whole[top:bottom, left:right] = resize_plane(weight, (right - left, bottom - top))
        return whole


def look_at(given: tuple[int, int], target: Target | None) -> Window:
    """Return the part of a photo of the size `given` (width, height) needed for `target`.

    With a box, it is the box plus the margin that the network uses, or more if that does not
    require a reduction; otherwise the whole photo.
    """
    if target is None or target.box is None:
        return Window((0, 0, *given), given)
    left, top, right, bottom = target.box
    edge = max(right - left, bottom - top)
    edges = [
        _stretch(low, high, AROUND * edge + 2, side)
        for low, high, side in ((left, right, given[0]), (top, bottom, given[1]))
    ]
    return Window((edges[0][0], edges[1][0], edges[0][1], edges[1][1]), given)


def _stretch(low: float, high: float, margin: float, side: int) -> tuple[int, int]:
    """Return both ends, extended by at least `margin`, within a photo's `side`."""
    more = max(margin, (WORKING_SIDE - (high - low)) / 2)
    first = max(int(np.floor(low - more)), 0)
    last = min(int(np.ceil(high + more)), side)
    return first, last
