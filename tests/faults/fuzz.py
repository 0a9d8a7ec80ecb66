"""Mutated inputs for every reader: only an OnetError may come out, within bounds.

`python -m tests.faults.fuzz --executions 500000` prints a table; inputs that broke a reader are
kept in `fault-inputs/`, with the seed that made them.
"""

import argparse
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from onet_cli.errors import OnetError
from tests.faults.readers import Reader, all_readers

SECONDS = 10
MEMORY_BYTES = 4 * 2**30
BATCH = 200
"""Executions of one process, which ends with the first that breaks a bound."""

_TOKENS = (
    b"-1 0 inf nan 1e308 1e-320 999999999999 18446744073709551615 null [] {} true \xff".split()
)


@dataclass
class Tally:
    """What became of the executions of one reader."""

    read: int = 0
    refused: int = 0
    broken: list[tuple[int, str]] = field(default_factory=list)


def mutate(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return `whole` with bytes changed, cut, repeated or replaced by telling ones."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 6))):
        place = int(rng.integers(0, max(len(data), 1)))
        length = int(rng.integers(0, 16))
        match int(rng.integers(0, 6)):
            case 0 | 1:
                data[place : place + 1] = bytes([int(rng.integers(0, 256))])
            case 2:
                data[place : place + length] = _TOKENS[int(rng.integers(0, len(_TOKENS)))]
            case 3:
                width = int(rng.choice([2, 4, 8]))
                value = int(rng.choice([0, 1, 2**15, 2**31 - 1, 2**32 - 1, 2**63 - 1]))
                data[place : place + width] = (value % 256**width).to_bytes(width, "little")
            case 4:
                del data[place : place + length]
            case _:
                data[place:place] = data[place : place + length]
    return bytes(data)


def run_batch(reader: Reader, folder: Path, seeds: range, pipe: int) -> None:
    """Run the executions `seeds`, telling of each before and after it on `pipe`."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES + _used(), resource.RLIM_INFINITY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    warnings.simplefilter("ignore")
    path = folder / reader.file
    path.parent.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        rng = np.random.default_rng(seed)
        whole = reader.inputs[int(rng.integers(0, len(reader.inputs)))]
        path.unlink(missing_ok=True)  # HDF5 takes a file at the same place in the disk for the same
        path.write_bytes(mutate(whole, rng))
        signal.alarm(SECONDS)
        try:
            reader.read(path)
            outcome = "read"
        except OnetError:
            outcome = "refused"
        except BaseException as error:
            outcome = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        signal.alarm(0)
        os.write(pipe, f"{outcome}\n".encode(errors="replace"))
    os._exit(0)


def _used() -> int:
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def fuzz(reader: Reader, count: int, first: int, kept: Path) -> Tally:
    """Return what became of `count` executions, with the seeds from `first` on."""
    tally, seed, stop = Tally(), first, first + count
    while seed < stop:
        seeds = range(seed, min(seed + BATCH, stop))
        with tempfile.TemporaryDirectory() as folder:
            outcomes, code = _in_process(reader, Path(folder), seeds)
            for outcome in outcomes:
                _count(tally, seed, outcome)
                seed += 1
            if seed < seeds.stop:  # the process was ended
                _count(tally, seed, "timeout" if code == -signal.SIGALRM else f"signal {-code}")
                seed += 1
            for broken, reason in tally.broken[-1:]:
                if not (kept / f"{reader.name}-{broken}").exists():
                    _keep(reader, broken, reason, kept)
    return tally


def _in_process(reader: Reader, folder: Path, seeds: range) -> tuple[list[str], int]:
    # Forked, so that the readers' libraries are loaded once.
    receive, send = os.pipe()
    process = multiprocessing.get_context("fork").Process(
        target=run_batch, args=(reader, folder, seeds, send)
    )
    process.start()
    os.close(send)
    with os.fdopen(receive, "rb") as file:
        lines = file.read().decode(errors="replace").splitlines()
    process.join()
    return lines, process.exitcode or 0


def _count(tally: Tally, seed: int, outcome: str) -> None:
    if outcome == "read":
        tally.read += 1
    elif outcome == "refused":
        tally.refused += 1
    else:
        tally.broken.append((seed, outcome))


def _keep(reader: Reader, seed: int, reason: str, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    whole = reader.inputs[int(rng.integers(0, len(reader.inputs)))]
    (kept / f"{reader.name}-{seed}").write_bytes(mutate(whole, rng))
    print(f"  {reader.name}, seed {seed}: {reason}", flush=True)


def main() -> int:
    """Print a table of all readers; return 1 where one was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=500_000, help="of all readers together")
    parser.add_argument("--seed", type=int, default=0, help="of the first execution")
    parser.add_argument("--only", help="the name of one reader")
    parser.add_argument("--keep", type=Path, default=Path("fault-inputs"))
    options = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # threads of OpenMP do not live on in forks
        os.environ["OMP_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults.fuzz", *sys.argv[1:]])
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        found = [r for r in all_readers(Path(folder)) if options.only in (None, r.name)]
        print("| reader | executions | read | refused | broken | per second |")
        print("|---|---:|---:|---:|---:|---:|")
        for reader in found:
            count = options.executions // len(found)
            began = time.monotonic()
            tally = fuzz(reader, count, options.seed, options.keep)
            pace = count / (time.monotonic() - began)
            broken += len(tally.broken)
            print(
                f"| {reader.name} | {count} | {tally.read} | {tally.refused} | "
                f"{len(tally.broken)} | {pace:.0f} |",
                flush=True,
            )
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
