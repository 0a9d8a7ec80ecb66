"""Simplification: speed, error and soundness beside fast-simplification, pyfqmr and libigl's qslim.

The error is the mean distance from 40 000 points on each of the two surfaces to the other, exact
from point to triangle, in the unit cube. Columns with a slash are ours over theirs: below 1 is
better. What is unsound about a result is named in the last column: an edge that is not between two
faces (open), faces without height (thin) or that face against the surface they stand for (flipped),
more or fewer faces than asked, a volume off by more than a tenth.
Peers that are not installed are left out, and so are the errors without libigl, which finds them.

Usage: python bench/simplify.py [--data FOLDER] [--faces 5000 1000] [--rounds 5] [--json FILE]
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import trimesh
from harness import Row, arguments, interleave, publish
from meshes import bench_meshes, with_data_option
from numpy.typing import NDArray

from onet_cli.geometry.simplify import simplify

SAMPLES = 40_000
WALL = 0.01
"""A face that has a surface of its own direction so near is a wall's other side, not flipped."""

Simplifier = Callable[[trimesh.Trimesh, int], trimesh.Trimesh]


def contestants() -> dict[str, Simplifier]:
    """Return ours and those of the other libraries that are installed."""
    found: dict[str, Simplifier] = {"onet": simplify}
    for name, load in {"fast": _fast_simplification, "pyfqmr": _pyfqmr, "qslim": _qslim}.items():
        try:
            found[name] = load()
        except ImportError as error:
            print(f"left out: {name} ({error})")
    return found


def _fast_simplification() -> Simplifier:
    import fast_simplification

    def run(mesh: trimesh.Trimesh, faces: int) -> trimesh.Trimesh:
        return _mesh(*fast_simplification.simplify(mesh.vertices, mesh.faces, target_count=faces))

    return run


def _pyfqmr() -> Simplifier:
    import pyfqmr

    def run(mesh: trimesh.Trimesh, faces: int) -> trimesh.Trimesh:
        worker = pyfqmr.Simplify()
        worker.setMesh(mesh.vertices, mesh.faces)
        worker.simplify_mesh(target_count=faces, verbose=0)
        return _mesh(*worker.getMesh()[:2])

    return run


def _qslim() -> Simplifier:
    import igl

    def run(mesh: trimesh.Trimesh, faces: int) -> trimesh.Trimesh:
        vertices = np.asfortranarray(mesh.vertices)
        return _mesh(*igl.qslim(vertices, np.asfortranarray(mesh.faces, np.int32), faces)[:2])

    return run


def _mesh(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> trimesh.Trimesh:
    return trimesh.Trimesh(vertices, faces, process=False)


def measure(name: str, mesh: trimesh.Trimesh, faces: int, rounds: int) -> Row:
    """Return the table's row for `mesh`, simplified to `faces` faces by every contestant."""
    results: dict[str, trimesh.Trimesh] = {}

    def work(who: str, run: Simplifier) -> None:
        results[who] = run(mesh, faces)

    runs = {who: partial(work, who, run) for who, run in contestants().items()}
    seconds = interleave(runs, rounds)
    row: Row = {"mesh": name, "faces": len(mesh.faces), "to": faces, "s": seconds["onet"]}
    row |= {f"s/{who}": seconds["onet"] / taken for who, taken in seconds.items() if who != "onet"}
    if "qslim" in results:
        error = {who: mean_error(mesh, small) for who, small in results.items()}
        row["error"] = error["onet"]
        row |= {f"error/{who}": error["onet"] / of for who, of in error.items() if who != "onet"}
    row["volume"] = results["onet"].volume / mesh.volume - 1
    unsound = {who: unsoundness(mesh, small, faces) for who, small in results.items()}
    row["unsound"] = "; ".join(f"{who} {', '.join(w)}" for who, w in unsound.items() if w)
    return row


def mean_error(mesh: trimesh.Trimesh, small: trimesh.Trimesh) -> float:
    """Return the mean of the mean distances from each surface to the other."""
    there, back = _nearest(mesh, small, seed=0), _nearest(small, mesh, seed=1)
    return float(there[0].mean() + back[0].mean()) / 2


def _nearest(
    source: trimesh.Trimesh, target: trimesh.Trimesh, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return, for points on `source`: distance to `target`, its nearest face, and their own."""
    points, asked = trimesh.sample.sample_surface(source, SAMPLES, seed=seed)
    distance, near = _distance(np.asarray(points), target, target.faces)
    return distance, near, asked


def _distance(
    points: NDArray[np.float64], mesh: trimesh.Trimesh, faces: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    import igl

    vertices = np.ascontiguousarray(mesh.vertices)
    triangles = np.ascontiguousarray(faces, dtype=np.int64)
    squared, near, _ = igl.point_mesh_squared_distance(points, vertices, triangles)
    return np.sqrt(squared), near


def unsoundness(mesh: trimesh.Trimesh, small: trimesh.Trimesh, faces: int) -> list[str]:
    """Return what is wrong with `small`, in words; nothing where all is well."""
    found = []
    if not is_closed(small):
        found.append("open")
    if thin := int((heights(small) < 1e-9).sum()):
        found.append(f"{thin} thin")
    if flips := flipped(mesh, small):
        found.append(f"{flips} flipped")
    if len(small.faces) not in (faces, faces - 1):
        found.append(f"{len(small.faces)} faces")
    if abs(change := small.volume / mesh.volume - 1) > 0.1:
        found.append(f"volume {change:+.0%}")
    return found


def flipped(mesh: trimesh.Trimesh, small: trimesh.Trimesh) -> int:
    """Return how many faces of `small` face against the surface of `mesh` that is nearest.

    Not those that have surface of their own direction within `WALL` or twice as far as the nearest:
    on thin walls, the other side is often nearer. 0 where libigl is missing.
    """
    try:
        _, near, asked = _nearest(small, mesh, seed=1)
    except ImportError:
        return 0
    against = (small.face_normals[asked] * mesh.face_normals[near]).sum(axis=1) < -0.5
    hits = np.bincount(asked, minlength=len(small.faces))
    count = 0
    for face in np.flatnonzero(
        np.bincount(asked[against], minlength=len(small.faces)) > 0.9 * np.maximum(hits, 3)
    ):
        middle = small.triangles_center[[face]]
        alike = mesh.faces[mesh.face_normals @ small.face_normals[face] > 0]
        reach = max(WALL, 2 * _distance(middle, mesh, mesh.faces)[0][0])
        count += len(alike) == 0 or _distance(middle, mesh, alike)[0][0] > reach
    return count


def heights(mesh: trimesh.Trimesh) -> NDArray[np.float64]:
    """Return the least height of each face."""
    edges = np.diff(mesh.triangles[:, [0, 1, 2, 0]], axis=1)
    longest = np.linalg.norm(edges, axis=2).max(axis=1)
    least: NDArray[np.float64] = 2 * mesh.area_faces / np.maximum(longest, np.finfo(float).tiny)
    return least


def is_closed(mesh: trimesh.Trimesh) -> bool:
    """Return whether each edge has two faces, run in opposite directions."""
    directed = mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    keys = np.sort(directed @ [len(mesh.vertices), 1])
    reverse = np.sort(directed @ [1, len(mesh.vertices)])
    return bool((np.diff(keys) > 0).all() and (keys == reverse).all())


def summary(rows: list[Row]) -> str:
    """Return one line on each ratio over all rows."""
    lines = []
    for column in [name for name in rows[0] if "/" in name]:
        ratios = np.array([row[column] for row in rows])
        lines.append(
            f"{column}: median {np.median(ratios):.3g}, worst {ratios.max():.3g}, "
            f"below 1 on {(ratios < 1).sum()} of {len(ratios)}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure every mesh that has more faces than asked, print tables and write JSON."""
    parser = with_data_option(arguments(__doc__ or ""))
    parser.add_argument("--faces", type=int, nargs="+", default=[5000, 1000], help="targets")
    options = parser.parse_args()
    meshes = bench_meshes(options.data)
    rows = [
        measure(name, mesh, faces, options.rounds)
        for faces in options.faces
        for name, mesh in meshes.items()
        if len(mesh.faces) > faces
    ]
    packages = ("fast-simplification", "pyfqmr", "libigl")
    publish(
        "Simplification: seconds, mean error, and ours over theirs", rows, options.json, packages
    )
    for faces in options.faces:
        print(f"to {faces}:\n{summary([row for row in rows if row['to'] == faces])}")


if __name__ == "__main__":
    main()
