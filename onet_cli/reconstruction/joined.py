"""Joining of pieces that the field nearly connects; see `geometry.bridges`."""

from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.bridges import largest_piece, lift_gaps
from onet_cli.geometry.components import component_volumes, connected_parts
from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import Grid, evaluate_grid
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.reconstruction.field import OccupancyField

Values = NDArray[np.float32]

JOIN = 1.0
"""Default depth of gaps across which pieces are joined: logits below the iso-level."""

WHOLE = 0.99
"""A mesh is connected if one piece has at least this share of the volume."""

LOOK = 49
LOWERED = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
"""Points per side of the grid for counting pieces, and the factors tried on the threshold."""

UNSEEN = 0.75
"""Allowance for the field between points of the coarse grid, in logits."""


class CachedField:
    """A field with cached values at points of a grid of `resolution` cells per side."""

    def __init__(self, field: OccupancyField, resolution: int) -> None:
        self._field, self.resolution = field, resolution
        self._asked: list[tuple[NDArray[np.floating], Values]] = []
        self._keys, self._logits = np.empty(0, np.int64), np.empty(0, np.float32)
        self._recalls = False

    @property
    def level(self) -> float:
        """The iso-level of the field (logit)."""
        return self._field.level

    @property
    def first(self) -> Values:
        """The result of the first call."""
        return self._asked[0][1]

    @property
    def rounds(self) -> tuple[int, ...]:
        """Number of evaluated points in each call."""
        return tuple(len(logits) for _, logits in self._asked)

    def recall(self) -> None:
        """Use the values evaluated so far in later calls; without this, nothing is looked up."""
        points, logits = (np.concatenate(parts) for parts in zip(*self._asked, strict=True))
        keys = self._number(points)
        order = np.argsort(keys)
        self._keys, self._logits, self._recalls = keys[order], logits[order], True

    def __call__(self, points: NDArray[np.floating]) -> Values:
        """Return the logits (N,) at the grid points `points` (N, 3)."""
        if not self._recalls:
            return self._ask(points)
        keys = self._number(points)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        logits = self._logits[at]
        fresh = self._keys[at] != keys
        logits[fresh] = self._ask(points[fresh])
        return logits

    def _ask(self, points: NDArray[np.floating]) -> Values:
        logits = self._field(points)
        self._asked.append((points, logits))
        return logits

    def _number(self, points: NDArray[np.floating]) -> NDArray[np.int64]:
        side = self.resolution + 1
        i, j, k = np.rint((points.T / CUBE_EDGE + 0.5) * self.resolution).astype(np.int64)
        return np.asarray((i * side + j) * side + k)


class Lifted:
    """`field` at grid points plus `lift` (N, N, N), interpolated over the cube."""

    def __init__(self, field: CachedField, lift: Values) -> None:
        self._field, self._lift = field, lift
        there = np.argwhere(lift > 0)
        self._low, self._high = there.min(axis=0) - 1, there.max(axis=0) + 1

    def __call__(self, points: NDArray[np.float32]) -> Values:
        """Return the logits (N,) at the grid points `points` (N, 3)."""
        logits = self._field(points)
        places = (points / CUBE_EDGE + 0.5) * (len(self._lift) - 1)
        near = ((places > self._low) & (places < self._high)).all(axis=1)
        logits[near] += interpolated(self._lift, places[near])
        return logits


def interpolated(values: Values, places: NDArray[np.floating]) -> Values:
    """Interpolate `values` (N, N, N) trilinearly at index coordinates `places` (P, 3)."""
    cells = np.clip(np.floor(places).astype(np.int64), 0, len(values) - 2)
    parts = np.clip(places - cells, 0, 1)
    found = np.zeros(len(places), dtype=np.float32)
    for corner in product((0, 1), repeat=3):
        weights = np.where(corner, parts, 1 - parts).prod(axis=1)
        found += weights.astype(np.float32) * values[tuple((cells + corner).T)]
    return found


def join_pieces(
    surface: Trimesh, grid: Grid, memory: CachedField, limit: float, *, guess: bool
) -> tuple[Trimesh, Grid]:
    """Return `surface` and `grid` with pieces joined across gaps of depth up to `limit` (logit).

    Args:
        surface: The closed iso-surface of `grid`.
        grid: Values of `memory`, at its level.
        memory: Cache of the photo's field, evaluated for `grid` only.
        limit: Maximum depth of the field below the level between joined pieces.
        guess: as for `evaluate_grid`.
    """
    if is_whole(surface):
        return surface, grid
    octree = grid.octree
    memory.recall()
    lift = lift_gaps(sample_near(memory, octree.coarse, limit), memory.level, limit)
    memory.recall()
    if lift is None:
        return surface, replace(grid, rounds=memory.rounds)
    lifted = Lifted(memory, lift)
    joined = evaluate_grid(lifted, octree.resolution, memory.level, guess=guess)
    return grid_surface(joined), replace(joined, rounds=memory.rounds)


def is_whole(surface: Trimesh) -> bool:
    """Return whether one piece has nearly all of the volume of a closed mesh."""
    parts = connected_parts(np.asarray(surface.faces), len(surface.vertices))
    if np.bincount(parts).max() >= WHOLE * len(parts):
        return True  # small pieces have more vertices per volume, so this is sufficient
    _, volumes = component_volumes(surface)
    solid = volumes[volumes > 0]
    return bool(solid.max() >= WHOLE * solid.sum())


def sample_near(memory: CachedField, coarse: int, limit: float) -> Values:
    """Return the field on a lattice twice as fine as the `coarse` grid, -inf where not evaluated.

    It is evaluated next to points of the coarse grid at or above the level less `limit` and
    `UNSEEN`. The first evaluation of the field must be the coarse grid, which is returned if it is
    already the finest.
    """
    known = memory.first.reshape((coarse + 1,) * 3)
    if memory.resolution == coarse:
        return known
    lattice = np.full((2 * coarse + 1,) * 3, -np.inf, dtype=np.float32)
    lattice[::2, ::2, ::2] = known
    near = _beside(lattice >= memory.level - limit - UNSEEN)
    near[::2, ::2, ::2] = False
    axis = CUBE_EDGE * (np.arange(2 * coarse + 1, dtype=np.float32) / (2 * coarse) - 0.5)
    lattice[near] = memory(axis[np.argwhere(near)])
    return lattice


def _beside(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Dilate a mask of lattice points by one point, including diagonals."""
    found = marked.copy()
    for axis in range(found.ndim):
        along = np.moveaxis(found, axis, 0)  # a view
        before = along.copy()
        along[1:] |= before[:-1]
        along[:-1] |= before[1:]
    return found


def whole_threshold(field: OccupancyField) -> float | None:
    """Return the highest candidate threshold below that of `field` with a connected surface.

    One piece then has nearly all points inside; None if there is no such threshold. The field is
    evaluated on a grid of `LOOK` points per side.
    """
    axis = CUBE_EDGE * (np.arange(LOOK, dtype=np.float32) / (LOOK - 1) - 0.5)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    logits = field(grid.reshape(-1, 3)).reshape((LOOK,) * 3)
    for share in LOWERED:
        lower = field.cut_at(share * field.threshold)
        if largest_piece(logits, lower.level) >= WHOLE:
            return lower.threshold
    return None
