"""Mesh files as onet, trimesh and three.js's loaders read them, and where they disagree.

Compares faces, extents and area of all mesh files below a folder, such as a clone of a collection
of test models. three.js takes part where node is there and its package is installed (`npm install
three` in any folder). Only disagreements are listed; `docs/preprocess.md` explains their kinds.

Usage: python bench/readers.py FOLDER [--three FOLDER/node_modules] [--limit N] [--json FILE]
"""

import argparse
import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from harness import Row
from numpy.typing import NDArray

from onet_cli.errors import OnetError
from onet_cli.meshes.formats import is_mesh
from onet_cli.meshes.read import read_mesh

FIGURES = 1e-4
"""Share of the size by which extents and areas may differ: single precision, and sums of it."""

THREE_SUFFIXES = (".glb", ".gltf", ".obj", ".ply", ".stl")
BATCH = 100  # files that one run of node reads


@dataclass(frozen=True)
class Facts:
    """What a reader finds in a file; `error` where it refuses."""

    faces: int = 0
    extents: tuple[float, ...] = ()
    area: float = 0.0
    error: str = ""

    @classmethod
    def of(cls, corners: NDArray[np.floating]) -> "Facts":
        """Return the facts of triangles (F, 3, 3)."""
        points = np.asarray(corners, np.float64).reshape(-1, 3)
        sides = points.reshape(-1, 3, 3)[:, 1:] - points.reshape(-1, 3, 3)[:, :1]
        area = float(np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1).sum() / 2)
        return cls(len(corners), tuple(np.ptp(points, axis=0).tolist()), area)


def disagreement(ours: Facts, theirs: Facts) -> str:
    """Return how two readers differ, in a few words, or ""."""
    if ours.error or theirs.error:
        both = bool(ours.error and theirs.error)
        return "" if both else f"refused: {(ours.error or theirs.error)[:90]}"
    size = max(*ours.extents, *theirs.extents, 1e-30)
    differences = []
    if ours.faces != theirs.faces:
        differences.append(f"faces {ours.faces}, {theirs.faces}")
    if not np.allclose(ours.extents, theirs.extents, rtol=0, atol=FIGURES * size):
        boxes = (" x ".join(f"{side:.4g}" for side in facts.extents) for facts in (ours, theirs))
        differences.append("extents " + ", ".join(boxes))
    if abs(ours.area - theirs.area) > FIGURES * max(ours.area, theirs.area, FIGURES * size**2):
        differences.append(f"area {ours.area:.6g}, {theirs.area:.6g}")
    return "; ".join(differences)


def by_onet(path: Path) -> Facts:
    """Return what onet finds."""
    try:
        mesh = read_mesh(path)
    except OnetError as error:
        return Facts(error=str(error))
    return Facts.of(mesh.vertices[mesh.faces])


def by_trimesh(path: Path) -> Facts:
    """Return what trimesh finds."""
    try:
        mesh = trimesh.load_scene(str(path), process=False).to_mesh()
        return Facts.of(mesh.vertices[mesh.faces])
    except Exception as error:
        return Facts(error=f"{type(error).__name__}: {error}")


def by_three(paths: list[Path], modules: Path) -> dict[Path, Facts]:
    """Return what three.js's loaders find in the files that they know."""
    script = Path(__file__).with_suffix(".mjs")
    known = [path for path in paths if path.suffix.lower() in THREE_SUFFIXES]
    found = {}
    for start in range(0, len(known), BATCH):
        command = ["node", str(script), str(modules), *map(str, known[start : start + BATCH])]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in result.stdout.splitlines():
            facts = json.loads(line)
            found[Path(facts["file"])] = _facts_of(facts)
    return found


def _facts_of(facts: Row) -> Facts:
    if "error" in facts or not facts["faces"]:
        return Facts(error=facts.get("error", "no faces"))
    sides = zip(facts["lower"], facts["upper"], strict=True)
    return Facts(facts["faces"], tuple(b - a for a, b in sides), facts["area"])


def compare(paths: Iterable[Path], others: dict[str, Callable[[Path], Facts | None]]) -> list[Row]:
    """Return a row for each file and reader that disagree with onet."""
    rows = []
    for path in paths:
        ours = by_onet(path)
        for name, read in others.items():
            theirs = read(path)
            if theirs is not None and (words := disagreement(ours, theirs)):
                who = "onet" if ours.error else name
                words = words.replace("refused", f"refused by {who}")
                rows.append({"file": path.name, "reader": name, "disagreement": words})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of mesh files")
    parser.add_argument("--three", type=Path, help="node_modules with three.js")
    parser.add_argument("--limit", type=int, help="at most so many files of each format")
    parser.add_argument("--json", type=Path, help="write all disagreements to this file")
    options = parser.parse_args()
    paths = sorted(path for path in options.folder.rglob("*") if is_mesh(path.name))
    if options.limit:
        suffixes = dict.fromkeys(path.suffix for path in paths)
        paths = [p for s in suffixes for p in [q for q in paths if q.suffix == s][: options.limit]]
    others: dict[str, Callable[[Path], Facts | None]] = {"trimesh": by_trimesh}
    if options.three:
        others["three.js"] = by_three(paths, options.three).get
    rows = compare(paths, others)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    for row in rows:
        print(f"{row['file']}\t{row['reader']}\t{row['disagreement']}")
    print(f"{len(paths)} files, {len({row['file'] for row in rows})} with a disagreement")


if __name__ == "__main__":
    main()
