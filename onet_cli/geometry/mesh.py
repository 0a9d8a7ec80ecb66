"""Meshes."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh


def make_mesh(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Trimesh:
    """Return the mesh of `vertices` (V, 3) and `faces` (F, 3), in their order."""
    return Trimesh(vertices=vertices, faces=faces, process=False)
