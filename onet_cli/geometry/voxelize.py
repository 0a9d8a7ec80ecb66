"""From a mesh to voxels: the cells its surface meets, or the cells inside it."""

from collections.abc import Sequence

import numpy as np
import trimesh
from numpy.typing import NDArray

from onet_cli._ext import voxelize as kernel
from onet_cli.errors import InvalidGeometryError, InvalidOptionError

_SNAP = 2.0**-14
"""Unit, in cells, that x and y are rounded to: up to 4096 cells, edge tests are then exact."""


def voxelize_surface(
    mesh: trimesh.Trimesh,
    resolution: int,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    edge: float = 1.0,
) -> NDArray[np.bool_]:
    """Return the (R, R, R) grid whose cell is True where a triangle of `mesh` meets it.

    Cells are closed: a triangle in the plane between two cells marks both. What lies outside the
    cube is left out.

    Args:
        mesh: any triangles, closed or not.
        resolution: R in cells per side.
        centre: middle of the gridded cube, in the mesh's frame and units.
        edge: edge of that cube, in the mesh's units.

    Raises:
        InvalidGeometryError: `mesh` has no faces or a vertex that is not finite.
        InvalidOptionError: `resolution` or `edge` is not positive.

    Source: Akenine-Moeller, Journal of Graphics Tools 2001 (separating axes).
    """
    vertices, faces = _in_cells(mesh, resolution, centre, edge)
    grid = np.zeros((resolution,) * 3, dtype=np.uint8)
    kernel.mark_surface(vertices, faces, grid)
    return grid.view(np.bool_)


def voxelize_solid(
    mesh: trimesh.Trimesh,
    resolution: int,
    centre: Sequence[float] = (0.0, 0.0, 0.0),
    edge: float = 1.0,
) -> NDArray[np.bool_]:
    """Return the (R, R, R) grid whose cell is True where its centre lies inside `mesh`.

    Inside is where the winding number is not 0, so closed parts that overlap stay solid; x and y
    of the vertices are rounded to 2^-14 of a cell.

    Args:
        mesh: one or more closed, consistently oriented surfaces.
        resolution: R in cells per side.
        centre: middle of the gridded cube, in the mesh's frame and units.
        edge: edge of that cube, in the mesh's units.

    Raises:
        InvalidGeometryError: `mesh` is not closed, has no faces, or a vertex is not finite.
        InvalidOptionError: `resolution` or `edge` is not positive.
    """
    vertices, faces = _in_cells(mesh, resolution, centre, edge)
    vertices[:, :2] = np.round(vertices[:, :2] / _SNAP)
    crossings = np.zeros((resolution, resolution, resolution + 1), dtype=np.int16)
    grid = np.empty((resolution,) * 3, dtype=np.uint8)
    kernel.count_crossings(vertices, faces, _SNAP, crossings)
    leaks = kernel.fill_inside(crossings, grid)
    if leaks:
        raise InvalidGeometryError(
            f"the mesh is not closed: {leaks} of {resolution**2} lines enter and never leave it",
            hint="voxelize its surface instead, or close it first",
        )
    return grid.view(np.bool_)


def _in_cells(
    mesh: trimesh.Trimesh, resolution: int, centre: Sequence[float], edge: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return vertices, in cells from the cube's lower corner, and faces, ready for a kernel."""
    if resolution < 1 or not edge > 0:
        raise InvalidOptionError(f"cannot divide an edge of {edge} into {resolution} cells")
    corner = np.asarray(centre, dtype=np.float64) - edge / 2
    vertices = (np.asarray(mesh.vertices, dtype=np.float64) - corner) * (resolution / edge)
    faces = np.ascontiguousarray(mesh.faces, dtype=np.int64)
    if len(faces) == 0:
        raise InvalidGeometryError("the mesh has no faces")
    if not np.isfinite(vertices).all():
        raise InvalidGeometryError("a vertex of the mesh is not finite")
    return np.ascontiguousarray(vertices), faces
