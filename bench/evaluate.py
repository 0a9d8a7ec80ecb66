"""Time all scores of one object against the bare nearest-neighbour queries that they need.

Run: OMP_NUM_THREADS=1 python bench/evaluate.py
"""

import cProfile
import os
import pstats
from functools import partial

import numpy as np
from fields import FIELDS
from harness import Row, arguments, interleave, publish
from pykdtree.kdtree import KDTree
from trimesh import Trimesh

from onet_cli.evaluation.measure import Truth, score_mesh
from onet_cli.geometry.inside import contains
from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.mise import evaluate_grid
from onet_cli.geometry.sampling import sample_cube, sample_surface
from onet_cli.shapes.shape import OccupancySamples, SurfaceSamples


def predicted(field: str, resolution: int) -> Trimesh:
    return grid_surface(evaluate_grid(FIELDS[field], resolution, 0.0))


def truth_of(mesh: Trimesh, points: int, off: float) -> Truth:
    """Return what would be stored of `mesh`, moved by `off`, in float16 and no order."""
    rng = np.random.default_rng(0)
    moved = make_mesh(np.asarray(mesh.vertices) + off, np.asarray(mesh.faces))
    query = sample_cube(points, rng)
    surface, normals = (part.astype(np.float16) for part in sample_surface(moved, points, rng))
    return Truth(OccupancySamples(query, contains(moved, query)), SurfaceSamples(surface, normals))


def everything(mesh: Trimesh, truth: Truth, points: int) -> object:
    # As in an evaluation, nothing about the mesh is known yet: trimesh keeps what it computes.
    fresh = make_mesh(np.asarray(mesh.vertices), np.asarray(mesh.faces))
    return score_mesh(fresh, truth, points, 0.0, np.random.default_rng(0))


def bare(drawn: np.ndarray, stored: np.ndarray) -> object:
    return KDTree(stored).query(drawn), KDTree(drawn).query(stored)


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(rounds=9)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true", help="say where the time goes")
    options = parser.parse_args()
    rows: list[Row] = []
    for name in FIELDS:
        mesh = predicted(name, 128)
        for off in (0.0, 0.02):
            truth = truth_of(mesh, options.points, off)
            drawn, _ = sample_surface(mesh, options.points, np.random.default_rng(0))
            seconds = interleave(
                {
                    "all scores": partial(everything, mesh, truth, options.points),
                    "pykdtree, both ways": partial(
                        bare, drawn.astype(np.float32), truth.surface.points.astype(np.float32)
                    ),
                },
                options.rounds,
            )
            rows += [
                {
                    "surface": name,
                    "faces": len(mesh.faces),
                    "off": off,
                    "what": what,
                    "ms": 1000 * taken,
                    "x pykdtree": taken / seconds["pykdtree, both ways"],
                }
                for what, taken in seconds.items()
            ]
            if options.profile:
                profile = cProfile.Profile()
                profile.runcall(everything, mesh, truth, options.points)
                pstats.Stats(profile).sort_stats("cumulative").print_stats(25)
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    publish(
        f"All scores of one object, {options.points} points, {threads} threads",
        rows,
        options.json,
        ("pykdtree", "trimesh"),
    )


if __name__ == "__main__":
    main()
