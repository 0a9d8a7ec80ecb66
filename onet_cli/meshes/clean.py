"""Removal of degenerate and duplicate faces and of unused vertices."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.loaded import LoadedMesh


def clean(loaded: LoadedMesh) -> LoadedMesh:
    """Return the mesh without degenerate and duplicate faces, in the same order.

    Faces are duplicates if they have the same three vertices, in any order; the first is kept.
    Unused vertices are removed. The result may have no faces.
    """
    mesh = loaded.mesh
    kept = np.flatnonzero(_has_area(mesh))
    corners = np.sort(mesh.faces[kept], axis=1)
    kept = kept[first_equal(corners) == np.arange(len(kept))]
    used, faces = np.unique(mesh.faces[kept], return_inverse=True)
    result = make_mesh(mesh.vertices[used], faces.reshape(-1, 3))
    return LoadedMesh(result, loaded.appearance.of_faces(kept), loaded.warnings)


def merge_equal(
    points: NDArray[np.float64], faces: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """Merge equal points, and drop those that `faces` does not use.

    Points are equal if all bits are, except that zero equals minus zero. Their order is kept.

    Returns:
        The merged points (V', 3), the faces as indices into them, and (V',) the index in `points`
        of the first occurrence of each.
    """
    used = np.zeros(len(points), bool)
    used[faces] = True
    places = np.flatnonzero(used)
    kept = points[places] + 0.0  # minus zero becomes zero
    representative = first_equal(kept)
    is_first = representative == np.arange(len(kept))
    number = np.cumsum(is_first) - 1
    renumbered = np.zeros(len(points), np.intp)
    renumbered[places] = number[representative]
    return kept[is_first], renumbered[faces], places[is_first]


def first_equal(rows: NDArray[np.generic]) -> NDArray[np.intp]:
    """Return for each row of (N, 3) the index of the first equal row."""
    result = np.zeros(len(rows), np.intp)
    if len(rows) == 0:
        return result
    order = np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))  # stable: equal rows stay in order
    ordered = rows[order]
    new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    result[order] = order[new][np.cumsum(new) - 1]
    return result


def _has_area(mesh: Trimesh) -> NDArray[np.bool_]:
    """Return a mask of the faces with non-zero area."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    sides = np.stack([b - a, c - b, a - c])
    longest = np.abs(sides).max(axis=(0, 2))
    sides /= np.where(longest > 0, longest, 1)[:, None]
    # Relative to the longest side, so that the limit does not depend on the size of the mesh.
    result: NDArray[np.bool_] = np.linalg.norm(np.cross(sides[0], -sides[2]), axis=1) > 1e-12
    return result
