"""Bilinear, antialiased resize as a matrix."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=16)
def resize_weights(length: int, size: int) -> NDArray[np.float32]:
    """Return the matrix (size, length) of a triangle filter, each row of sum 1.

    When enlarging it is linear interpolation; when reducing, the triangle is as wide as two target
    pixels. All in single precision, as torch does, whose results are then closest.
    """
    one, half = np.float32(1), np.float32(0.5)
    scale = np.float32(length) / np.float32(size)
    middles = (np.arange(size, dtype=np.float32) + half) * scale
    apart = np.arange(length, dtype=np.float32) - middles[:, None] + half
    weights = np.maximum(one - np.abs(apart * (one / max(scale, one))), 0)
    normed: NDArray[np.float32] = weights / weights.sum(axis=1, keepdims=True)
    return normed
