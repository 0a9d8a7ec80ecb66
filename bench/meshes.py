"""The closed meshes that all benchmarks of the geometry kernels share.

Anyone can make the default ones: they are procedural furniture, made closed by sampling which
points are inside, and two iso-surfaces of the size that a network's fine grids give. Real ones come
from a folder of closed mesh files.

Usage: python bench/meshes.py [--data FOLDER] [--output FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from onet_cli.geometry.isosurface import extract_surface
from onet_cli.geometry.normalize import CUBE_EDGE, UnitCube
from onet_cli.meshes.formats import MESH_SUFFIXES
from onet_cli.meshes.read import read_mesh
from onet_cli.meshes.write import write_mesh
from onet_cli.procedural.assembly import Assembly
from onet_cli.procedural.design import category_of, design

SEED = 7
PIECES = {0: 112, 2: 64, 4: 128, 9: 96}  # index of the design: cells per side
SURFACES = {1: 54_000, 5: 328_000}  # index of the design: about how many faces
COARSE = 96  # cells per side of the field that the iso-surfaces refine
BLUR = 0.6  # cells; turns shares of occupied samples into a field with a slope


def bench_meshes(folder: Path | None = None) -> dict[str, trimesh.Trimesh]:
    """Return named closed meshes in the unit cube: the default ones, then those in `folder`.

    Files of `folder` that are not closed and consistently oriented are left out.
    """
    meshes = {}
    for index, resolution in PIECES.items():
        field = occupancy_field(design(SEED, index), resolution)
        meshes[f"procedural {category_of(index)}"] = extract_surface(field, 0.5)
    for index, faces in SURFACES.items():
        meshes[f"iso-surface {faces // 1000}k"] = iso_surface(design(SEED, index), faces)
    return meshes | (closed_files(folder) if folder is not None else {})


def closed_files(folder: Path) -> dict[str, trimesh.Trimesh]:
    """Return the closed meshes among the mesh files of `folder`, each scaled to the unit cube."""
    meshes = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in MESH_SUFFIXES:
            continue
        mesh = read_mesh(path)
        if mesh.is_watertight and mesh.is_winding_consistent:
            mesh.vertices = UnitCube.around(mesh.bounds).to_unit(mesh.vertices)
            meshes[path.stem] = mesh
    return meshes


def occupancy_field(assembly: Assembly, resolution: int) -> NDArray[np.float32]:
    """Return about the share of occupied space around each corner, (R+1, R+1, R+1).

    `assembly` is sampled at twice the resolution, which reaches the middles of cells, and blurred.
    """
    axis = CUBE_EDGE * (np.arange(2 * resolution + 1) / (2 * resolution) - 0.5)
    y, z = (plane.ravel() for plane in np.meshgrid(axis, axis, indexing="ij"))
    layers = [
        assembly.contains(np.stack([np.full(len(y), x), y, z], axis=1)).reshape(2 * [len(axis)])
        for x in axis
    ]
    return gaussian_filter(np.stack(layers).astype(np.float32), 2 * BLUR)[::2, ::2, ::2]


def iso_surface(assembly: Assembly, faces: int) -> trimesh.Trimesh:
    """Return a surface of about `faces` faces, as a network gives it: of a smooth field, fine.

    The field is cubic between the corners of a coarse grid.
    """
    field = occupancy_field(assembly, COARSE)
    fine = round(COARSE * (faces / len(extract_surface(field, 0.5).faces)) ** 0.5)
    return extract_surface(zoom(field, (fine + 1) / (COARSE + 1)), 0.5)


def with_data_option(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Return `parser` with the option that all benchmarks of meshes have: --data."""
    parser.add_argument("--data", type=Path, help="folder of closed mesh files to measure as well")
    return parser


def main() -> None:
    """Print what the meshes are, and write them as PLY files where --output says."""
    parser = with_data_option(argparse.ArgumentParser(description=__doc__))
    parser.add_argument("--output", type=Path, help="folder for the meshes, as PLY files")
    options = parser.parse_args()
    for name, mesh in bench_meshes(options.data).items():
        print(f"{name}: {len(mesh.faces)} faces, {mesh.body_count} parts, closed, in a unit cube")
        if options.output is not None:
            options.output.mkdir(parents=True, exist_ok=True)
            write_mesh(mesh, options.output / f"{name.replace(' ', '_')}.ply")


if __name__ == "__main__":
    main()
