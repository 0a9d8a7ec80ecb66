"""Mutated inputs for every reader: only an OnetError may come out, within bounds.

`python -m tests.faults.fuzz --executions 500000` prints a table; inputs that broke a reader are
kept in `fault-inputs/`, with the seed that made them.
"""

import argparse
import os
import resource
import selectors
import signal
import sys
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from onet_cli.errors import OnetError
from tests.faults.readers import Reader, all_readers

SECONDS = 10
MEMORY_BYTES = 4 * 2**30
BATCH = 5000
"""Executions of one process, which ends early with one that breaks a bound."""

_MOST_TOLD = 20  # of what breaks one reader


@dataclass
class Tally:
    """What became of the executions of one reader; seconds of the slowest, bytes of the largest.

    The largest is that of a process, in which Python and the libraries take some 0.5 GiB.
    """

    read: int = 0
    refused: int = 0
    broken: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0
    largest: int = 0
    seconds: float = 0.0

    @property
    def count(self) -> int:
        """Executions so far."""
        return self.read + self.refused + len(self.broken)

    def add(self, seed: int, outcome: str, seconds: float, largest: int) -> None:
        """Count one execution."""
        self.seconds += seconds
        self.slowest, self.largest = max(self.slowest, seconds), max(self.largest, largest)
        if outcome == "read":
            self.read += 1
        elif outcome == "refused":
            self.refused += 1
        else:
            self.broken.append((seed, outcome))


def run_batch(reader: Reader, folder: Path, seeds: range, pipe: int) -> None:
    """Run the executions `seeds`, telling of each on `pipe`, and end this process."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES + used, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # also where a library never returns
    warnings.simplefilter("ignore")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # libraries tell of damage there
    path = folder / reader.file
    path.parent.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        data = reader.input(seed)
        path.unlink(missing_ok=True)  # HDF5 takes a file at the same place in the disk for the same
        path.write_bytes(data)
        began = time.monotonic()
        signal.alarm(SECONDS)
        outcome = _outcome(reader.read, path)
        signal.alarm(0)
        seconds = time.monotonic() - began
        largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        os.write(pipe, f"{outcome}\t{seconds}\t{largest}\n".encode(errors="replace"))
    os._exit(0)


def _outcome(read: Callable[[Path], object], path: Path) -> str:
    try:
        read(path)
    except OnetError as error:
        # Refused only because this process may not have more is not refused elsewhere.
        return "memory" if _for_memory(error) else "refused"
    except BaseException as error:
        return f"{type(error).__name__}: {error}".splitlines()[0][:200].replace("\t", " ")
    return "read"


def _for_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__
    return False


@dataclass
class _Worker:
    reader: Reader
    seeds: range
    process: int
    pipe: int
    folder: tempfile.TemporaryDirectory[str]
    text: bytes = b""


def fuzz(
    readers: list[Reader], counts: dict[str, int], first: int, workers: int, kept: Path
) -> dict[str, Tally]:
    """Return what became of `counts` executions of each reader, with the seeds from `first` on."""
    tallies = {reader.name: Tally() for reader in readers}
    left = {reader.name: 0 for reader in readers}
    jobs: deque[tuple[Reader, range]] = deque()
    for reader in readers:
        stop = first + counts[reader.name]
        starts = range(first, stop, BATCH)
        jobs.extend((reader, range(start, min(start + BATCH, stop))) for start in starts)
        left[reader.name] = len(starts)
    selector = selectors.DefaultSelector()
    while jobs or selector.get_map():
        while jobs and len(selector.get_map()) < workers:
            worker = _start(*jobs.popleft())
            selector.register(worker.pipe, selectors.EVENT_READ, worker)
        for key, _ in selector.select():
            worker = key.data
            data = os.read(worker.pipe, 2**16)
            rest = _take(worker, data, tallies[worker.reader.name], kept)
            if rest is None:
                continue
            selector.unregister(worker.pipe)
            os.close(worker.pipe)
            worker.folder.cleanup()
            if rest:
                jobs.appendleft((worker.reader, rest))
                continue
            left[worker.reader.name] -= 1
            if left[worker.reader.name] == 0:
                print(_row(worker.reader.name, tallies[worker.reader.name]), flush=True)
    return tallies


def _start(reader: Reader, seeds: range) -> _Worker:
    """Start a process on `seeds`, forked, so that the readers' libraries are loaded once."""
    folder = tempfile.TemporaryDirectory()
    receive, send = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(receive)
        try:
            run_batch(reader, Path(folder.name), seeds, send)
        finally:
            os._exit(1)
    os.close(send)
    return _Worker(reader, seeds, process, receive, folder)


def _take(worker: _Worker, data: bytes, tally: Tally, kept: Path) -> range | None:
    """Count what a process tells; return the seeds that are left where it has ended, else None."""
    *lines, worker.text = (worker.text + data).split(b"\n")
    for line in lines:
        outcome, seconds, largest = line.decode(errors="replace").split("\t")
        seed, worker.seeds = worker.seeds[0], worker.seeds[1:]
        _add(worker.reader, tally, (seed, outcome, float(seconds), int(largest)), kept)
    if data:
        return None
    _, status = os.waitpid(worker.process, 0)
    code = os.waitstatus_to_exitcode(status)
    if worker.seeds and code != 0:
        late = code == -signal.SIGALRM
        outcome = "timeout" if late else f"ended with {code}"
        seed, worker.seeds = worker.seeds[0], worker.seeds[1:]
        _add(worker.reader, tally, (seed, outcome, SECONDS * late, 0), kept)
    return worker.seeds


def _add(reader: Reader, tally: Tally, told: tuple[int, str, float, int], kept: Path) -> None:
    before = len(tally.broken)
    tally.add(*told)
    if len(tally.broken) > before and before < _MOST_TOLD:
        kept.mkdir(parents=True, exist_ok=True)
        name = "".join(letter if letter.isalnum() else "-" for letter in reader.name)
        (kept / f"{name}-{told[0]}").write_bytes(reader.input(told[0]))
        print(f"  {reader.name}, seed {told[0]}: {told[1]}", file=sys.stderr, flush=True)


def _row(name: str, tally: Tally) -> str:
    pace = tally.count / max(tally.seconds, 1e-9)
    return (
        f"| {name} | {tally.count:,} | {tally.read:,} | {tally.refused:,} | {len(tally.broken)} | "
        f"{tally.slowest:.2f} | {tally.largest / 2**20:.0f} | {pace:.0f} |"
    )


def main() -> int:
    """Print a table of all readers; return 1 where one was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=500_000, help="of all readers together")
    parser.add_argument("--seed", type=int, default=0, help="of the first execution")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--only", nargs="+", help="names of readers")
    parser.add_argument("--keep", type=Path, default=Path("fault-inputs"))
    options = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # threads of OpenMP do not live on in forks
        os.environ["OMP_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults.fuzz", *sys.argv[1:]])
    with tempfile.TemporaryDirectory() as folder:
        found = [r for r in all_readers(Path(folder)) if r.name in (options.only or [r.name])]
        shares = sum(reader.share for reader in found)
        counts = {r.name: max(1, round(options.executions * r.share / shares)) for r in found}
        print(
            "| reader | executions | read | refused | broke | slowest (s) | memory (MiB) | per s |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|---:|", flush=True)
        tallies = fuzz(found, counts, options.seed, options.workers, options.keep)
    whole = Tally()
    for tally in tallies.values():
        whole.read, whole.refused = whole.read + tally.read, whole.refused + tally.refused
        whole.broken += tally.broken
        whole.slowest, whole.largest = (
            max(whole.slowest, tally.slowest),
            max(whole.largest, tally.largest),
        )
        whole.seconds += tally.seconds
    print(_row("all", whole))
    return int(len(whole.broken) > 0)


if __name__ == "__main__":
    raise SystemExit(main())
