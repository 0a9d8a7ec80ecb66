"""Exposure of objects in a network's images, which keeps white objects apart from the background.

Images are on white. A white object would vanish in it, and a network could not tell its surface
from a hole. Therefore the object is darkened: its white has the brightness `EXPOSURE`, and whatever
is brighter is background. A data set records the exposure of its views (1: not darkened), a
checkpoint that of the images it was trained on, and photos are darkened to match.
"""

import numpy as np
from numpy.typing import NDArray

EXPOSURE = 0.85
"""Brightness of white objects in views that this package makes."""


def expose(image: NDArray[np.uint8], mask: NDArray[np.uint8], exposure: float) -> NDArray[np.uint8]:
    """Return `image` with the object in `mask` darkened to `exposure`.

    Args:
        image: (3, H, W), the object on white, with pixels at its edge mixed accordingly.
        mask: (H, W), 255 on the object.
        exposure: brightness of white in the object, 0 to 1; 1 changes nothing.
    """
    if exposure == 1:
        return image
    white = 255 - mask.astype(np.float32)
    object_part = np.maximum(image - white, 0)
    darker: NDArray[np.uint8] = np.rint(image - (1 - exposure) * object_part).astype(np.uint8)
    return darker
