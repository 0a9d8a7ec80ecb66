"""Mesh simplification by quadric error."""

import numpy as np
import trimesh
from numpy.typing import NDArray

from onet_cli._ext import simplify as kernel
from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.mesh import make_mesh

FEWEST_FACES = 4
"""Faces of a tetrahedron: no closed mesh has fewer."""

Positions = NDArray[np.float64]
Triangles = NDArray[np.int32]


def simplify(mesh: trimesh.Trimesh, faces: int) -> trimesh.Trimesh:
    """Return `mesh` reduced to `faces` faces, or one less, since a collapse may remove two.

    Repeatedly collapses the edge of least quadric error to its optimal position; then moves each
    vertex slightly to restore the volume lost around it. A closed manifold mesh stays one, of the
    same topology. No face degenerates, and faces flip only if the requested count cannot be reached
    otherwise. Open boundaries stay in place; edges of more than two faces are never collapsed. The
    result is deterministic. A mesh of at most `faces` faces is returned unchanged, and more than
    `faces` remain if the topology requires them (4 for each closed part, more if it has holes), if
    thousands of faces share an edge, or if nearly all edges that are left border faces without
    area.

    Args:
        mesh: triangles; if they are not closed, vertices at the same position are merged. Faces
            with a repeated corner are dropped.
        faces: number of faces to keep, at least 4.

    Raises:
        InvalidOptionError: `faces` is below 4.
        InvalidGeometryError: `mesh` has no faces, a vertex that is missing or not finite, or an
            extent that overflows.

    Source: Garland & Heckbert, SIGGRAPH 1997; Lindstrom & Turk, Visualization 1998 (volume).
    """
    if faces < FEWEST_FACES:
        raise InvalidOptionError(
            f"cannot simplify to {faces} faces", hint=f"ask for at least {FEWEST_FACES}"
        )
    if len(mesh.faces) == 0 or not np.isfinite(mesh.vertices).all():
        raise InvalidGeometryError("the mesh has no faces or a vertex that is not finite")
    if mesh.faces.min() < 0 or mesh.faces.max() >= len(mesh.vertices):
        raise InvalidGeometryError("a face of the mesh names a vertex that is not there")
    if len(mesh.faces) <= faces:
        return make_mesh(np.array(mesh.vertices), np.array(mesh.faces))
    vertices, triangles = _compact(
        np.array(mesh.vertices, dtype=np.float64), np.array(mesh.faces, dtype=np.int32)
    )
    lower, upper = vertices.min(axis=0), vertices.max(axis=0)
    centre, scale = lower / 2 + upper / 2, float((upper / 2 - lower / 2).max()) * 2 or 1.0
    if not np.isfinite(scale):
        raise InvalidGeometryError("the mesh is too large to compute with", hint="scale it down")
    positions, triangles = _run((vertices - centre) / scale, triangles, faces)
    vertices, triangles = _compact(positions, triangles)
    return make_mesh(vertices * scale + centre, triangles)


def _run(positions: Positions, triangles: Triangles, faces: int) -> tuple[Positions, Triangles]:
    """Return vertices and faces; removed faces have -1 in the first column."""
    triangles = _without_repeats(triangles)
    if kernel.simplify(positions, triangles, faces, closed_only=True):
        return positions, triangles
    positions, inverse = np.unique(positions, axis=0, return_inverse=True)
    triangles = _without_repeats(inverse.astype(np.int32).ravel()[triangles])
    kernel.simplify(positions, triangles, faces, closed_only=False)
    return positions, triangles


def _without_repeats(triangles: Triangles) -> Triangles:
    a, b, c = triangles.T
    return np.ascontiguousarray(triangles[(a != b) & (b != c) & (c != a)])


def _compact(positions: Positions, triangles: Triangles) -> tuple[Positions, Triangles]:
    """Return the vertices still in use, in their order, and the remaining faces."""
    kept = triangles[triangles[:, 0] >= 0]
    used = np.zeros(len(positions), dtype=np.bool_)
    used[kept] = True
    numbers = (np.cumsum(used) - 1).astype(np.int32)
    return np.ascontiguousarray(positions[used]), numbers[kept]
