"""The octree of MISE: known grid points, and cells crossed by the surface.

Memory is proportional to the surface: the points of a coarse cell are stored only once one of them
that is not a corner is known.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import mise as kernel

Points = NDArray[np.int64]
"""Grid points (i, j, k), each encoded as i << 42 | j << 21 | k."""

_BOTH_SIDES = 3  # a cell's state when it is not subdivided and the surface passes through it
_DIVIDED = 4
_NEW_POINTS_PER_CELL = 27 - 8
_NEIGHBOURS = 6
_LARGEST = np.finfo(np.float32).max


class Octree:
    """Cells of an R x R x R grid, R = `coarse` * 2^`depth`, subdivided around the iso-surface.

    `level` is the iso-level. With `guess`, of the points added by the last subdivision only the
    ends of grid edges that the surface crosses are evaluated; the others get the side of their
    cell's corners.
    """

    def __init__(self, coarse: int, depth: int, level: float, guess: bool = False) -> None:
        self.coarse, self.depth, self.level = coarse, depth, level
        self.resolution = coarse << depth
        self.reaches_face = False
        """Whether the inside is known to touch the cube's boundary."""
        self._guess = guess and depth > 0
        corners = (coarse + 1) ** 3
        self._starts = np.arange(corners, dtype=np.int64)
        self._values = np.full(corners, np.nan, dtype=np.float32)
        self._states = np.zeros(sum((coarse << n) ** 3 for n in range(depth)), dtype=np.uint8)
        self._finest_states = len(self._states) - ((self.resolution // 2) ** 3 if depth else 0)

    def first_points(self) -> Points:
        """Return the points of the coarse grid."""
        axis = np.arange(0, self.resolution + 1, 1 << self.depth, dtype=np.int64)
        return (axis[:, None, None] << 42 | axis[:, None] << 21 | axis).ravel()

    def record(self, points: Points, results: NDArray[np.float32]) -> None:
        """Store the `results` (N,) of evaluating the requested `points` (N,)."""
        if self._guess:  # infinities mark guesses
            results = np.clip(results, -_LARGEST, _LARGEST)
        shape = (self.level, self.coarse, self.depth)
        found = kernel.record(points, results, *shape, self._starts, self._values, self._states)
        self.reaches_face |= found > 0

    def next_points(self, recorded: Points) -> Points:
        """Subdivide every cell found to be crossed; return the points to evaluate next, if any.

        `recorded` are the points of the last call of `record`.
        """
        active = np.flatnonzero(self._states == _BOTH_SIDES)
        octree = (self.coarse, self.depth, self._starts)
        kernel.divide(active, self.level, *octree, self._values, self._states)
        self._make_room(active)
        if not self._guess:
            points = _room(active, _NEW_POINTS_PER_CELL)
            return points[: kernel.request(active, *octree, self._values, points)]
        finest = int(np.searchsorted(active, self._finest_states))
        coarser, active = active[:finest], active[finest:]
        asked, near = _room(coarser, _NEW_POINTS_PER_CELL), _room(active, _NEW_POINTS_PER_CELL)
        around = _room(recorded, _NEIGHBOURS)
        asked = asked[: kernel.request(coarser, *octree, self._values, asked)]
        guessed = (self.level, *octree, self._values)
        near = near[: kernel.request_near(active, *guessed, near)]
        around = around[: kernel.request_around(recorded, *guessed, around)]
        return np.concatenate([asked, near, around])

    def dense(self) -> NDArray[np.float32]:
        """Return the (R+1, R+1, R+1) grid; unknown points take the previous known value."""
        dense = np.empty((self.resolution + 1,) * 3, dtype=np.float32)
        kernel.spread(self.coarse, self.depth, self._starts, self._values, dense)
        return dense

    def crossed_slabs(
        self, low: NDArray[np.float32], high: NDArray[np.float32]
    ) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Yield the index of each slab of finest cells, and its cells that the surface crosses.

        Cells are indices of their lowest corners in a plane of (R+3)^2 points, with one point of
        padding on each side. The planes `low` and `high` receive the values at the corners of these
        cells.
        """
        cells_per_layer = (self.resolution // 2) ** 2
        divided = np.flatnonzero(self._states[self._finest_states :] & _DIVIDED)
        layers = np.searchsorted(divided, np.arange(self.resolution // 2 + 1) * cells_per_layer)
        octree = (self.coarse, self.depth, self._starts, self._values)
        for slab in range(self.resolution):
            cells = divided[layers[slab // 2] : layers[slab // 2 + 1]]
            crossed = np.empty(len(cells) * 4, dtype=np.int32)
            count = kernel.gather(cells, slab, self.level, *octree, low, high, crossed)
            yield slab, np.sort(crossed[:count])

    def _make_room(self, active: Points) -> None:
        """Allocate the bricks needed to subdivide the cells `active`."""
        fresh = np.empty(len(self._starts), dtype=np.int64)
        end = len(self._values)
        count = kernel.reserve(active, self.coarse, self.depth, end, self._starts, fresh)
        # In place: at 512 cells per side a copy is expensive. Nothing else refers to the array.
        self._values.resize(end + (count << 3 * self.depth), refcheck=False)
        kernel.open_bricks(fresh[:count], self.depth, self._starts, self._values)


def _room(cells: NDArray[np.int64], each: int) -> Points:
    return np.empty(len(cells) * each, dtype=np.int64)
