"""A mesh with fewer faces that looks the same."""

import numpy as np
import trimesh
from numpy.typing import NDArray

from onet_cli._ext import simplify as kernel
from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.mesh import make_mesh

FEWEST_FACES = 4
"""Faces of a tetrahedron: no closed mesh has fewer."""


def simplify(mesh: trimesh.Trimesh, faces: int) -> trimesh.Trimesh:
    """Return `mesh` reduced to `faces` faces, or to one less where an edge takes two faces along.

    Collapses the edge of least quadric error to its best position, again and again. A closed
    manifold mesh stays one, of the same topology. No face degenerates, and one turns over only
    where the asked count cannot be reached otherwise. Open boundaries are held in place. The result
    depends on nothing but the arguments. A mesh that has no more than `faces` faces comes back as
    it is, and more than `faces` come back where topology allows no fewer (4 for each closed part,
    more where it has holes).

    Args:
        mesh: triangles; where they are not closed, vertices at the same position count as one.
        faces: how many to keep, at least 4.

    Raises:
        InvalidOptionError: `faces` is below 4.
        InvalidGeometryError: `mesh` has no faces or a vertex that is not finite.

    Source: Garland & Heckbert, SIGGRAPH 1997.
    """
    if faces < FEWEST_FACES:
        raise InvalidOptionError(
            f"cannot simplify to {faces} faces", hint=f"ask for at least {FEWEST_FACES}"
        )
    if len(mesh.faces) == 0 or not np.isfinite(mesh.vertices).all():
        raise InvalidGeometryError("the mesh has no faces or a vertex that is not finite")
    if len(mesh.faces) <= faces:
        return make_mesh(np.array(mesh.vertices), np.array(mesh.faces))
    vertices, triangles = _connected(mesh)
    lower, upper = vertices.min(axis=0), vertices.max(axis=0)
    centre, scale = (lower + upper) / 2, float((upper - lower).max()) or 1.0
    positions = np.ascontiguousarray((vertices - centre) / scale)
    _run(positions, triangles, faces)
    return make_mesh(*_compact(positions * scale + centre, triangles))


def _connected(mesh: trimesh.Trimesh) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return vertices and faces, without repeated corners, that share what they can share."""
    vertices = np.array(mesh.vertices, dtype=np.float64)
    triangles = np.array(mesh.faces, dtype=np.int32)
    if not mesh.is_watertight:
        vertices, inverse = np.unique(vertices, axis=0, return_inverse=True)
        triangles = inverse.astype(np.int32).ravel()[triangles]
    a, b, c = triangles.T
    triangles = triangles[(a != b) & (b != c) & (c != a)]
    return vertices, np.ascontiguousarray(triangles)


def _run(positions: NDArray[np.float64], triangles: NDArray[np.int32], faces: int) -> None:
    count = len(positions)
    if len(triangles) <= faces:
        return
    kernel.simplify(
        positions,
        triangles,
        faces,
        np.empty((count, 10), dtype=np.float64),
        np.empty((3, count), dtype=np.int32),
        np.empty(triangles.size, dtype=np.int32),
        np.empty(count, dtype=np.uint8),
    )


def _compact(
    positions: NDArray[np.float64], triangles: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the vertices still in use, in their order, and the faces that are left."""
    kept = triangles[triangles[:, 0] >= 0]
    used = np.zeros(len(positions), dtype=np.bool_)
    used[kept] = True
    numbers = np.cumsum(used) - 1
    return positions[used], numbers[kept]
