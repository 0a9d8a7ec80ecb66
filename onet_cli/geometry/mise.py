"""Multiresolution iso-surface extraction (MISE): dense grids at the cost of their surface.

Source: Mescheder et al., CVPR 2019, section 3.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from operator import index

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import mise as kernel
from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.octree import Octree

PointFunction = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""A field: points (N, 3) float32 in the unit-cube frame to (N,) logits."""

LARGEST = 4096
"""Cells per side; the kernels count the points of no finer grid."""

SMALLEST_COARSE, LARGEST_COARSE = 16, 64
"""Minimum and maximum cells per side of the initial grid of MISE."""


@dataclass(frozen=True)
class Grid:
    """The logits around an iso-surface on an R x R x R grid, and the number of evaluations.

    `octree` holds them, `edge` is the edge of the cube in the unit-cube frame, `highest` the
    highest evaluated logit; `rounds` counts the points evaluated in each call of the field.
    """

    octree: Octree
    edge: float
    highest: float
    rounds: tuple[int, ...]

    @property
    def evaluations(self) -> int:
        """Number of points at which the field was evaluated."""
        return sum(self.rounds)

    @cached_property
    def values(self) -> NDArray[np.float32]:
        """The logits at every corner, (R+1, R+1, R+1); index i lies at edge * (i / R - 0.5).

        Points never evaluated have the value of an evaluated one on the same side of the iso-level
        or, where the last subdivision guessed, an infinity.
        """
        return self.octree.dense()


def split_resolution(resolution: int) -> tuple[int, int]:
    """Return (r0, k) with `resolution` = r0 * 2^k: the coarse grid and the number of subdivisions.

    r0 is within 32..63, or `resolution` itself if that is smaller.

    Raises:
        InvalidOptionError: no r0 within 16..64 gives `resolution`; names the two nearest that work.
            Or it is above `LARGEST`.
    """
    resolution = index(resolution)
    if resolution > LARGEST:
        raise InvalidOptionError(
            f"resolution {resolution} is more than memory holds", hint=f"use up to {LARGEST}"
        )
    if not _is_valid(resolution):
        nearest = _nearest_valid(resolution)
        raise InvalidOptionError(
            f"resolution {resolution} is not r0 * 2^k with r0 within 16..64",
            hint=f"use {nearest[0]} or {nearest[1]}",
        )
    halvings = 0
    while resolution >> halvings >= LARGEST_COARSE:
        halvings += 1
    return resolution >> halvings, halvings


def evaluate_grid(
    field: PointFunction,
    resolution: int,
    level: float,
    edge: float = CUBE_EDGE,
    *,
    guess: bool = False,
) -> Grid:
    """Return the logits of `field` on a grid of `resolution` cells per side of the centred cube.

    Starts from the coarse grid, subdivides every cell that has evaluated corners on both sides of
    `level`, evaluates the new corners in one call of `field`, and repeats until there is nothing
    left to subdivide. It thus follows a surface into cells that seemed empty at first.

    Args:
        field: called once per round with (N, 3) float32 points.
        resolution: R in cells per side, as `split_resolution` accepts it.
        level: iso-level (logit); values at or above it count as inside.
        edge: edge of the cube in the unit-cube frame.
        guess: of the points added by the last subdivision, evaluate only the ends of grid edges
            that the surface crosses, found by following it, and guess the side of the others. The
            mesh is the same unless a part thinner than two cells is detached from the surface
            found; saves about 40 % of the evaluations.

    Raises:
        InvalidOptionError: `resolution` cannot be split.
        InvalidGeometryError: `field` returned NaN.

    Source: Mescheder et al., CVPR 2019, section 3.3 and figure 2; `guess` is ours.
    """
    resolution = index(resolution)  # numpy's would overflow, and the octree follow it
    coarse, depth = split_resolution(resolution)
    # float32 like the logits it is compared with, here and in the extraction.
    octree = Octree(coarse, depth, float(np.float32(level)), guess)
    axis = np.arange(resolution + 1, dtype=np.float32) / np.float32(resolution)
    axis = np.float32(edge) * (axis - np.float32(0.5))
    highest, rounds = -np.inf, []
    points = octree.first_points()
    while len(points):
        results = _evaluate(field, points, axis)
        highest = max(highest, float(results.max()))
        rounds.append(len(points))
        octree.record(points, results)
        points = octree.next_points(points)
    return Grid(octree, edge, highest, tuple(rounds))


def _evaluate(
    field: PointFunction, points: NDArray[np.int64], axis: NDArray[np.float32]
) -> NDArray[np.float32]:
    coordinates = np.empty((len(points), 3), dtype=np.float32)
    kernel.locate(points, axis, coordinates)
    results = np.ascontiguousarray(field(coordinates), dtype=np.float32)
    if results.shape != (len(points),):
        raise ValueError(f"the field returned {results.shape} for {len(points)} points")
    if np.isnan(results).any():
        raise InvalidGeometryError(
            "the occupancy field returned NaN", hint="the checkpoint may be damaged"
        )
    return results


def _is_valid(resolution: int) -> bool:
    if resolution < SMALLEST_COARSE:
        return False
    while resolution > LARGEST_COARSE and resolution % 2 == 0:
        resolution //= 2
    return resolution <= LARGEST_COARSE


def _nearest_valid(resolution: int) -> tuple[int, int]:
    above = max(resolution, SMALLEST_COARSE)
    while not _is_valid(above):
        above += 1
    below = resolution
    while below >= SMALLEST_COARSE and not _is_valid(below):
        below -= 1
    return (below, above) if below >= SMALLEST_COARSE else (above, above + 1)
