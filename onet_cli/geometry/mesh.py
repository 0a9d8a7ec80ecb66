"""Meshes in memory: `trimesh.Trimesh`, and the names of onet's vertex attributes."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import InvalidGeometryError

CONFIDENCE = "confidence"
"""Vertex attribute: the network's confidence in each vertex; its name in meshes and PLY files."""

GLTF_CONFIDENCE = "_CONFIDENCE"
"""The same in GLB files, which require an underscore before application-specific names."""

COLOUR = "colour"
"""Vertex attribute: the colour of each vertex, (V, 3) uint8, sRGB."""


def make_mesh(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Trimesh:
    """Return the mesh of `vertices` (V, 3) and `faces` (F, 3), both kept in their order."""
    return Trimesh(vertices=vertices, faces=faces, process=False)


def check_mesh(mesh: Trimesh) -> None:
    """Raise InvalidGeometryError unless vertices are (V, 3) and faces as `check_faces` wants."""
    if np.ndim(mesh.vertices) != 2 or np.shape(mesh.vertices)[1] != 3:
        raise InvalidGeometryError(f"vertices must be (V, 3), not {np.shape(mesh.vertices)}")
    check_faces(np.asarray(mesh.faces), len(mesh.vertices))


def check_faces(faces: NDArray[np.integer], vertices: int, name: str = "the mesh") -> None:
    """Raise InvalidGeometryError unless `faces` (F, 3) name vertices below the number `vertices`.

    Kernels follow the indices without a look; `name` is the mesh's, for messages.
    """
    if faces.dtype.kind not in "iu":
        raise InvalidGeometryError(f"{name} has faces of type {faces.dtype}, not integers")
    if faces.ndim != 2 or faces.shape[1] != 3:
        raise InvalidGeometryError(f"{name} has faces of shape {faces.shape}, not (F, 3)")
    if faces.size and not (faces.min() >= 0 and faces.max() < vertices):
        raise InvalidGeometryError(f"{name} has a face whose vertex is not there")
