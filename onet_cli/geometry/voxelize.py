"""Voxelisation of meshes: the cells that the surface intersects, or the cells inside it."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from operator import index
from typing import TypeVar

import numpy as np
import trimesh
from numpy.typing import NDArray

from onet_cli._ext import voxelize as kernel
from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.crossings import Surface, thread_count
from onet_cli.geometry.inside import contains

FARTHEST = 2.0**23
"""Maximum distance of vertices from the cube's corner, in cells."""
_DIGITS = 25
"""Bits to which the vertices' x and y are rounded: edge tests are then exact in doubles."""
_SLAB = 1 << 22
"""Crossings per thread at a time, 4 bytes each."""
Result = TypeVar("Result")


def voxelize_surface(
    mesh: trimesh.Trimesh,
    resolution: int,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    edge: float = 1.0,
    *,
    threads: int | None = None,
) -> NDArray[np.bool_]:
    """Return the (R, R, R) grid whose cells are True where they intersect a triangle of `mesh`.

    Cells are closed: a triangle in the plane between two cells marks both; so does one within 1e-9
    of a cell, so that rounding loses no contact. Parts outside the cube are ignored.

    Args:
        mesh: any triangles, closed or not.
        resolution: R in cells per side.
        centre: centre of the gridded cube, in the mesh's frame and units.
        edge: edge of that cube, in the mesh's units.
        threads: number of threads; None for one per processor, limited by the amount of work. The
            result is the same.

    Raises:
        InvalidGeometryError: `mesh` has no faces, a vertex that is not finite or more than 2^23
            cells away, or a face that refers to a missing vertex.
        InvalidOptionError: `resolution` or `edge` is not positive.

    Source: Akenine-Moeller, Journal of Graphics Tools 2001 (separating axes).
    """
    resolution, surface = index(resolution), Surface.of(mesh)
    faces, vertices = surface.faces, _in_cells(surface, resolution, centre, edge)[0]
    grid = np.zeros((resolution,) * 3, dtype=np.uint8)
    count = min(thread_count(threads, len(faces) + resolution**2), resolution)
    ends = np.linspace(0, resolution, count + 1).astype(int).tolist()
    _share(count, lambda n: kernel.mark_surface(vertices, faces, ends[n], ends[n + 1], grid))
    return grid.view(np.bool_)


def voxelize_solid(
    mesh: trimesh.Trimesh,
    resolution: int,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    edge: float = 1.0,
    *,
    robust: bool = False,
    threads: int | None = None,
) -> NDArray[np.bool_]:
    """Return the (R, R, R) grid whose cells are True where their centre is inside `mesh`.

    Inside is where the winding number is not 0, so overlapping closed parts stay solid; x and y of
    the vertices are rounded to 2^-25 of the largest, in cells.

    Args:
        mesh: one or more closed, consistently oriented surfaces.
        resolution: R in cells per side.
        centre: centre of the gridded cube, in the mesh's frame and units.
        edge: edge of that cube, in the mesh's units.
        robust: accept any mesh and let lines through each centre vote, as `inside.contains` does;
            without rounding, and much slower.
        threads: as for `voxelize_surface`.

    Raises:
        InvalidGeometryError: `mesh` is not closed (unless `robust`), or as `voxelize_surface`.
        InvalidOptionError: `resolution` or `edge` is not positive.
    """
    resolution, surface = index(resolution), Surface.of(mesh)
    vertices, unit = _in_cells(surface, resolution, centre, edge, rounded=not robust)
    if robust:
        cells = trimesh.Trimesh(vertices, surface.faces, process=False)
        return _vote(cells, resolution, threads)
    grid = np.zeros((resolution,) * 3, dtype=np.uint8)
    leaks = _fill(vertices, surface.faces, unit, grid, threads)
    if leaks:
        raise InvalidGeometryError(
            f"the mesh is not closed: {leaks} of {resolution**2} lines enter and never leave it",
            hint="voxelize its surface instead, or close it first",
        )
    return grid.view(np.bool_)


def _fill(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    unit: float,
    grid: NDArray[np.uint8],
    threads: int | None,
) -> int:
    """Fill `grid`; return the number of leaking lines. Threads share the slabs of layers."""
    resolution = len(grid)
    rows = np.empty((len(faces), 2), dtype=np.int32)
    kernel.find_rows(vertices, faces, unit, rows)
    count = min(thread_count(threads, len(faces) + resolution**2), resolution)
    layers = max(1, min(-(-resolution // count), _SLAB // (resolution * (resolution + 1))))

    def work(part: int) -> int:
        crossings = np.zeros((layers, resolution, resolution + 1), dtype=np.int32)
        touched = np.empty((layers, resolution, 2), dtype=np.int32)
        return sum(
            kernel.fill_solid(vertices, faces, rows, unit, first, crossings, touched, grid)
            for first in range(part * layers, resolution, count * layers)
        )

    return sum(_share(count, work))


def _vote(mesh: trimesh.Trimesh, resolution: int, threads: int | None) -> NDArray[np.bool_]:
    """Return which cell centres are inside `mesh`, in cells, by vote, one slab at a time."""
    grid = np.zeros((resolution,) * 3, dtype=np.bool_)
    axis = np.arange(resolution) + 0.5
    layers = max(1, _SLAB // resolution**2)
    for first in range(0, resolution, layers):
        slab = np.meshgrid(axis[first : first + layers], axis, axis, indexing="ij")
        found = contains(mesh, np.stack(slab, axis=-1).reshape(-1, 3), robust=True, threads=threads)
        grid[first : first + layers] = found.reshape(slab[0].shape)
    return grid


def _share(count: int, work: Callable[[int], Result]) -> list[Result]:
    if count == 1:
        return [work(0)]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def _in_cells(
    surface: Surface,
    resolution: int,
    centre: Sequence[float],
    edge: float,
    rounded: bool = False,
) -> tuple[NDArray[np.float64], float]:
    """Return vertices in cells from the cube's lower corner and, in cells, the unit of x and y.

    If `rounded`, x and y are integer multiples of that unit below 2^_DIGITS; otherwise it is
    meaningless.
    """
    if resolution < 1 or not edge > 0:
        raise InvalidOptionError(f"cannot divide an edge of {edge} into {resolution} cells")
    if len(surface.faces) == 0:
        raise InvalidGeometryError("the mesh has no faces")
    corner, scale = np.asarray(centre, dtype=np.float64) - edge / 2, resolution / edge
    farthest = float(np.abs((surface.box.reshape(2, 3) - corner) * scale).max())
    if not farthest <= FARTHEST:  # written so that NaN is refused too
        raise InvalidGeometryError(
            f"a vertex is more than {FARTHEST:.0f} cells away", hint="choose a larger cube"
        )
    unit = 2.0 ** (math.ceil(math.log2(max(farthest, resolution))) - _DIGITS)
    vertices = np.empty_like(surface.vertices)
    kernel.to_cells(surface.vertices, corner, scale, unit if rounded else 0.0, vertices)
    return vertices, unit
