"""Which points lie inside a closed mesh: exact winding numbers, fast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import inside as kernel
from onet_cli.errors import InvalidGeometryError

MAX_COLUMNS = 512
MAX_ENTRIES_PER_FACE = 16


@dataclass(frozen=True)
class _Columns:
    """The faces by the column of a regular grid in x and y that they touch, seen along z."""

    x0: float
    y0: float
    cell: float
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    members: NDArray[np.int32]


def winding_numbers(mesh: Trimesh, points: NDArray[np.floating]) -> NDArray[np.int32]:
    """Return how often the surface winds round each of `points` (N, 3): (N,).

    Positive where faces look outwards; overlapping parts add up. Exact for a closed mesh up to the
    rounding of a point's side of an edge (about 1e-16 of the mesh's size). Points on the surface
    may fall on either side.

    Raises:
        InvalidGeometryError: a coordinate is not finite.
    """
    vertices = np.ascontiguousarray(mesh.vertices, dtype=np.float64)
    faces = np.ascontiguousarray(mesh.faces, dtype=np.int32)
    queries = np.ascontiguousarray(points, dtype=np.float64)
    if queries.ndim != 2 or queries.shape[1] != 3:
        raise InvalidGeometryError(f"points must be (N, 3), not {queries.shape}")
    if not (np.isfinite(vertices).all() and np.isfinite(queries).all()):
        raise InvalidGeometryError("a coordinate is not finite")
    windings = np.zeros(len(queries), dtype=np.int32)
    if len(faces) and len(queries):
        lower, upper = vertices.min(axis=0), vertices.max(axis=0)
        # Beyond the box nothing is inside, and the grid ends there.
        near = np.flatnonzero(np.all((queries >= lower) & (queries <= upper), axis=1))
        columns = _sort_into_columns(vertices, faces, lower, upper)
        found = np.zeros(len(near), dtype=np.int32)
        kernel.winding_numbers(
            vertices,
            faces,
            columns.x0,
            columns.y0,
            columns.cell,
            columns.starts,
            columns.ends,
            columns.members,
            np.ascontiguousarray(queries[near]),
            found,
        )
        windings[near] = found
    return windings


def contains(mesh: Trimesh, points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which of `points` (N, 3) lie inside the closed `mesh`: (N,), winding number not 0.

    So parts that overlap stay solid, a mesh that is inside out has the same inside, and a cavity
    whose wall faces inwards is outside.

    Raises:
        InvalidGeometryError: a coordinate is not finite.
    """
    inside: NDArray[np.bool_] = winding_numbers(mesh, points) != 0
    return inside


def _sort_into_columns(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> _Columns:
    extent = max(float((upper - lower)[:2].max()), np.finfo(float).tiny)
    resolution = int(np.clip(np.sqrt(len(faces)), 1, MAX_COLUMNS))
    while True:
        cell = extent / resolution
        shape = [max(1, int(np.ceil(e / cell))) for e in (upper - lower)[:2]]
        counts = np.zeros(shape, dtype=np.int32)
        kernel.count_columns(vertices, faces, lower[0], lower[1], cell, counts)
        # Faces larger than a cell are listed in many; a coarser grid bounds the lists.
        if resolution == 1 or counts.sum() <= MAX_ENTRIES_PER_FACE * len(faces) + 65536:
            break
        resolution //= 2
    starts = np.cumsum(counts, dtype=np.int32).reshape(shape) - counts
    ends = starts.copy()  # moved on by the kernel as it fills
    members = np.empty(int(counts.sum()), dtype=np.int32)
    kernel.fill_columns(vertices, faces, lower[0], lower[1], cell, ends, members)
    return _Columns(float(lower[0]), float(lower[1]), cell, starts, ends, members)
