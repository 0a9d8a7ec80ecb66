#!/usr/bin/env python3
"""Train `furniture` further on a GPU that is there for minutes, from one file of real objects.

Usage: python recipes/furniture/gpu.py PACK OUT [--init FILE|FOLDER] [--seconds 420] [--seed 1]
  PACK  by pack.py
  OUT   for what is to be kept: files of at most 15 MB
All cores make the data set anew, views and points of the real objects and generated shapes; then
the GPU trains until the time is over. OUT gets the averaged weights in pieces (`weights.0`, ...),
the scores of the validation objects, the log, record.json with the seconds of each step and the
pictures a second, and step.json with a step beside its roofline. A second run takes them up by
`--init OUT --seed 2 --no-bench`. Where commands are limited too, `--data FOLDER --only-data` makes
the data set in FOLDER, and a command with `--data FOLDER` trains on it. A rehearsal without a GPU:
`--device cpu --limit 60 --generated 20 --seconds 240`.
"""

import argparse
import csv
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from packing.packed import unpack
from packing.pieces import join, split
from packing.store import read_pack

from onet_cli.cores import available_cores

ONET = [sys.executable, "-m", "onet_cli"]
SAMPLES = ["--cameras", "wide", "--points", "32768", "--near-points", "32768"]
LEARN = ["--near", "0.25", "--augment", "photo", "--weight-decay", "0.05", "--encoder-lr", "0.2"]
LEARN += ["--label-smoothing", "0.02", "--extra-share", "0.35", "--model", "onet-aligned"]
BATCH = "128"
DONE = "complete"
"""File in the folder of the data when they are."""

PLACES = {
    "cuda": ["--compile", "--cache", "gpu", "--precision", "bf16", "--batch-size", BATCH],
    "cpu": ["--cache", "ram", "--precision", "32", "--batch-size", "8"],
}
BENCH = Path(__file__).parents[2] / "bench" / "train_step.py"
STARTING_S = {"cuda": 75.0, "cpu": 15.0}
"""For the start of training: reading shapes and weights; and for its last validation."""

BENCH_S = 150.0
"""For the measurement of a step, most of which is compilation."""

KEEPING_S = 45.0
"""For the scores, and for what is kept, at the end."""

GRACE_S = 12.0
"""For a command to end at its limit; training then writes its state."""


class Record:
    """Seconds of the steps and what they print, written after each."""

    def __init__(self, out: Path, seconds: float) -> None:
        self._out, self._began, self._seconds = out, time.monotonic(), seconds
        self._found: dict[str, object] = {}

    @property
    def left(self) -> float:
        """Seconds left of all."""
        return self._seconds - (time.monotonic() - self._began)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure a step."""
        before = time.monotonic()
        yield
        self.keep(f"{name} s", round(time.monotonic() - before, 1))

    def keep(self, name: str, value: object) -> None:
        """Add a value."""
        self._found[name] = value
        print(f"{name}: {value}", flush=True)
        (self._out / "record.json").write_text(json.dumps(self._found, indent=2) + "\n")

    def run(self, command: list[str], limit: float | None = None) -> bool:
        """Run a command; its output goes to the log. Return whether it succeeded in time.

        At the limit it is asked to end, and killed if it has not after `GRACE_S`.
        """
        with (self._out / "log.txt").open("a") as log:
            print("$", *command, file=log, flush=True)
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            try:
                return process.wait(limit) == 0
            except subprocess.TimeoutExpired:
                print(f"stopped after {limit:.0f} s", file=log, flush=True)
                process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # and processes that it has started
            process.wait()
            return False


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("pack", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--init", default="furniture", help="checkpoint, or OUT of a run before")
    parser.add_argument("--seconds", type=float, default=420, help="for everything")
    parser.add_argument("--seed", type=int, default=1, help="of the data and of training")
    parser.add_argument("--work", type=Path, help="where files are while it runs")
    parser.add_argument("--data", type=Path, help="folder of the data, made where it is not there")
    parser.add_argument("--only-data", action="store_true", help="make the data and end")
    parser.add_argument("--device", choices=list(PLACES), default="cuda")
    parser.add_argument("--generated", type=int, default=4000, help="generated shapes")
    parser.add_argument("--limit", type=int, help="so many real objects")
    parser.add_argument("--lr", default="1e-3", help="peak rate")
    parser.add_argument("--no-bench", action="store_true", help="do not measure the step first")
    options = parser.parse_args()
    if options.only_data and options.data is None:
        parser.error("--only-data needs --data: without it the data are removed at the end")
    options.out.mkdir(parents=True, exist_ok=True)
    if options.work is not None:
        options.work.mkdir(parents=True, exist_ok=True)
    # A folder of its own: data and weights of an earlier run there would be taken for this one's.
    with tempfile.TemporaryDirectory(prefix="onet-gpu-", dir=options.work) as work:
        options.work = Path(work)
        train(options, Record(options.out, options.seconds))


def train(options: argparse.Namespace, record: Record) -> None:
    """Make the data, measure, train, and keep what came of it."""
    init = options.init
    if Path(init).is_dir():
        init = str(join(Path(init), options.work / "before.safetensors"))
    options.data = options.data or options.work / "data"
    if not (options.data / DONE).exists():
        with record.step("data"):
            make_data(options, record)
    if options.only_data:
        return
    if not options.no_bench:
        with record.step("bench"):
            measure(options, record)
    attempts = [PLACES[options.device]]
    if "--compile" in attempts[0]:  # not to lose all where it fails
        attempts.append([flag for flag in attempts[0] if flag != "--compile"])
    for number, tried in enumerate(attempts):
        seconds = int(record.left - STARTING_S[options.device] - KEEPING_S)
        if seconds < 10:
            raise SystemExit(f"{record.left:.0f} s are left: too little to train")
        run = options.work / f"run{number}"
        command = [*ONET, "train", str(options.data / "real"), *LEARN, *tried, "--init", init]
        command += ["--extra", str(options.data / "generated"), "--lr", options.lr]
        command += ["--output", str(run), "--device", options.device, "--seed", str(options.seed)]
        command += ["--max-time", f"{seconds}s", "--val-every", "500", "--mesh-every", "0"]
        with record.step("training"):
            record.keep(
                "trained", record.run([*command, "--no-calibrate"], record.left - KEEPING_S)
            )
        if steps_of(run) > 0:
            keep(options, record, run)
            return
        record.keep("failed", tried)
    raise SystemExit(f"no weights: see {options.out / 'log.txt'}")


def steps_of(run: Path) -> int:
    """Return the number of steps that a run has made."""
    table = run / "metrics.csv"
    rows = list(csv.DictReader(table.read_text().splitlines())) if table.exists() else []
    return int(rows[-1]["step"]) if rows and (run / "best.safetensors").exists() else 0


def make_data(options: argparse.Namespace, record: Record) -> None:
    """Make the data sets of the real and of generated objects, by all cores."""
    meshes, table = read_pack(options.pack)
    folder = options.data / "meshes"
    for count, mesh in enumerate(meshes):
        if options.limit is not None and count >= options.limit:
            break
        file = folder / f"{mesh.name}.glb"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(unpack(mesh))
    rows = [row for row in csv.DictReader(table.splitlines()) if (folder / row["obj"]).exists()]
    with (options.data / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    common = [*SAMPLES, "--seed", str(options.seed), "--workers", str(available_cores())]
    full = options.limit is None
    views = ["--views", "12", "--image-size", "224"] if full else ["--views", "4"]
    real = [*ONET, "preprocess", str(folder), str(options.data / "real")]
    real += ["--manifest", str(options.data / "table.csv"), *common, *views]
    generated = [*ONET, "preprocess", "procedural", str(options.data / "generated")]
    generated += ["--count", str(options.generated), *common, *views]
    if not (record.run(real, record.left) and record.run(generated, record.left)):
        raise SystemExit(f"no data: see {options.out / 'log.txt'}")
    (options.data / DONE).touch()


def measure(options: argparse.Namespace, record: Record) -> None:
    """Measure a step beside its roofline, with batches from the data set."""
    file = options.out / "step.json"
    batch = (
        ["--batch-size", BATCH, "--compile"] if options.device == "cuda" else ["--batch-size", "4"]
    )
    command = [sys.executable, str(BENCH), "--model", "onet-aligned", "--device", options.device]
    command += ["--precision", "bf16", "--augment", "photo", "--rounds", "2", *batch]
    command += ["--encoder-lr", "0.2", "--data", str(options.data / "real"), "--json", str(file)]
    record.keep("bench done", record.run(command, BENCH_S))


def keep(options: argparse.Namespace, record: Record, run: Path) -> None:
    """Write the best averaged weights in pieces, the rates, and the validation objects' scores."""
    weights = run / "best.safetensors"
    record.keep("pieces", [piece.name for piece in split(weights, options.out)])
    rows = (run / "metrics.csv").read_text()
    (options.out / "metrics.csv").write_text(rows)
    record.keep("training", summary(list(csv.DictReader(rows.splitlines()))))
    scores = options.out / "val.json"
    command = [*ONET, "evaluate", str(options.data / "real"), "--checkpoint", str(weights)]
    command += ["--split", "val", "--device", options.device, "--output", str(scores)]
    command += ["--workers", str(available_cores())] if options.device == "cuda" else []
    with record.step("scores"):
        record.keep("scored", record.run(command, max(record.left - 3, 5)))
    record.keep("left s", round(record.left, 1))


def summary(rows: list[dict[str, str]]) -> dict[str, float]:
    """Return steps, pictures a second, the share of the time that waits for data, and the IoUs."""
    ious = [float(row["iou"]) for row in rows if row["iou"]]
    rates = [float(row["samples_per_second"]) for row in rows if row["samples_per_second"]]
    waits = [float(row["data_wait"]) for row in rows if row["data_wait"]]
    return {
        "steps": int(rows[-1]["step"]),
        "pictures/s, median": statistics.median(rates),
        "waiting, median": statistics.median(waits),
        "IoU at first": ious[0],
        "IoU at best": max(ious),
    }


if __name__ == "__main__":
    main()
