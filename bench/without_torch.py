"""The command `onet reconstruct` by torch (`--device cpu`) and without it, as it runs by default.

Each run is a process of its own, from the shell to the written file. The ways take turns. Besides
times, the rows have the peak memory, the seconds that the command reports (photo to mesh), and how
far vertices are from those of torch, in cells of the grid.

Usage: python bench/without_torch.py [--onnx NAME.onnx] [--options "--exact"] [--rounds 5]
       [--json FILE]

With --onnx, an export is a third way.
"""

import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import trimesh
from harness import Row, arguments, publish

from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.normalize import CUBE_EDGE

PHOTO = Path(__file__).parents[1] / "examples" / "table.jpg"
RESOLUTION = 128


def run(target: Path, options: list[str]) -> Row:
    """Run the command once; return seconds, processor time, peak memory and its own seconds."""
    command = [sys.executable, "-m", "onet_cli", "reconstruct", str(PHOTO), "-o", str(target)]
    command += ["--json", *options]
    report = target.with_suffix(".json")
    start = time.perf_counter()
    with report.open("w") as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{shlex.join(command)} failed")
    (made,) = json.loads(report.read_text())
    found: Row = {"s": seconds, "CPU s": usage.ru_utime + usage.ru_stime}
    return found | {"peak MB": usage.ru_maxrss / 1024, "photo to mesh, s": made["seconds"]}


def distance(one: Path, other: Path) -> float:
    """Return the largest distance of a vertex from the other mesh's nearest, in cells."""
    here, there = (np.asarray(trimesh.load(path, process=False).vertices) for path in (one, other))
    ends = max(nearest(here, there)[0].max(), nearest(there, here)[0].max())
    return float(ends) * RESOLUTION / CUBE_EDGE


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--onnx", type=Path, help="an export of the shipped model")
    parser.add_argument("--options", default="", help="options of the command")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ways = {"torch": ["--device", "cpu"], "without torch": []}
        if asked.onnx is not None:
            ways["export"] = ["-c", str(asked.onnx)]
        targets = {name: Path(folder) / f"{name}.ply" for name in ways}
        found: dict[str, list[Row]] = {name: [] for name in ways}
        for number in range(asked.rounds + 1):
            for name, way in ways.items():
                row = run(targets[name], [*way, *shlex.split(asked.options)])
                if number:  # the first is a warm-up
                    found[name].append(row)
        rows: list[Row] = []
        for name, each in found.items():
            row = {"way": name}
            row |= {key: statistics.median(one[key] for one in each) for key in each[0]}
            row["times torch"] = rows[0]["s"] / row["s"] if rows else 1.0
            row["largest move, cells"] = distance(targets[name], targets["torch"])
            rows.append(row)
    publish("Shell to mesh file", rows, asked.json, ("torch", "onnxruntime"))


if __name__ == "__main__":
    main()
