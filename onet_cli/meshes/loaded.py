"""The result of loading a mesh file: mesh, appearance and warnings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.appearance import Appearance


@dataclass(frozen=True)
class LoadedMesh:
    """A mesh (V vertices, F faces) with the `appearance` of its F faces, in the same order.

    `warnings` are one line each, such as missing textures. `confidence` (V,) is the network's
    confidence per vertex, if the file has it: PLY and glTF files that onet wrote.
    """

    mesh: Trimesh
    appearance: Appearance
    warnings: tuple[str, ...] = ()
    confidence: NDArray[np.float32] | None = None
