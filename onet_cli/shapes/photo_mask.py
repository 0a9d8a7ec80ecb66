"""The object's area in a mask, or in a picture on white, as in data sets."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WHITE = 0.92
"""Brightness of the darkest channel above which a pixel is background."""

EDGE = 2
"""Distance from the background, in pixels, within which a pixel may be partially covered."""

MOST_BORDER = 0.5
"""Maximum share of the picture's border that is object: above, the background is not white."""


def mask_weight(mask: Image.Image, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return the object's coverage (H, W), 0 to 1, from the `mask` of a picture of `size`.

    The object is opaque, if any pixel of the mask is transparent; else it is white.

    Args:
        mask: a picture of any mode, with about the aspect ratio of `size`.
        size: width and height in pixels.
    """
    opacity = mask.getchannel("A") if mask.mode == "RGBA" else None
    if opacity is not None and opacity.getextrema()[0] == 255:
        opacity = None  # editors save an alpha channel with every picture
    grey = mask.convert("L") if opacity is None else opacity
    if grey.size != size:
        grey = grey.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(grey, dtype=np.float32) / np.float32(255)


def object_on_white(picture: NDArray[np.uint8]) -> NDArray[np.bool_] | None:
    """Return the pixels (H, W) of `picture` (H, W, 3) that the object covers by more than half.

    None if the picture shows no object on white. A pixel on the edge is a mixture of white and the
    object's colour, which is that of its darkest neighbour: it belongs to the object if it is at
    least half as dark.
    """
    dark = 1 - picture.min(axis=2).astype(np.float32) / np.float32(255)
    found: NDArray[np.bool_] = dark > 1 - WHITE
    border = np.concatenate([found[0], found[-1], found[:, 0], found[:, -1]])
    if not found.any() or border.mean() > MOST_BORDER:
        return None
    near_white = ~found
    darkest = dark
    for axis in (0, 1):
        near_white = _widest(near_white, axis)
        darkest = _widest(darkest, axis)
    found &= ~near_white | (dark >= 0.5 * darkest)
    return found if found.any() else None


def _widest(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """Return the largest of `values` within `EDGE` along `axis`."""
    largest = values.copy()
    ahead, behind = [slice(None)] * 2, [slice(None)] * 2
    for step in range(1, EDGE + 1):
        ahead[axis], behind[axis] = slice(step, None), slice(None, -step)
        after, before = tuple(ahead), tuple(behind)
        np.maximum(largest[after], values[before], out=largest[after])
        np.maximum(largest[before], values[after], out=largest[before])
    return largest
