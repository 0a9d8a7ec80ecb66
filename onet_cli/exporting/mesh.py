"""Conversion of meshes to other formats and to voxels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.exporting.binvox import encode_binvox
from onet_cli.files import whole_file
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.simplify import FEWEST_FACES, simplify
from onet_cli.geometry.voxelize import voxelize_solid
from onet_cli.meshes.write import write_mesh

VOXEL_SUFFIXES = (".binvox", ".npz")
DEFAULT_RESOLUTION = 64


MOST_CELLS = 1024
"""Maximum voxels per side: 1 GiB at a byte per voxel."""


@dataclass(frozen=True)
class VoxelGrid:
    """A solid as (R, R, R) voxels, True inside, in a cube of edge `edge` around `centre`.

    The centre of voxel [i, j, k] is centre + edge * ((i, j, k) + 0.5) / R - edge / 2, in the frame
    of the mesh.
    """

    occupancies: NDArray[np.bool_]
    centre: tuple[float, float, float]
    edge: float

    @property
    def corner(self) -> tuple[float, float, float]:
        """The lower corner of the cube."""
        x, y, z = (c - self.edge / 2 for c in self.centre)
        return (x, y, z)


def convert_mesh(mesh: Trimesh, target: Path, faces: int | None = None) -> Trimesh:
    """Write `mesh` in the format of `target`'s suffix, and return the written mesh.

    A mesh with more than `faces` faces is simplified. Vertex attributes are kept; after
    simplification, each vertex has those of the nearest original vertex.

    Raises:
        InvalidOptionError: the suffix is not that of a mesh format, or `faces` is below 4.
        OnetError: the file cannot be written.
    """
    if faces is not None and faces < FEWEST_FACES:
        raise InvalidOptionError(f"a closed mesh has at least {FEWEST_FACES} faces, not {faces}")
    if faces is not None and faces < len(mesh.faces):
        mesh = _with_attributes_of(mesh, simplify(mesh, faces))
    write_mesh(mesh, target)
    return mesh


def _with_attributes_of(mesh: Trimesh, smaller: Trimesh) -> Trimesh:
    """Return `smaller` with the attributes of the nearest vertex of `mesh`."""
    if mesh.vertex_attributes:
        _, origins = nearest(smaller.vertices, mesh.vertices)
        for name, values in mesh.vertex_attributes.items():
            smaller.vertex_attributes[name] = np.asarray(values)[origins]
    return smaller


def fill_voxels(mesh: Trimesh, resolution: int) -> VoxelGrid:
    """Voxelise the solid inside `mesh`, with R cells per side of its bounding cube.

    Raises:
        InvalidOptionError: `resolution` is below 1 or above `MOST_CELLS`.
        InvalidGeometryError: the mesh has no extent.
    """
    if not 1 <= resolution <= MOST_CELLS:
        raise InvalidOptionError(
            f"voxels must have 1 to {MOST_CELLS} cells per side, not {resolution}"
        )
    lower, upper = np.asarray(mesh.bounds)
    edge = float((upper - lower).max())
    if not edge > 0:
        raise InvalidGeometryError("the mesh has no extent")
    x, y, z = ((lower + upper) / 2).tolist()
    return VoxelGrid(voxelize_solid(mesh, resolution, (x, y, z), edge), (x, y, z), edge)


def export_voxels(mesh: Trimesh, target: Path, resolution: int = DEFAULT_RESOLUTION) -> VoxelGrid:
    """Write the solid inside `mesh` as voxels, and return them.

    `.binvox` is Min's format; `.npz` has `occupancies` (R, R, R) bool, `centre` (3,), `edge`.

    Raises:
        InvalidGeometryError: the mesh has no extent.
        InvalidOptionError: `resolution` is out of range, or `target` is neither format.
    """
    if target.suffix.lower() not in VOXEL_SUFFIXES:
        raise InvalidOptionError(
            f"{target.suffix!r} is not a supported voxel format",
            hint=f"use one of {' '.join(VOXEL_SUFFIXES)}",
        )
    grid = fill_voxels(mesh, resolution)
    with whole_file(target) as temporary, temporary.open("wb") as file:
        if target.suffix.lower() == ".binvox":
            file.write(encode_binvox(grid.occupancies, grid.corner, grid.edge))
        else:
            np.savez_compressed(
                file, occupancies=grid.occupancies, centre=grid.centre, edge=grid.edge
            )
    return grid
