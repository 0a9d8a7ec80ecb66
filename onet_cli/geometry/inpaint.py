"""Inpainting: holes in pictures, filled from their surroundings."""

import numpy as np
from numpy.typing import NDArray


def fill_holes(picture: NDArray[np.floating], weight: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return `picture` (S, S, C) with pixels of low `weight` (S, S) filled from their surroundings.

    Pixels of weight 1 are unchanged. S is halved as long as it is even; a picture without any
    weight becomes 0.

    Source: the push and pull steps of Gortler et al., "The Lumigraph", SIGGRAPH 1996.
    """
    known = np.clip(weight, 0, 1)[..., None]
    return _fill((picture * known).astype(np.float32), known.astype(np.float32))


def _fill(weighted: NDArray[np.float32], known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return colours (S, S, C) from `weighted`, colours times their weight `known` (S, S, 1)."""
    side = len(known)
    if side % 2 or side == 0:
        total = float(known.sum())
        mean = weighted.sum(axis=(0, 1)) / max(total, 1e-6)
        whole: NDArray[np.float32] = weighted + (1 - known) * mean.astype(np.float32)
        return whole
    sums = _quarters(known)
    excess = np.maximum(sums, np.float32(1))
    coarse, share = _quarters(weighted) / excess, sums / excess
    around = _twice(_fill(coarse.astype(np.float32), share.astype(np.float32)))
    around *= 1 - known
    around += weighted
    return around


def _quarters(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of 2 x 2 pixels of `values` (S, S, C)."""
    rows = values[0::2] + values[1::2]
    found: NDArray[np.float32] = rows[:, 0::2] + rows[:, 1::2]
    return found


def _twice(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `picture` (S, S, C) at twice its size, linear between the middles of pixels."""
    for _ in range(2):
        near, far = np.float32(0.75) * picture, np.float32(0.25) * picture
        larger = np.empty((2 * len(picture), *picture.shape[1:]), np.float32)
        larger[0::2], larger[1::2] = near, near
        larger[2::2] += far[:-1]
        larger[1:-1:2] += far[1:]
        larger[0] += far[0]
        larger[-1] += far[-1]
        picture = larger.swapaxes(0, 1)
    return np.ascontiguousarray(picture)
