"""What of a large photo is looked at, where a box says in which part the object is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.shapes.photo_pixels import Plane, resize_plane
from onet_cli.shapes.photo_target import AROUND, Target

WORKING_SIDE = 768
"""Pixels of the longer side above which pictures are reduced: networks see a few hundred."""


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
        """Return `target`, in pixels of the photo, for the part reduced to `size`."""
        width, height = self.size
        return target.moved(self.box[:2], (size[0] / width, size[1] / height))

    def in_whole(self, weight: Plane) -> Plane:
        """Return `weight` (H, W) of the part in a plane of the whole photo, reduced likewise."""
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
    """Return the part of a photo of the size `given` (width, height) that `target` needs.

    With a box it is the box and what is around it, as much as the network takes into account, or
    more if that is seen without being reduced; else the whole.
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
    """Return both ends, farther out by `margin` or more, within a photo's `side`."""
    more = max(margin, (WORKING_SIDE - (high - low)) / 2)
    first = max(int(np.floor(low - more)), 0)
    last = min(int(np.ceil(high + more)), side)
    return first, last
