"""Drawing of the object mask in a photo."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from onet_cli.shapes.photo import on_white

SIDE = 512
"""Longer side of the drawing in pixels."""

COLOUR = (240, 110, 20)
DIMMED = 0.55
"""Blend factor of the background towards white."""

_LINE = 5  # pixels


def mark_object(photo: Image.Image, weight: NDArray[np.float32] | None) -> Image.Image:
    """Return `photo`, downsampled, with a faded background and a line around the object.

    `weight` (H, W) is the object mask, 0 to 1, of the photo's shape; with None, the photo is
    returned unchanged.
    """
    if weight is None:
        return photo
    share = min(SIDE / max(photo.size), 1.0)
    size = (max(round(photo.width * share), 1), max(round(photo.height * share), 1))
    small = on_white(photo).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    grey = Image.fromarray(np.rint(weight * 255).astype(np.uint8))
    mask = grey.resize(size, Image.Resampling.BILINEAR).point(lambda value: 255 * (value > 127))
    faded = Image.blend(small, Image.new("RGB", size, "white"), DIMMED)
    marked = Image.composite(small, faded, mask)
    # The line is outside the object, so that it hides nothing.
    line = np.asarray(mask.filter(ImageFilter.MaxFilter(_LINE))) > np.asarray(mask)
    marked.paste(COLOUR, mask=Image.fromarray(line.astype(np.uint8) * 255))
    return marked
