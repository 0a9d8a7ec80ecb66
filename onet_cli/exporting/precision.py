"""Effects of formats that store coordinates in single precision."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.clean import merge_equal
from onet_cli.meshes.formats import FORMATS, suffix_of

_LOST = 1e-4
"""Maximum displacement of a vertex by rounding, relative to the size of the mesh."""


def near_origin(mesh: Trimesh, target: str) -> tuple[Trimesh, NDArray[np.float64]]:
    """Return `mesh` translated so that the format of `target` can store it, and the offset (3,).

    The offset is 0 unless single precision would merge vertices, or displace them by more than
    1e-4 of the mesh's size. Then the centre of its bounding box is moved to the origin.

    Raises:
        InvalidGeometryError: there, too, all faces degenerate in single precision.
    """
    if not FORMATS[suffix_of(target)].single or not len(mesh.faces):
        return mesh, np.zeros(3)
    used = np.asarray(mesh.vertices)[np.unique(mesh.faces)]
    lower, upper = used.min(axis=0), used.max(axis=0)
    moves = np.abs(used.astype(np.float32) - used).max()
    if moves <= _LOST * (upper - lower).max() and not _loses(mesh):
        return mesh, np.zeros(3)
    offset = -(lower + upper) / 2
    moved = mesh.copy()
    moved.vertices = np.asarray(mesh.vertices) + offset
    if not len(as_stored(moved, target).faces):
        raise InvalidGeometryError(
            f"the mesh is too small for {suffix_of(target)}, which has single precision",
            hint="scale it up, or write .obj",
        )
    return moved, offset


def as_stored(mesh: Trimesh, target: str) -> Trimesh:
    """Return the vertices and faces of `mesh` as read back from the file `target`.

    In single precision, vertices may coincide and faces may degenerate.
    """
    if not FORMATS[suffix_of(target)].single:
        return mesh
    rounded = np.asarray(mesh.vertices).astype(np.float32).astype(np.float64)
    points, faces, _ = merge_equal(rounded, mesh.faces)
    a, b, c = faces.T
    return make_mesh(points, faces[(a != b) & (b != c) & (a != c)])


def _loses(mesh: Trimesh) -> bool:
    """Return whether distinct vertices would coincide."""
    points, _, _ = merge_equal(np.asarray(mesh.vertices), mesh.faces)
    rounded, _, _ = merge_equal(
        points.astype(np.float32).astype(np.float64), np.arange(len(points))
    )
    return len(rounded) < len(points)
