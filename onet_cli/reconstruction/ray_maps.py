"""Maps with a value per ray of the image, and morphology on them."""

from collections.abc import Callable
from functools import reduce

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_TOTAL = 1e-9
"""Minimum total of weights by which means are divided."""

SLOPE_STEP = 1e-5
"""Step of central differences, in the network's cube."""


def sample_map(maps: Map, seen: NDArray[np.floating]) -> Map:
    """Sample `maps` (S, S, K) at `seen` (N, 2), -1 to 1: bilinearly, 0 outside, (N, K)."""
    side = len(maps)
    padded = np.pad(maps, ((1, 1), (1, 1), (0, 0)))
    x, y = np.clip((seen + 1) * (side / 2) + 0.5, 0, side + 1 - 1e-9).T
    column, row = x.astype(np.int64), y.astype(np.int64)
    right, down = (x - column)[:, None], (y - row)[:, None]
    upper = (1 - right) * padded[row, column] + right * padded[row, column + 1]
    lower = (1 - right) * padded[row + 1, column] + right * padded[row + 1, column + 1]
    found: Map = (1 - down) * upper + down * lower
    return found


def slopes_of(
    values: Callable[[Map], Map], points: Map, lowest: float = -np.inf
) -> NDArray[np.float64]:
    """Return the gradient (N, 3) of `values` at `points` (N, 3), by central differences.

    A neighbour whose value is `lowest` or less is outside the function's support and not used.
    """
    here, steps = values(points), SLOPE_STEP * np.eye(3)
    either = np.array([[values(points + sign * step) for sign in (1, -1)] for step in steps])
    ends = np.where(either > lowest, either, here)
    counts = (either > lowest).sum(axis=1)
    slopes: NDArray[np.float64] = (ends[:, 0] - ends[:, 1]) / (np.maximum(counts, 1) * SLOPE_STEP)
    return slopes.T


def opened(mask: Mask, window: tuple[int, int]) -> Mask:
    """Return the morphological opening of `mask` (S, S) with a `window` of odd sides."""
    eroded = filtered(mask.astype(np.float64), window, np.minimum, 0)
    return filtered(eroded, window, np.maximum, 0) > 0.5


def dilated(mask: Mask, reach: int) -> Mask:
    """Return the morphological dilation of `mask` (S, S) by `reach` rays in all directions."""
    edge = 2 * reach + 1
    wider: Mask = filtered(mask.astype(np.float64), (edge, edge), np.maximum, 0) > 0.5
    return wider


def filtered(values: Map, window: tuple[int, int], choose: np.ufunc, outside: float) -> Map:
    """Return the least or largest of `values` (S, S) in a `window` of odd sides around each."""
    found = values
    for axis, side in enumerate(window):
        reach = [(side // 2, side // 2) if axis == each else (0, 0) for each in (0, 1)]
        padded = np.pad(found, reach, constant_values=outside)
        count = found.shape[axis]
        shifted = (np.take(padded, range(at, at + count), axis) for at in range(side))
        found = reduce(choose, shifted)
    return found


def blurred_mean(values: Map, weights: Map | Mask, deviation: float) -> Map:
    """Return the means of `values` (..., S, S) by `weights` (S, S) in the window of `blurred`."""
    total = blurred(weights.astype(np.float64), deviation)
    means: Map = blurred(weights * values, deviation) / np.maximum(total, LEAST_TOTAL)
    return means


def blurred_inside(values: Map, deviation: float) -> Map:
    """Blur `values` (S, S) as `blurred`, by means over the part of the window in the image."""
    return blurred_mean(values, np.ones_like(values), deviation)


def blurred(values: Map, deviation: float) -> Map:
    """Blur `values` (..., S, S) with a Gaussian window of a standard `deviation` in rays."""
    reach = int(np.ceil(3 * deviation))
    window = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    window /= window.sum()
    # As matrices: entry (i, j) is the window's at i - j.
    rows = np.arange(values.shape[-1])
    apart = rows[:, None] - rows + reach
    near = (apart >= 0) & (apart < len(window))
    matrix = np.where(near, window[np.clip(apart, 0, len(window) - 1)], 0.0)
    blur: Map = matrix @ values @ matrix
    return blur
