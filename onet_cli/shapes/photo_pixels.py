"""Building blocks for segmentation: CIE Lab, flood fill, and small filters."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli._ext import neighbours as kernel

Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]
_Scalar = TypeVar("_Scalar", bound=np.generic)

# Linear light of each of the 256 values, sRGB (IEC 61966-2-1).
_UNIT = np.arange(256) / 255
_LINEAR = np.where(_UNIT <= 0.04045, _UNIT / 12.92, ((_UNIT + 0.055) / 1.055) ** 2.4)

# Linear sRGB to XYZ, divided by the white point D65.
_TO_XYZ = np.array(
    [
        [0.412453 / 0.950456, 0.357580 / 0.950456, 0.180423 / 0.950456],
        [0.212671, 0.715160, 0.072169],
        [0.019334 / 1.088754, 0.119193 / 1.088754, 0.950227 / 1.088754],
    ]
)


def to_lab(colours: NDArray[np.uint8]) -> Plane:
    """Return sRGB (..., 3) as CIE Lab, L from 0 to 100.

    scikit-image has this too, but takes 0.4 s to load, longer than most photos take in total.
    """
    xyz = _LINEAR.astype(np.float32)[colours] @ _TO_XYZ.T.astype(np.float32)
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def label_pieces(mask: Mask) -> tuple[NDArray[np.int64], int]:
    """Return a number for each pixel of `mask` (H, W), and how many there are.

    Pixels that are 4-connected have the same one. Pieces are numbered from 1 in the order of their
    first pixels; outside of the mask is 0.
    """
    height, width = mask.shape
    row = width + 1  # with a pixel between the rows, at which runs of the mask end
    padded = np.zeros((height, row), np.int8)
    padded[:, :width] = mask
    ends = np.flatnonzero(np.diff(padded.ravel(), prepend=0, append=0))
    starts, stops = ends[::2], ends[1::2]
    first = np.searchsorted(stops, starts + row, side="right")  # of the runs that touch from below
    counts = np.searchsorted(starts, stops + row, side="left") - first
    above = np.repeat(np.arange(len(starts)), counts)
    below = np.arange(len(above)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    least = np.arange(len(starts), dtype=np.int64)
    kernel.join_faces(np.stack([above, below, below], axis=1).astype(np.int64), least)
    names, numbers = np.unique(least, return_inverse=True)
    labels = np.zeros(mask.shape, np.int64)
    labels[mask] = np.repeat(numbers + 1, stops - starts)
    return labels, len(names)


def box_mean(values: Plane, width: int) -> Plane:
    """Return the means of `values` (H, W) or (H, W, C) in squares of odd `width` around each pixel.

    Beyond the border the picture is mirrored, the border's pixels repeated.
    """
    mean = values.astype(np.float64)
    radius = width // 2
    for axis in (0, 1):
        around = [(radius + 1, radius) if one == axis else (0, 0) for one in range(mean.ndim)]
        sums = np.cumsum(np.pad(mean, around, mode="symmetric"), axis=axis)
        upper, lower = (
            np.take(sums, np.arange(mean.shape[axis]) + begin, axis=axis) for begin in (width, 0)
        )
        mean = (upper - lower) / width
    found: Plane = mean.astype(np.float32)
    return found


def flood(seeds: Mask, allowed: Mask) -> Mask:
    """Return the pixels (H, W) of `allowed` that are 4-connected to `seeds` within it."""
    rows, columns = _runs(allowed), _runs(allowed.T)
    reached = seeds & allowed
    count = -1
    while count != (count := int(reached.sum())):
        reached = _fill_runs(reached, rows) & allowed
        reached = _fill_runs(reached.T, columns).T & allowed
    return reached


def _runs(allowed: Mask) -> NDArray[np.int64]:
    """Return a label for each pixel, constant along each run of `allowed` in a row."""
    breaks = ~allowed
    breaks[:, 0] = True  # a run does not continue in the next row
    numbers: NDArray[np.int64] = np.cumsum(breaks, dtype=np.int64).reshape(allowed.shape)
    return numbers


def _fill_runs(reached: Mask, runs: NDArray[np.int64]) -> Mask:
    hit = np.zeros(int(runs.max(initial=0)) + 1, dtype=np.bool_)
    hit[runs[reached]] = True
    filled: Mask = hit[runs]
    return filled


def erode(mask: Mask, radius: int) -> Mask:
    """Return the erosion of `mask` by a square neighbourhood of `radius`."""
    return ~grow(~mask, radius)


def grow(mask: Mask, radius: int) -> Mask:
    """Return the dilation of `mask` by a square neighbourhood of `radius`."""
    return highest_near(mask, radius)


def highest_near(values: NDArray[_Scalar], radius: int) -> NDArray[_Scalar]:
    """Return the maximum of `values` (H, W) in each pixel's square neighbourhood."""
    for axis in (0, 1):
        width = [(0, 0), (0, 0)]
        width[axis] = (radius, radius)
        padded = np.moveaxis(np.pad(values, width, mode="edge"), axis, 0)
        count = values.shape[axis]
        highest = padded[:count].copy()
        for shift in range(1, 2 * radius + 1):
            np.maximum(highest, padded[shift : shift + count], out=highest)
        values = np.moveaxis(highest, 0, axis)
    return values


def length(vectors: NDArray[np.floating]) -> Plane:
    """Return the lengths (...) of `vectors` (..., K), three times as fast as np.linalg.norm."""
    lengths: Plane = np.sqrt(np.einsum("...k,...k->...", vectors, vectors))
    return lengths


def smooth(values: Plane) -> Plane:
    """Return `values` (H, W, ...) averaged with the weights 1 2 1 in both directions."""
    for axis in (0, 1):
        width = [(0, 0)] * values.ndim
        width[axis] = (1, 1)
        padded = np.moveaxis(np.pad(values, width, mode="edge"), axis, 0)
        mean: Plane = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / np.float32(4)
        values = np.moveaxis(mean, 0, axis)
    return values


def steepness(values: Plane) -> Plane:
    """Return the length of the gradient of `values` (H, W), per pixel."""
    down, right = np.gradient(values)
    steep: Plane = np.hypot(down, right)
    return steep


def resize_plane(values: Plane, size: tuple[int, int]) -> Plane:
    """Return `values` (H, W) at `size` (width, height), bilinear."""
    picture = Image.fromarray(values.astype(np.float32))
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR))
