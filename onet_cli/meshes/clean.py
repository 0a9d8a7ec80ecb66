"""Meshes without what no renderer shows and every algorithm stumbles over."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.loaded import LoadedMesh


def clean(loaded: LoadedMesh) -> LoadedMesh:
    """Return the mesh without faces that have no area or repeat another, in the same order.

    A face repeats another when it has the same three vertices, in any order; the first of them
    stays. Vertices that no face uses are dropped. The mesh may be left without faces.
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
    """Return the points (V', 3) that `faces` use, equal ones as one, and the faces into them.

    Also where in `points` each of them (V',) stands first. Points are equal when all bits are, zero
    being equal to minus zero. They keep their order.
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
    """Return for each row of (N, 3) the index of the first row that equals it."""
    result = np.zeros(len(rows), np.intp)
    if len(rows) == 0:
        return result
    order = np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))  # stable: equal rows stay in order
    ordered = rows[order]
    new = np.concatenate([[True], (ordered[1:] != ordered[:-1]).any(axis=1)])
    result[order] = order[new][np.cumsum(new) - 1]
    return result


def _has_area(mesh: Trimesh) -> NDArray[np.bool_]:
    """Return which faces have area: not two corners in one place nor all three on a line."""
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    sides = np.stack([b - a, c - b, a - c])
    longest = np.abs(sides).max(axis=(0, 2))
    sides /= np.where(longest > 0, longest, 1)[:, None]
    # In units of its longest side a face this thin is rounding, whatever the size of the mesh.
    result: NDArray[np.bool_] = np.linalg.norm(np.cross(sides[0], -sides[2]), axis=1) > 1e-12
    return result
