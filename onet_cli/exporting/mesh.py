"""Meshes to other mesh formats, and to voxels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.exporting.binvox import encode_binvox
from onet_cli.files import whole_file
from onet_cli.geometry.mesh import read_mesh, write_mesh
from onet_cli.geometry.simplify import FEWEST_FACES, simplify
from onet_cli.geometry.voxelize import voxelize_solid

VOXEL_SUFFIXES = (".binvox", ".npz")
DEFAULT_RESOLUTION = 64


@dataclass(frozen=True)
class VoxelGrid:
    """A solid as (R, R, R) cells, True inside, in a cube of edge `edge` around `centre`.

    The cell [i, j, k] has its middle at centre + edge * ((i, j, k) + 0.5) / R - edge / 2, in the
    frame of the mesh it was made from.
    """

    occupancies: NDArray[np.bool_]
    centre: tuple[float, float, float]
    edge: float

    @property
    def corner(self) -> tuple[float, float, float]:
        """The cube's corner with the lowest coordinates."""
        x, y, z = (c - self.edge / 2 for c in self.centre)
        return (x, y, z)


def convert_mesh(source: Path, target: Path, faces: int | None = None) -> Trimesh:
    """Write the mesh of `source` in the format of `target`'s suffix; return what was written.

    With `faces`, a mesh that has more is simplified to that many.

    Raises:
        InvalidGeometryError: `source` holds no mesh.
        InvalidOptionError: the suffix is no mesh format's, or `faces` is below 4.
    """
    if faces is not None and faces < FEWEST_FACES:
        raise InvalidOptionError(f"a closed mesh has at least {FEWEST_FACES} faces, not {faces}")
    mesh = read_mesh(source)
    if faces is not None and faces < len(mesh.faces):
        mesh = simplify(mesh, faces)
    write_mesh(mesh, target)
    return mesh


def fill_voxels(mesh: Trimesh, resolution: int) -> VoxelGrid:
    """Return the solid that `mesh` encloses as R cells per side of its own bounding cube.

    Raises:
        InvalidOptionError: `resolution` is below 1.
        InvalidGeometryError: the mesh has no extent.
    """
    if resolution < 1:
        raise InvalidOptionError(f"voxels need at least 1 cell per side, not {resolution}")
    lower, upper = np.asarray(mesh.bounds)
    edge = float((upper - lower).max())
    if not edge > 0:
        raise InvalidGeometryError("the mesh has no extent")
    x, y, z = ((lower + upper) / 2).tolist()
    return VoxelGrid(voxelize_solid(mesh, resolution, (x, y, z), edge), (x, y, z), edge)


def export_voxels(source: Path, target: Path, resolution: int = DEFAULT_RESOLUTION) -> VoxelGrid:
    """Write the solid of the mesh in `source` as voxels; return what was written.

    `.binvox` is Min's format; `.npz` holds `occupancies` (R, R, R) bool, `centre` (3,), `edge`.

    Raises:
        InvalidGeometryError: `source` holds no mesh.
        InvalidOptionError: `resolution` is below 1 or `target` is neither format.
    """
    if target.suffix.lower() not in VOXEL_SUFFIXES:
        raise InvalidOptionError(
            f"{target.suffix!r} is no voxel format onet can write",
            hint=f"use one of {' '.join(VOXEL_SUFFIXES)}",
        )
    grid = fill_voxels(read_mesh(source), resolution)
    with whole_file(target) as temporary, temporary.open("wb") as file:
        if target.suffix.lower() == ".binvox":
            file.write(encode_binvox(grid.occupancies, grid.corner, grid.edge))
        else:
            np.savez_compressed(
                file, occupancies=grid.occupancies, centre=grid.centre, edge=grid.edge
            )
    return grid
