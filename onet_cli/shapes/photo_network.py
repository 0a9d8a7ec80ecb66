"""The object before any background, as a segmentation network sees it: two looks, near and far."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.shapes.photo_border import Cut
from onet_cli.shapes.photo_pixels import Mask, Plane, resize_plane

FAR, NEAR = 160, 256
"""Pixels of the network's input: to find the object in the picture, and then to cut it out."""

MARGIN = 0.12
"""What of the object's longer side is looked at around it."""

LEAST = 0.002
"""Share of the picture that an object which a network finds covers at least."""

SURE = 0.75
"""IoU of the two looks from which they agree on what the object is."""

_SEEN = 0.3  # saliency from which the first look takes a pixel for the object
_MINOR = 0.15  # size of pieces, of the main one's, below which they are not the object
_FAINT = 0.1  # saliency up to which a pixel is background, and as far below 1 wholly the object
_BEHIND = 0.01  # reach of the average that tells the background's colour, as a share of the picture

Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels."""


def cut_by_network(colours: NDArray[np.uint8]) -> Cut | None:
    """Return the salient object in `colours` (H, W, 3), or None where nothing is salient.

    The network's picture is small. The first look finds the object; the second one sees it large.
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
    """Return how salient each pixel of `colours` (H, W, 3) is, seen at `side` pixels."""
    # Kept out of the imports: torch takes longer to load than most photos to prepare.
    from onet_cli.models.segmentation.network import saliency

    picture = Image.fromarray(np.ascontiguousarray(colours))
    small = picture.resize((side, side), Image.Resampling.LANCZOS)
    return resize_plane(saliency(np.asarray(small)), picture.size)


def look_into(colours: NDArray[np.uint8], box: Box, side: int) -> Plane:
    """Return how salient the pixels (H, W) in `box` are within it; 0 outside."""
    left, top, right, bottom = box
    plane = np.zeros(colours.shape[:2], dtype=np.float32)
    plane[top:bottom, left:right] = look(colours[top:bottom, left:right], side)
    return plane


def as_cut(colours: NDArray[np.uint8], salient: Plane, *, certain: bool) -> Cut:
    """Return the object where `colours` (H, W, 3) are `salient` (H, W)."""
    weight = np.clip((salient - _FAINT) / (1 - 2 * _FAINT), 0, 1).astype(np.float32)
    return Cut(weight, certain, _behind(colours, weight))


def _behind(colours: NDArray[np.uint8], weight: Plane) -> Plane:
    """Return the background's colour (H, W, 3) near each pixel, the object's where there is none.

    Pixels along the edge are mixed with it.
    """
    from scipy.ndimage import uniform_filter

    width = 2 * round(_BEHIND * max(weight.shape)) + 1
    outside = (weight == 0).astype(np.float32)
    share = uniform_filter(outside, width)[..., None]
    total = uniform_filter(colours * outside[..., None], (width, width, 1))
    mean: Plane = np.where(share > 1e-3, total / np.maximum(share, 1e-3), colours)
    return mean.astype(np.float32)


def box_around(mask: Mask, margin: float) -> Box | None:
    """Return the box of `mask` (H, W), wider by `margin` of its longer side; None if it is empty.

    Single pixels count as nothing.
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
    """Return `salient` without the pieces above `level` that are small or far out.

    They are compared with the main one.
    """
    from scipy.ndimage import label

    pieces, count = label(salient > level)
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
