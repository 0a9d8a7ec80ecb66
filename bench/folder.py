"""A folder of photos: one process, threads, and processes, in turns, as photos per minute.

    python bench/folder.py --photos 1000 --chunk 100 --state folder.jsonl --minutes 11

The photos are those of `examples/`, repeated. Threads and processes are as many as `--workers`. The
contestants take turns at each chunk of photos, each turn a command of its own. What is measured is
kept in `--state`: after `--minutes`, the program ends with the turn in progress, and the same
command continues. `photos/min` counts from a turn's first mesh to its last, without the start,
which is a column of its own; `seconds` is what a single command would take for all photos.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from harness import Row, publish

from onet_cli.cores import available_cores

EXAMPLES = Path(__file__).parents[1] / "examples"
TICK_S = 0.005


@dataclass(frozen=True)
class Turn:
    """One command: what it was given, and its times in seconds.

    `first` and `last` are the times of the first and the last mesh, `meshes` their number after the
    first; `processor` is of all its processes.
    """

    kind: str
    chunk: int
    photos: int
    first: float
    last: float
    meshes: int
    wall: float
    processor: float


def make_photos(folder: Path, first: int, count: int) -> None:
    """Copy `count` photos to `folder`, with numbers from `first` on."""
    folder.mkdir()
    known = sorted(EXAMPLES.glob("*.jpg"))
    for number in range(first, first + count):
        shutil.copyfile(known[number % len(known)], folder / f"{number:07d}.jpg")


def take_turn(kind: str, chunk: int, photos: Path, threads: int, workers: int) -> Turn:
    """Reconstruct a folder by a command, and watch its journal grow."""
    with tempfile.TemporaryDirectory() as name:
        table = Path(name) / "results.jsonl"
        journal = table.with_name(f"{table.name}.partial")
        command = [sys.executable, "-m", "onet_cli", "reconstruct", str(photos), "-o"]
        command += [f"{name}/meshes", "--quiet", "--workers", str(workers), "--manifest"]
        before, began = os.times(), time.perf_counter()
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        process = subprocess.Popen([*command, str(table)], env=environment)
        seen: list[tuple[float, int]] = []
        while process.poll() is None:
            time.sleep(TICK_S)
            try:
                lines = journal.read_bytes().count(b"\n") - 1  # but for its head
            except FileNotFoundError:
                continue
            if lines > (seen[-1][1] if seen else 0):
                seen.append((time.perf_counter() - began, lines))
        wall, after = time.perf_counter() - began, os.times()
    if process.returncode or len(seen) < 2:
        raise SystemExit(f"{kind}: exit code {process.returncode}, {len(seen)} meshes seen")
    (first, one), (last, most) = seen[0], seen[-1]
    processor = after.children_user + after.children_system
    processor -= before.children_user + before.children_system
    count = len(list(photos.iterdir()))
    return Turn(kind, chunk, count, first, last, most - one, wall, processor)


def read_state(path: Path | None, kinds: list[str]) -> list[Turn]:
    """Return the turns of an earlier call with the same contestants."""
    if path is None or not path.is_file():
        return []
    turns = [Turn(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    if any(turn.kind not in kinds for turn in turns):
        raise SystemExit(f"{path} has turns of other contestants: use another --state")
    return turns


def rows(turns: list[Turn], kinds: list[str], photos: int) -> list[Row]:
    """Return the table of all turns."""
    found: list[Row] = []
    rates: dict[str, float] = {}
    for kind in kinds:
        own = [turn for turn in turns if turn.kind == kind]
        if not own:
            continue
        rates[kind] = sum(t.meshes for t in own) / sum(t.last - t.first for t in own)
        start = statistics.median(t.wall - t.photos / rates[kind] for t in own)
        found.append(
            {
                "how": kind,
                "photos": sum(turn.photos for turn in own),
                "photos/min": 60 * rates[kind],
                "times one process": rates[kind] / rates[kinds[0]],
                "start s": start,
                f"seconds for {photos}": start + photos / rates[kind],
                "processor s/photo": sum(t.processor for t in own) / sum(t.photos for t in own),
            }
        )
    return found


def main() -> None:
    """Take the turns that are left, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--chunk", type=int, default=100, help="photos of a turn")
    parser.add_argument("--workers", type=int, default=available_cores())
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after these")
    parser.add_argument("--state", type=Path, help="file of what is measured, to continue from")
    parser.add_argument("--json", type=Path, help="write rows and environment to this file")
    asked = parser.parse_args()
    kinds = {
        "one process": (1, 0),
        f"{asked.workers} threads": (asked.workers, 0),
        f"{asked.workers} processes": (1, asked.workers),
    }
    turns, began = read_state(asked.state, list(kinds)), time.perf_counter()
    done = {(turn.kind, turn.chunk) for turn in turns}
    with tempfile.TemporaryDirectory() as name:
        for chunk, first in enumerate(range(0, asked.photos, asked.chunk)):
            left = [kind for kind in kinds if (kind, chunk) not in done]
            if not left or time.perf_counter() - began > 60 * asked.minutes:
                continue
            folder = Path(name) / str(chunk)
            make_photos(folder, first, min(asked.chunk, asked.photos - first))
            for kind in left:
                if time.perf_counter() - began > 60 * asked.minutes:
                    break
                turns.append(take_turn(kind, chunk, folder, *kinds[kind]))
                if asked.state is not None:
                    with asked.state.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(asdict(turns[-1])) + "\n")
            shutil.rmtree(folder)
    title = f"A folder of {asked.photos} photos"
    if len(turns) < len(kinds) * -(-asked.photos // asked.chunk):
        title += ", not finished: the same command continues"
    publish(title, rows(turns, list(kinds), asked.photos), asked.json, ["onnxruntime"])


if __name__ == "__main__":
    main()
