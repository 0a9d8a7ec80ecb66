"""Signed crossings of vertical rays with a mesh, for many points at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import inside as kernel
from onet_cli.cores import available_cores
from onet_cli.errors import InvalidGeometryError

Points = NDArray[np.float64]
Counts = NDArray[np.int32]

LARGEST = 1e100
"""Largest coordinate of a mesh: products of three still fit in a double."""
BATCH = 1 << 21
"""Points processed together, in about 150 MB."""
WORK_PER_THREAD = 100_000
"""Fewest points and faces per thread: below, starting it does not pay off."""
CROWD = 1024
"""Points in a cell, or a sixteenth of all, above which they get a grid of their own."""


@dataclass(frozen=True)
class Surface:
    """Triangles as the kernel reads them: (V, 3) finite, (F, 3) valid; `box` minimum, maximum."""

    vertices: Points
    faces: NDArray[np.int64]
    box: Points

    @classmethod
    def of(cls, mesh: Trimesh) -> "Surface":
        """Return the triangles of `mesh`.

        Raises:
            InvalidGeometryError: a coordinate is not finite or beyond 1e100, or a face refers to a
                vertex that does not exist.
        """
        vertices = np.ascontiguousarray(mesh.vertices, dtype=np.float64)
        faces = np.ascontiguousarray(mesh.faces, dtype=np.int64)
        if not np.isfinite(vertices).all():
            raise InvalidGeometryError("a coordinate of the mesh is not finite")
        if len(faces) and not (faces.min() >= 0 and faces.max() < len(vertices)):
            raise InvalidGeometryError("a face names a vertex that does not exist")
        surface = cls(vertices, faces, _bounds(vertices))
        if surface.size > LARGEST:
            raise InvalidGeometryError(f"a coordinate of the mesh is beyond {LARGEST:g}")
        return surface

    @property
    def size(self) -> float:
        """The largest coordinate."""
        return float(np.abs(self.box).max())

    @property
    def is_balanced(self) -> bool:
        """Whether each edge has as many faces in one direction as in the other: no boundary.

        Edges are identified by the positions of their ends, so vertices may be split. Sums of
        hashes are compared, so one open mesh in about 2^53 passes.
        """
        keys = np.empty(len(self.vertices), dtype=np.uint64)
        return kernel.boundary_hash(self.vertices, self.faces, keys) == 0

    def turned(self, rotation: Points) -> "Surface":
        """Return the surface after `rotation` (3, 3)."""
        vertices = np.ascontiguousarray(self.vertices @ rotation.T)
        return Surface(vertices, self.faces, _bounds(vertices))


def checked_points(points: NDArray[np.floating]) -> Points:
    """Return `points` as (N, 3) float64.

    Raises:
        InvalidGeometryError: they have another shape, or a coordinate is not finite.
    """
    checked = np.ascontiguousarray(points, dtype=np.float64)
    if checked.ndim != 2 or checked.shape[1] != 3:
        raise InvalidGeometryError(f"points must be (N, 3), not {checked.shape}")
    if not np.isfinite(checked).all():
        raise InvalidGeometryError("a coordinate of the points is not finite")
    return checked


def points_within(points: Points, box: Points) -> Counts:
    """Return the ascending indices of the `points` (N, 3) in the closed `box`."""
    picked = np.empty(len(points) + 1, dtype=np.int32)
    return picked[: kernel.pick(points, box, picked)]


def count_crossings(
    surface: Surface, points: Points, threads: int | None = None, *, whole_lines: bool = False
) -> tuple[Counts, Counts]:
    """Return the signed crossings of the ray from each point along +z, and of its whole line.

    An upward face counts 1, a downward one -1. The second array is (0,) unless `whole_lines`; it is
    all 0 if the surface is closed. Points are displaced by an infinitesimal (e, e^2, e^3); the
    results are exact and do not depend on `threads`.
    """
    windings = np.zeros(len(points), dtype=np.int32)
    balances = np.zeros(len(points) if whole_lines else 0, dtype=np.int32)
    if len(surface.faces) == 0:
        return windings, balances
    box = surface.box.copy()
    if whole_lines:
        box[[2, 5]] = -np.inf, np.inf
    count = thread_count(threads, len(points) + len(surface.faces))
    with ThreadPoolExecutor(count) as pool:
        for first in range(0, len(points), BATCH):
            batch = points[first : first + BATCH]
            numbers = points_within(batch, box)
            caster = _Caster(surface, windings[first:], balances[first:], count, pool)
            caster.cast(batch[numbers], numbers)
    return windings, balances


@dataclass(frozen=True)
class _Caster:
    """Counts crossings of one surface into `windings` and `balances`."""

    surface: Surface
    windings: Counts
    balances: Counts
    threads: int
    pool: ThreadPoolExecutor

    def cast(self, points: Points, numbers: Counts) -> None:
        """Cast from `points` (M, 3), whose indices in the results are `numbers` (M,)."""
        if len(points) == 0:
            return
        grid = _Grid.around(points, self.surface.size)
        starts = np.zeros(grid.rows * grid.columns + 1, dtype=np.int32)
        cells = np.empty(len(points), dtype=np.int32)
        kernel.count_points(points, grid.box, grid.scale, grid.columns, cells, starts[1:])
        crowded = np.flatnonzero(starts[1:] > max(CROWD, len(points) // 16))
        if len(crowded) and len(starts) > 2:
            # Each face that meets such a cell would test all of its points.
            for cell in (*crowded, None):
                here = ~np.isin(cells, crowded) if cell is None else cells == cell
                self.cast(points[here], numbers[here])
            return
        np.cumsum(starts, out=starts)
        order = np.empty(len(points), dtype=np.int32)
        placed = np.empty_like(points)
        kernel.sort_points(points, cells, starts[:-1].copy(), order, placed)
        places = numbers[order]

        def work(part: int) -> tuple[Counts, Counts]:
            found = np.zeros(len(points), dtype=np.int32)
            total = np.zeros(len(points) if len(self.balances) else 0, dtype=np.int32)
            kernel.add_crossings(
                self.surface.vertices,
                self.surface.faces,
                self.surface.size,
                grid.box,
                grid.scale,
                grid.columns,
                starts,
                placed,
                part,
                self.threads,
                found,
                total,
            )
            return found, total

        for found, total in _run(work, self.threads, self.pool):
            self.windings[places] += found
            if len(total):
                self.balances[places] += total


@dataclass(frozen=True)
class _Grid:
    """Cells in x and y over the bounds of some points; `scale` is cells per length."""

    box: Points
    scale: Points
    columns: int
    rows: int

    @classmethod
    def around(cls, points: Points, size: float) -> "_Grid":
        """Return about as many cells as there are points, about square."""
        box = _bounds(points)
        width, depth = box[3:5] - box[:2]
        # An extent below rounding needs no cells and has no finite scale.
        width, depth = (e if e > 1e-15 * size else 0.0 for e in (width, depth))
        columns, rows = int(width > 0), int(depth > 0)
        if width and depth:
            columns = int(np.clip(np.sqrt(len(points) * width / depth), 1, len(points)))
        elif width:
            columns = len(points)
        if depth:
            rows = max(1, len(points) // max(columns, 1))
        columns, rows = max(columns, 1), max(rows, 1)
        scale = [columns / width if width else 0.0, rows / depth if depth else 0.0]
        return cls(box, np.array(scale), columns, rows)


def _run(
    work: Callable[[int], tuple[Counts, Counts]], parts: int, pool: ThreadPoolExecutor
) -> list[tuple[Counts, Counts]]:
    return [work(0)] if parts == 1 else list(pool.map(work, range(parts)))


def _bounds(points: Points) -> Points:
    """Return the minimum and maximum x, y, z of finite `points`, (6,); zeros if there are none."""
    box = np.zeros(6)
    if len(points):
        kernel.bounds(points, box)
    return box


MOST_THREADS = 256
"""Limit of the threads of one call, whatever is asked for."""


def thread_count(wanted: int | None, work: int) -> int:
    """Return `wanted` threads or, for None, one per core, limited by the amount of work.

    There are at most `MOST_THREADS`. `work` is the number of items: points, faces, lines.
    """
    if wanted is not None:
        return min(max(1, wanted), MOST_THREADS)
    return max(1, min(available_cores(), work // WORK_PER_THREAD))
