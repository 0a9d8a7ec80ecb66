"""From a grid of logits to a closed triangle mesh, by marching cubes."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import marching as kernel
from onet_cli.errors import EmptySurfaceError, InvalidGeometryError
from onet_cli.geometry.marching_tables import tables
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.mise import Grid
from onet_cli.geometry.normalize import CUBE_EDGE

CLOSEST = 2.0**-12
"""Minimum distance of a vertex from the ends of its grid edge, in lengths of that edge."""

Plane = NDArray[np.float32]
"""The values at one x, (R+3)^2 flat: the grid's (R+1, R+1) padded with outside."""

Slab = tuple[int, Plane, Plane, NDArray[np.int32]]
"""Index, low plane, high plane, and the crossed cells, by the index there of their lowest
corner."""


def extract_surface(values: NDArray[np.floating], level: float, edge: float = CUBE_EDGE) -> Trimesh:
    """Return the closed, outward-oriented surface around the grid points at or above `level`.

    Every edge has two faces, every vertex one fan, and no face is degenerate, for any field. Space
    beyond the grid is outside, so a shape that reaches the cube's face is closed there. A vertex
    that would coincide with a grid point is moved off it by `CLOSEST` of a cell.

    Args:
        values: (R+1, R+1, R+1) logits at the grid points, higher inside.
        level: iso-level (logit).
        edge: edge of the centred cube that the grid spans, in the unit-cube frame.

    Raises:
        EmptySurfaceError: no value reaches `level`.
        InvalidGeometryError: `values` is not a cube, or contains NaN.

    Source: Lorensen & Cline, SIGGRAPH 1987; `marching_tables` describes the cases.
    """
    values = np.ascontiguousarray(values, dtype=np.float32)
    if values.ndim != 3 or len(set(values.shape)) != 1 or len(values) < 2:
        raise InvalidGeometryError(f"values must be (R+1, R+1, R+1), not {values.shape}")
    level = float(np.float32(level))
    highest = float(values.max())
    if np.isnan(highest):
        raise InvalidGeometryError("a value of the grid is not a number")
    _refuse_empty(highest, level)
    resolution = len(values) - 1
    return _march(_dense_slabs(values, level), resolution, level, edge)


def grid_surface(grid: Grid) -> Trimesh:
    """Return the result of `extract_surface` on the grid's values, from the crossed cells only.

    Raises:
        EmptySurfaceError: no value of the grid reaches its iso-level.
    """
    octree = grid.octree
    if octree.depth == 0 or octree.reaches_face:
        # Without subdivision there is no octree to follow, and it does not cover the outside layer.
        return extract_surface(grid.values, octree.level, grid.edge)
    _refuse_empty(grid.highest, octree.level)
    low, high = np.empty((2, (octree.resolution + 3) ** 2), dtype=np.float32)
    slabs = ((slab + 1, low, high, cells) for slab, cells in octree.crossed_slabs(low, high))
    return _march(slabs, octree.resolution, octree.level, grid.edge)


def _refuse_empty(highest: float, level: float) -> None:
    if highest < level:
        raise EmptySurfaceError(
            f"the field is nowhere above {level:.4g}: its highest value is {highest:.4g}",
            hint="lower the level",
        )


def _dense_slabs(values: NDArray[np.float32], level: float) -> Iterator[Slab]:
    """Yield every slab of the grid and of the outside layer around it."""
    width = len(values) + 2
    planes = np.full((2, width, width), -np.inf, dtype=np.float32)
    low, high = planes.reshape(2, -1)
    crossed = np.empty((width - 1) ** 2, dtype=np.int32)
    for slab in range(width - 1):
        low, high = high, low
        inner = high.reshape(width, width)[1:-1, 1:-1]
        inner[...] = values[slab] if slab < len(values) else -np.inf
        yield slab, low, high, crossed[: kernel.cross(low, high, level, width, crossed)]


def _march(slabs: Iterable[Slab], resolution: int, level: float, edge: float) -> Trimesh:
    table = tables()
    names = np.full((5, (resolution + 3) ** 2), -1, dtype=np.int32)
    vertices, faces = [np.empty((0, 3))], [np.empty((0, 3), dtype=np.int64)]
    created, counts = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    for slab, low, high, cells in slabs:
        room = np.empty((len(cells) * table.most_vertices, 3))
        corners = np.empty((len(cells) * table.most_triangles, 3), dtype=np.int64)
        kernel.march(
            cells,
            low,
            high,
            level,
            CLOSEST,
            slab,
            resolution + 3,
            created,
            table.ambiguous,
            table.crossings,
            table.entries,
            table.choices,
            table.first_triangle,
            table.triangles,
            table.first_centre,
            table.centres,
            names,
            room,
            corners,
            counts,
        )
        vertices.append(room[: counts[0]].copy())
        faces.append(corners[: counts[1]].copy())
        created[:] = created[1], created[1] + counts[0]
    steps = np.concatenate(vertices)
    return make_mesh(edge * (steps / resolution - 0.5), np.concatenate(faces))
