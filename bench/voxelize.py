"""Voxelization: speed, memory and rightness beside trimesh's `voxelized(pitch).fill()`.

Equal work is both our grids together: the cells that the surface meets and those whose centre is
inside. They are put on trimesh's own cells to compare. trimesh divides the triangles until they are
smaller than a cell and marks the cells of their corners, so it misses cells that a triangle only
clips: "clipped" counts the cells of our surface that it lacks, "others" all other cells that
differ, both as a share of the union. "wrong" counts cells of the surface whose centre our solid
places on another side than libigl's exact winding number does, of 300 tried, beyond 2^-14 cells.

"recorded" holds seconds of the ray voxelizer of the authors' code (it casts rays through the cell
centres along the three axes onto triangles hashed in 2D and takes cells by the parity of their
crossings), as measured once, on a chair, on another day. It is not run here: the ratio to it is an
order of magnitude.

Usage: python bench/voxelize.py [--data FOLDER] [--resolutions 32 128 256] [--meshes N]
                                [--rounds 5] [--json FILE]
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import igl
import numpy as np
import trimesh
from harness import Row, arguments, interleave, publish
from inside import overlapping_meshes
from meshes import bench_meshes, with_data_option
from numpy.typing import NDArray

from onet_cli.geometry.voxelize import voxelize_solid, voxelize_surface
from onet_cli.meshes.read import read_mesh
from onet_cli.meshes.write import write_mesh

FIRST = ("procedural chair", "table of boxes")
RECORDED = {32: 0.055, 128: 1.84, 256: 19.7}  # seconds; 4.2 GB at 256


def compare(name: str, mesh: trimesh.Trimesh, resolution: int, rounds: int) -> Row:
    pitch = float(np.ptp(mesh.bounds, axis=0).max()) / resolution
    # trimesh centres cells on multiples of the pitch, so that one more may fit.
    low, high = (np.rint(corner / pitch) for corner in mesh.bounds)
    corner, side = (low - 0.5) * pitch, int((high - low).max()) + 1
    found: dict[str, trimesh.voxel.VoxelGrid] = {}

    def fill() -> None:
        found["trimesh"] = mesh.copy().voxelized(pitch).fill()

    cube = (side, corner + side * pitch / 2, side * pitch)
    seconds = interleave(
        {
            "solid": lambda: voxelize_solid(mesh, *cube),
            "surface": lambda: voxelize_surface(mesh, *cube),
            "trimesh": fill,
        },
        rounds if resolution <= 128 else 1,
        warm_up=False,
    )
    ours = seconds["solid"] + seconds["surface"]
    row: Row = {"mesh": name, "faces": len(mesh.faces), "cells": resolution}
    row |= {"solid s": seconds["solid"], "surface s": seconds["surface"]}
    row |= {
        "trimesh s": seconds["trimesh"],
        "trimesh / solid": seconds["trimesh"] / seconds["solid"],
    }
    row["trimesh / both"] = seconds["trimesh"] / ours
    if resolution in RECORDED:
        row["recorded"] = RECORDED[resolution]
        row["recorded / solid"] = RECORDED[resolution] / seconds["solid"]
    solid, surface = voxelize_solid(mesh, *cube), voxelize_surface(mesh, *cube)
    row |= differences(solid, surface, corner, found["trimesh"])
    row["wrong"] = wrong_centres(mesh, solid, surface, corner, pitch)
    return row


def differences(
    solid: NDArray[np.bool_],
    surface: NDArray[np.bool_],
    corner: NDArray[np.float64],
    filled: trimesh.voxel.VoxelGrid,
) -> Row:
    pitch = float(filled.pitch[0])
    cells = np.rint((filled.points - corner) / pitch - 0.5).astype(int)
    theirs = np.zeros_like(solid)
    theirs[tuple(cells[np.all((cells >= 0) & (cells < len(solid)), axis=1)].T)] = True
    ours = solid | surface
    union = (ours | theirs).sum()
    clipped = (surface & ~solid & ~theirs).sum()
    return {
        "IoU": float((ours & theirs).sum() / union),
        "clipped %": 100 * float(clipped / union),
        "others %": 100 * float(((ours ^ theirs).sum() - clipped) / union),
    }


def wrong_centres(
    mesh: trimesh.Trimesh,
    solid: NDArray[np.bool_],
    surface: NDArray[np.bool_],
    corner: NDArray[np.float64],
    pitch: float,
) -> int:
    cells = np.random.default_rng(0).permutation(np.argwhere(surface))[:300]
    vertices, faces = np.array(mesh.vertices), np.array(mesh.faces)
    centres = corner + (cells + 0.5) * pitch
    truth = np.rint(igl.winding_number(vertices, faces, centres)) != 0
    far = igl.point_mesh_squared_distance(centres, vertices, faces)[0] > (pitch / 2**14) ** 2
    return int((far & (truth != solid[tuple(cells.T)])).sum())


def memory(mesh: trimesh.Trimesh, resolution: int) -> Row:
    """Return by how many MB the memory of a fresh process peaks above where it began (Linux)."""
    row: Row = {"mesh": f"peak MB at {resolution}"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mesh.ply"
        write_mesh(mesh, path)
        for method in ("solid", "surface", "trimesh"):
            command = [sys.executable, __file__, "--peak", method, str(path), str(resolution)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row[f"{method} s"] = f"{float(done.stdout):.0f} MB"
    return row


def print_peak(method: str, path: str, resolution: str) -> None:
    mesh, cells = read_mesh(Path(path)), int(resolution)
    pitch = float(np.ptp(mesh.bounds, axis=0).max()) / cells
    before = _status("VmRSS")
    if method == "solid":
        voxelize_solid(mesh, cells, mesh.bounds.mean(axis=0), cells * pitch)
    elif method == "surface":
        voxelize_surface(mesh, cells, mesh.bounds.mean(axis=0), cells * pitch)
    else:
        mesh.voxelized(pitch).fill()
    print(_status("VmHWM") - before)


def _status(key: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024


def main() -> None:
    parser = with_data_option(arguments(__doc__))
    parser.add_argument("--resolutions", type=int, nargs="+", default=sorted(RECORDED))
    parser.add_argument("--meshes", type=int, default=4, help="how many; trimesh takes its time")
    parser.add_argument("--peak", nargs=3, help="METHOD MESH RESOLUTION: print its memory and end")
    options = parser.parse_args()
    if options.peak:
        print_peak(*options.peak)
        return
    made = bench_meshes(options.data)
    made["table of boxes"] = overlapping_meshes()["table of boxes"]
    order = [*FIRST, *(name for name in reversed(made) if name not in FIRST)]
    meshes = {name: made[name] for name in order[: options.meshes]}
    rows = [
        compare(name, mesh, resolution, options.rounds)
        for name, mesh in meshes.items()
        for resolution in options.resolutions
    ]
    if Path("/proc/self/status").exists():
        rows.append(memory(list(meshes.values())[-1], max(options.resolutions)))
    publish("Voxelization, medians", rows, options.json, ["trimesh"])


if __name__ == "__main__":
    main()
