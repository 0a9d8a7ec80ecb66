"""The resize of photos for reconstruction, as `shapes.photo.resize_images`, without torch."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.resize import resize_weights


def resize_planes(planes: NDArray[np.uint8], size: int) -> NDArray[np.float32]:
    """Return planes (..., H, W) at a network's input size, float32 (..., size, size) in [0, 1].

    Bilinear, antialiased, ignoring the aspect ratio; within rounding that of training.
    """
    unit: NDArray[np.float32] = np.asarray(planes, np.float32) / np.float32(255)
    height, width = unit.shape[-2:]
    if (height, width) == (size, size):
        return unit
    resized: NDArray[np.float32] = resize_weights(height, size) @ (
        unit @ resize_weights(width, size).T
    )
    return resized
