"""Nearest neighbours: all surface scores of 100 000 against 100 000 points, beside bare queries.

`compare_surfaces` gives Chamfer, normal consistency and F-score both ways; the peers only find the
neighbours, both ways, trees included. `nearest` is what the scores spend most of their time in.

Usage: python bench/nearest.py [--points 100000] [--rounds 9] [--json FILE]
"""

import os
from functools import partial

import numpy as np
import trimesh
from fields import FIELDS
from harness import Row, arguments, interleave, publish
from numpy.typing import NDArray
from pykdtree.kdtree import KDTree
from scipy.spatial import cKDTree

from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.metrics import compare_surfaces
from onet_cli.geometry.mise import evaluate_grid
from onet_cli.geometry.nearest import nearest

Sample = tuple[NDArray[np.float64], NDArray[np.float64]]


def samples(mesh: trimesh.Trimesh, count: int, seed: int, noise: float) -> Sample:
    """Return points and normals, the points off the surface by `noise` (deviation)."""
    points, faces = trimesh.sample.sample_surface(mesh, count, seed=seed)
    # In no order, as in the data set: the sampler follows the faces.
    order = np.random.default_rng(seed).permutation(count)
    noise = np.random.default_rng(seed + 1).normal(0, noise, points.shape)
    return (points + noise)[order], mesh.face_normals[faces][order]


def ours(a: Sample, b: Sample) -> object:
    return compare_surfaces(*a, *b)


def ours_bare(a: Sample, b: Sample) -> object:
    return nearest(a[0], b[0]), nearest(b[0], a[0])


def pykdtree(a: Sample, b: Sample) -> list[NDArray[np.floating]]:
    first, second = (np.ascontiguousarray(part[0], dtype=np.float32) for part in (a, b))
    return [KDTree(second).query(first)[0], KDTree(first).query(second)[0]]


def scipy(a: Sample, b: Sample) -> list[NDArray[np.floating]]:
    return [
        cKDTree(b[0]).query(a[0], workers=-1)[0],
        cKDTree(a[0]).query(b[0], workers=-1)[0],
    ]


CONTESTANTS = {
    "compare_surfaces": ours,
    "nearest, both ways": ours_bare,
    "pykdtree, both ways": pykdtree,
    "scipy cKDTree, both ways": scipy,
}


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(rounds=9)
    parser.add_argument("--points", type=int, default=100_000)
    options = parser.parse_args()
    rows: list[Row] = []
    for name, field in FIELDS.items():
        mesh = grid_surface(evaluate_grid(field, 128, 0.0))
        for noise in (0.0, 0.02):
            a = samples(mesh, options.points, 0, noise)
            b = samples(mesh, options.points, 1, 0.0)
            seconds = interleave(
                {by: partial(run, a, b) for by, run in CONTESTANTS.items()}, options.rounds
            )
            expected, scores = pykdtree(a, b), compare_surfaces(*a, *b)
            same = float(expected[0].mean()) == scores.accuracy
            same &= float(expected[1].mean()) == scores.completeness
            rows += [
                {
                    "surface": name,
                    "noise": noise,
                    "by": by,
                    "ms": 1000 * taken,
                    "x pykdtree": taken / seconds["pykdtree, both ways"],
                    "same distances": same if by == "compare_surfaces" else "",
                }
                for by, taken in seconds.items()
            ]
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    publish(
        f"Nearest neighbours, {options.points} points, {threads} threads",
        rows,
        options.json,
        ("pykdtree", "scipy"),
    )


if __name__ == "__main__":
    main()
