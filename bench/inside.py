"""Inside test: speed and rightness beside embree (through trimesh) and libigl's winding numbers.

100 000 points, uniform in the mesh's box widened by a tenth. Ours and libigl's fast winding number
start from bare arrays in every turn, as callers do; embree keeps its tree between turns. libigl's
exact winding number, the truth, is computed at a sample of the points and wherever any two methods
differ. Wrong means: differs from the truth, farther than 1e-6 from the surface. Where parts of a
mesh overlap, parity of crossings, as embree and most tools count, calls the overlap empty.

Usage: python bench/inside.py [--data FOLDER] [--points N] [--truth N] [--rounds 5] [--json FILE]
"""

from collections.abc import Callable

import igl
import numpy as np
import trimesh
from harness import Row, arguments, interleave, publish
from meshes import bench_meshes, with_data_option
from numpy.typing import NDArray

from onet_cli.geometry.inside import contains

NEAR = 1e-6  # of the mesh's longest edge; nearer to the surface either answer is right
MOST_TRUTHS = 5_000  # the exact winding number is slow
Points = NDArray[np.float64]
Inside = NDArray[np.bool_]


def overlapping_meshes() -> dict[str, trimesh.Trimesh]:
    """Return meshes of closed parts that reach into each other, as much furniture is modelled."""
    top = trimesh.creation.box((1.0, 0.08, 0.7))
    legs = [_moved(trimesh.creation.box((0.08, 0.6, 0.08)), x, -0.3, z) for x, z in _corners()]
    rails = [_moved(trimesh.creation.box((0.9, 0.06, 0.05)), 0, -0.05, z) for z in (-0.28, 0.28)]
    balls = np.random.default_rng(3).uniform(-0.3, 0.3, (12, 3))
    cushions = [_moved(trimesh.creation.icosphere(4, 0.2), *centre) for centre in balls]
    return {
        "table of boxes": trimesh.util.concatenate([top, *legs, *rails]),
        "heap of spheres": trimesh.util.concatenate(cushions),
    }


def _corners() -> list[tuple[float, float]]:
    return [(x, z) for x in (-0.43, 0.43) for z in (-0.28, 0.28)]


def _moved(part: trimesh.Trimesh, *by: float) -> trimesh.Trimesh:
    part.apply_translation(by)
    return part


def compare(name: str, mesh: trimesh.Trimesh, points: Points, rounds: int, truths: int) -> Row:
    vertices, faces = np.array(mesh.vertices), np.array(mesh.faces)
    plain = trimesh.Trimesh(vertices, faces, process=False)
    found: dict[str, Inside] = {}

    def contestant(key: str, answer: Callable[[], Inside]) -> Callable[[], None]:
        def work() -> None:
            found[key] = answer()

        return work

    seconds = interleave(
        {
            "ours": contestant("ours", lambda: contains(plain, points)),
            "embree": contestant("embree", lambda: plain.ray.contains_points(points)),
            "fast winding": contestant(
                "fast winding",
                lambda: np.abs(igl.fast_winding_number(vertices, faces, points)) > 0.5,
            ),
        },
        rounds,
    )
    checked, truth = exact(vertices, faces, points, found, truths)
    row: Row = {"mesh": name, "faces": len(faces)}
    row |= {f"{key} s": value for key, value in seconds.items()}
    row |= {f"{key} / ours": seconds[key] / seconds["ours"] for key in ("embree", "fast winding")}
    row |= {f"{key} wrong": wrong(found[key][checked], truth) for key in found}
    within = found["ours"]
    row["lost by parity %"] = 100 * float((within & ~found["embree"]).sum() / max(within.sum(), 1))
    row["checked"] = len(checked)
    return row


def exact(
    vertices: Points, faces: NDArray[np.int64], points: Points, found: dict[str, Inside], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return points by number, and for each 1 inside, 0 outside, -1 within NEAR of the surface."""
    disputed = np.flatnonzero(np.ptp(np.stack(list(found.values())).astype(np.int8), axis=0))
    rng = np.random.default_rng(1)
    if len(disputed) > MOST_TRUTHS:
        disputed = rng.choice(disputed, MOST_TRUTHS, replace=False)
    checked = np.union1d(rng.choice(len(points), count, replace=False), disputed)
    there = np.ascontiguousarray(points[checked])
    truth = (np.rint(igl.winding_number(vertices, faces, there)) != 0).astype(np.int8)
    squared = igl.point_mesh_squared_distance(there, vertices, faces)[0]
    truth[squared < (NEAR * np.ptp(vertices, axis=0).max()) ** 2] = -1
    return checked, truth


def wrong(answers: Inside, truth: NDArray[np.int8]) -> int:
    return int(((truth >= 0) & (answers != (truth == 1))).sum())


def main() -> None:
    parser = with_data_option(arguments(__doc__))
    parser.add_argument("--points", type=int, default=100_000, help="points to test")
    parser.add_argument("--truth", type=int, default=1_000, help="points to test exactly as well")
    options = parser.parse_args()
    rows = []
    for name, mesh in (overlapping_meshes() | bench_meshes(options.data)).items():
        lower, upper = mesh.bounds
        margin = 0.05 * (upper - lower)
        shape = (options.points, 3)
        points = np.random.default_rng(0).uniform(lower - margin, upper + margin, shape)
        rows.append(compare(name, mesh, points, options.rounds, min(options.truth, len(points))))
    title = f"Inside test of {options.points} points, medians of {options.rounds} turns"
    publish(title, rows, options.json, ["trimesh", "embreex", "libigl"])


if __name__ == "__main__":
    main()
