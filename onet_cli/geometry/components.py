"""The connected components of a mesh and their volumes."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import neighbours as kernel
from onet_cli.geometry.mesh import check_faces


def connected_parts(faces: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Return for each of `count` vertices the lowest vertex connected to it by `faces` (F, 3):
    (V,).

    Raises:
        InvalidGeometryError: a face refers to a vertex that does not exist.
    """
    least = np.arange(count, dtype=np.int64)
    check_faces(np.asarray(faces), len(least))
    kernel.join_faces(np.ascontiguousarray(faces, dtype=np.int64), least)
    return least


def component_volumes(mesh: Trimesh) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the component (F,) of each face of a closed mesh, and the components' volumes (C,).

    Components are numbered from 0, by their lowest vertex. The wall of a cavity is a separate
    component of negative volume. Volumes lose precision if the mesh is far from the origin.
    """
    faces = np.asarray(mesh.faces)
    first = connected_parts(faces, len(mesh.vertices))[faces[:, 0]]
    names, component = np.unique(first, return_inverse=True)
    a, b, c = np.moveaxis(np.asarray(mesh.vertices, dtype=np.float64)[faces], 1, 0)
    signed = np.einsum("ij,ij->i", a, np.cross(b - a, c - a)) / 6
    volumes = np.bincount(component, signed, len(names)).astype(np.float64)
    return component.reshape(-1).astype(np.int64), volumes
