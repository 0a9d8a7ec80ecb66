"""What loading a mesh file gives: the mesh, its looks, and what was odd about the file."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.appearance import Appearance


@dataclass(frozen=True)
class LoadedMesh:
    """A mesh (V vertices, F faces) with the `appearance` of those F faces, in the same order.

    `warnings` are one line each: what the file asks for and does not have, such as textures.
    `confidence` (V,) is how sure a network was of each vertex, where the file says so: PLY and glTF
    files that onet wrote.
    """

    mesh: Trimesh
    appearance: Appearance
    warnings: tuple[str, ...] = ()
    confidence: NDArray[np.float32] | None = None
