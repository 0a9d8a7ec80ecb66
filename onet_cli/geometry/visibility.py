"""Visibility of grid cells from outside, for hundreds of directions at once."""

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import carve as kernel

Cells = NDArray[np.uint8]
"""A grid of 0 and 1."""

_WORD = 64
_ORDERS = ((0, 1, 2), (1, 0, 2), (2, 1, 0))
"""For each axis, the order of axes that puts it first; each is its own inverse."""


def view_directions(count: int) -> NDArray[np.float64]:
    """Return `count` + 6 unit vectors (N, 3) uniform on the sphere, including the axes.

    Source: the Fibonacci lattice, Swinbank & Purser, Quarterly Journal of the Royal Meteorological
    Society 2006.
    """
    step = np.arange(count) + 0.5
    height = 1 - 2 * step / count
    radius, angle = np.sqrt(1 - height**2), np.pi * (1 + np.sqrt(5)) * step
    spread = np.column_stack([radius * np.cos(angle), height, radius * np.sin(angle)])
    return np.concatenate([np.eye(3), -np.eye(3), spread])


def seen_twice(blocked: Cells, directions: NDArray[np.float64]) -> Cells:
    """Return the cells of `blocked` (X, Y, Z), 1 where opaque, that are visible in two views.

    A cell is visible in a view if the ray from it to infinity along the direction, one cell per
    layer of the grid, meets no blocked cell. A single view does not count: it may look through a
    pinhole.

    Raises:
        ValueError: `directions` are not (N, 3).
    """
    if directions.ndim != 2 or directions.shape[1] != 3:
        raise ValueError(f"directions must be (N, 3), not {directions.shape}")
    once = np.zeros(blocked.shape, dtype=np.uint8)
    twice = np.zeros_like(once)
    main_axis = np.argmax(np.abs(directions), axis=1)
    for axis, order in enumerate(_ORDERS):
        views = directions[main_axis == axis][:, order]
        if len(views):
            first, second = _sweep(blocked.transpose(order), views)
            twice |= second.transpose(order) | (once & first.transpose(order))
            once |= first.transpose(order)
    return twice


def _sweep(blocked: Cells, directions: NDArray[np.float64]) -> tuple[Cells, Cells]:
    """Return the cells visible at least once and twice, from directions along the first axis."""
    depth = blocked.shape[2]
    padding = ((0, 0), (0, 0), (0, -depth % _WORD))
    padded = np.ascontiguousarray(np.pad(blocked, padding))
    bits = np.packbits(padded, axis=2, bitorder="little")
    words = bits.view("<u8").astype(np.uint64)
    once, twice = np.zeros_like(words), np.zeros_like(words)
    for along, slope, bit_slope in directions:
        # Rays travel away from the viewer.
        rays = np.full((2, words.shape[1] + 2, words.shape[2] + 2), ~np.uint64(0))
        slopes = (-slope / abs(along), -bit_slope / abs(along))
        kernel.sweep_view(words, once, twice, rays, *slopes, bool(along > 0))
    return _unpack(once, depth), _unpack(twice, depth)


def _unpack(words: NDArray[np.uint64], depth: int) -> Cells:
    octets = words.astype("<u8").view(np.uint8)
    cells: Cells = np.unpackbits(octets, axis=2, bitorder="little", count=depth)
    return cells
