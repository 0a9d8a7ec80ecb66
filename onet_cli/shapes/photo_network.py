"""Segmentation on any background by a network, in two passes: whole picture and close-up."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.shapes.photo_border import Cut
from onet_cli.shapes.photo_pixels import Mask, Plane, box_mean, label_pieces, resize_plane

FAR, NEAR = 160, 256
"""Input sizes of the network in pixels: to locate the object, and to segment it."""

MARGIN = 0.12
"""Margin around the object in the second pass, as a share of its longer side."""

LEAST = 0.002
"""Minimum share of the picture covered by an object."""

SURE = 0.75
"""IoU of the two passes above which they agree on the object."""

_SEEN = 0.3  # saliency of the object's pixels in the first pass
_MINOR = 0.15  # minimum size of pieces, relative to the main one
_FAINT = 0.1  # saliency below which a pixel is background, and above 1 minus which it is object
_BEHIND = 0.01  # radius of the average for the background's colour, as a share of the picture

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels."""


def cut_by_network(colours: NDArray[np.uint8]) -> Cut | None:
    """Return the salient object in `colours` (H, W, 3), or None if nothing is salient.

    The network's input is small. The first pass locates the object; the second one is a close-up.
    """
    far = main_pieces(look(colours, FAR), _SEEN)
    box = box_around(far > _SEEN, MARGIN)
    if box is None:
        return None
    near = main_pieces(look_into(colours, box, NEAR), 0.5)
    if (near > 0.5).mean() < LEAST:
        return None
    return as_cut(colours, near, certain=overlap(far > 0.5, near > 0.5) > SURE)


def look(colours: NDArray[np.uint8], side: int) -> Plane:
    """Return the saliency of each pixel of `colours` (H, W, 3), computed at `side` pixels."""
    # A local import: torch takes longer to load than most photos to prepare.
    from onet_cli.models.segmentation.network import saliency

    picture = Image.fromarray(np.ascontiguousarray(colours))
    small = picture.resize((side, side), Image.Resampling.LANCZOS)
    return resize_plane(saliency(np.asarray(small)), picture.size)


def look_into(colours: NDArray[np.uint8], box: Box, side: int) -> Plane:
    """Return the saliency (H, W) computed within `box`; 0 outside."""
    left, top, right, bottom = box
    plane = np.zeros(colours.shape[:2], dtype=np.float32)
    plane[top:bottom, left:right] = look(colours[top:bottom, left:right], side)
    return plane


def as_cut(colours: NDArray[np.uint8], salient: Plane, *, certain: bool) -> Cut:
    """Return the object in `colours` (H, W, 3) from the saliency `salient` (H, W)."""
    weight = np.clip((salient - _FAINT) / (1 - 2 * _FAINT), 0, 1).astype(np.float32)
    return Cut(weight, certain, _behind(colours, weight))


def _behind(colours: NDArray[np.uint8], weight: Plane) -> Plane:
    """Return the background's colour (H, W, 3) near each pixel, else the object's.

    Edge pixels are mixed with it.
    """
    width = 2 * round(_BEHIND * max(weight.shape)) + 1
    outside = (weight == 0).astype(np.float32)
    share = box_mean(outside, width)[..., None]
    total = box_mean(colours * outside[..., None], width)
    mean: Plane = np.where(share > 1e-3, total / np.maximum(share, 1e-3), colours)
    return mean.astype(np.float32)


def box_around(mask: Mask, margin: float) -> Box | None:
    """Return the box of `mask` (H, W), wider by `margin` of its longer side; None if it is empty.

    Isolated pixels are ignored.
    """
    rows, columns = (np.flatnonzero(mask.sum(axis=axis) > 1) for axis in (1, 0))
    if len(rows) == 0 or len(columns) == 0:
        return None
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    more = round(margin * max(right - left, bottom - top)) + 1
    height, width = mask.shape
    return (
        max(int(left) - more, 0),
        max(int(top) - more, 0),
        min(int(right) + more, width),
        min(int(bottom) + more, height),
    )


def main_pieces(salient: Plane, level: float) -> Plane:
    """Return `salient` without the pieces above `level` that are small or far away.

    Both are relative to the main piece.
    """
    pieces, count = label_pieces(salient > level)
    if count < 2:
        return salient
    down, right = (np.linspace(-1, 1, n) for n in salient.shape)
    worth = np.exp(-(down[:, None] ** 2 + right[None] ** 2) / 0.5)
    sizes = np.bincount(pieces.ravel(), worth.ravel())
    sizes[0] = np.inf
    small = sizes < _MINOR * sizes[1:].max()
    return np.where(small[pieces], np.float32(0), salient)


def overlap(one: Mask, other: Mask) -> float:
    """Return the IoU of two masks (H, W)."""
    return float((one & other).sum() / max(int((one | other).sum()), 1))
