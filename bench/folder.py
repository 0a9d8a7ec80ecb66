"""A folder of photos: one thread, threads, and processes, in turns, as photos per minute.

    python bench/folder.py --photos 24 --workers 2

The photos are those of `examples/`, repeated. Threads and processes are as many as `--workers`; the
ratio is that of the time to one thread's. Each contestant is a command of its own, so that the time
to start counts; with a thousand photos, it does not matter.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import Row, arguments, publish

EXAMPLES = Path(__file__).parents[1] / "examples"


def make_photos(folder: Path, count: int) -> None:
    """Copy `count` photos to `folder`."""
    folder.mkdir()
    known = sorted(EXAMPLES.glob("*.jpg"))
    for number in range(count):
        shutil.copyfile(known[number % len(known)], folder / f"{number:05d}.jpg")


def seconds(photos: Path, out: Path, threads: int, workers: int) -> tuple[float, float]:
    """Return the wall and processor time of a command."""
    before, start = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "onet_cli", "reconstruct", str(photos), "-o", str(out)]
    command += ["--quiet", "--workers", str(workers)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    subprocess.run(command, check=True, env=environment)
    wall, after = time.perf_counter() - start, os.times()
    spent = after.children_user + after.children_system
    return wall, spent - before.children_user - before.children_system


def main() -> None:
    """Run the contestants in turns, print the table, write the JSON."""
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    kinds = {
        "one thread": (1, 0),
        f"{asked.workers} threads": (asked.workers, 0),
        f"{asked.workers} processes": (1, asked.workers),
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    with tempfile.TemporaryDirectory() as name:
        make_photos(Path(name) / "photos", asked.photos)
        for turn in range(asked.rounds):
            for kind, (threads, workers) in kinds.items():
                out = Path(name) / f"out {turn} {kind}"
                taken[kind].append(seconds(Path(name) / "photos", out, threads, workers))
                shutil.rmtree(out)
    least = {kind: min(wall for wall, _ in times) for kind, times in taken.items()}
    rows: list[Row] = [
        {
            "how": kind,
            "seconds": least[kind],
            "photos/min": 60 * asked.photos / least[kind],
            "times one thread": least["one thread"] / least[kind],
            "processor s/photo": min(spent for _, spent in taken[kind]) / asked.photos,
        }
        for kind in kinds
    ]
    publish(f"A folder of {asked.photos} photos", rows, asked.json, ["onnxruntime"])


if __name__ == "__main__":
    main()
