"""Compare the outlines of meshes with those of the true ones, from 24 directions.

Usage: python recipes/furniture/silhouettes.py LIBRARIES MESHES [--view 0]

LIBRARIES is the folder that the data set was made from, and MESHES what `onet evaluate DATA --view
N --meshes MESHES` kept. People see outlines: a lost leg, which hardly changes the IoU of volumes,
changes them. A missing mesh counts 0. Prints the mean over the test objects and its 95 % interval.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sheet import truths
from trimesh import Trimesh

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.render import render
from onet_cli.meshes.read import read_mesh

DIRECTIONS, ELEVATION_DEG = 24, 20.0
SIZE = 96
FOCAL, DISTANCE = 1.8, 3.4  # the sphere around the unit cube fills the picture
RESAMPLES = 10_000


def outlines(mesh: Trimesh) -> Iterator[NDArray[np.bool_]]:
    """Yield which pixels (SIZE, SIZE) `mesh`, in the unit cube, covers from each direction."""
    for azimuth in np.arange(DIRECTIONS) * 360 / DIRECTIONS:
        camera = Camera.orbit(float(azimuth), ELEVATION_DEG, DISTANCE, SIZE, FOCAL * SIZE)
        yield render(mesh, camera, SIZE, samples=1)[..., 3] > 127


def overlap(made: Trimesh, truth: Trimesh) -> float:
    """Return the mean IoU of the outlines."""
    pairs = zip(outlines(made), outlines(truth), strict=True)
    return float(np.mean([np.sum(a & b) / np.sum(a | b) for a, b in pairs]))


def main() -> None:
    """Read the command line and print the mean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("libraries", type=Path)
    parser.add_argument("meshes", type=Path)
    parser.add_argument("--view", type=int, default=0)
    asked = parser.parse_args()
    found = []
    for shape, truth in sorted(truths(asked.libraries).items(), key=str):
        path = asked.meshes / shape.category / shape.name / f"{asked.view:02}.ply"
        found.append(overlap(read_mesh(path), truth) if path.is_file() else 0.0)
        print(f"{found[-1]:.3f}  {shape}")
    draws = np.random.default_rng(0).choice(found, (RESAMPLES, len(found))).mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    print(f"silhouette IoU {np.mean(found):.3f}, 95 % interval {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
