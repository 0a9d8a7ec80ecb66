"""Commands killed at random moments, over and over, and run to their end: the outputs are the same.

`python -m tests.faults.kills --kills 20` prints a table by command. Every second kill comes just
before a file operation, drawn from all that the command does; the others come at a moment of the
time in which it writes, drawn evenly, and in half of them only the main process is killed, not its
workers. After one to three kills in a row the command is run to its end, and each file compared
with that of a run that nothing disturbed.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.faults.commands import CASES, Case, contents, differences, fresh, make_inputs
from tests.faults.process import (
    Command,
    Writing,
    count_operations,
    die_at_operation,
    load_libraries,
    watch,
    with_one_thread,
)

MOST_MISSES = 5
"""Times as many runs as kills, after which kills that come too late are given up."""


@dataclass
class Tally:
    """What became of the kills of one command."""

    kills: int = 0
    finished: int = 0
    broken: list[str] = field(default_factory=list)


def try_kills(case: Case, root: Path, count: int, seed: int) -> Tally:
    """Return what became of `count` kills of a command."""
    folder, counter = root / "work", root / "operations"
    rng, tally = np.random.default_rng([seed, *case.name.encode()]), Tally()
    whole = fresh(case, root / "whole")
    command = Command(case.going_on(whole), whole, root / "log", count_operations(whole, counter))
    writing, ended = watch(command, whole), command.wait()
    if ended.code:
        tally.broken.append(f"undisturbed: exit code {ended.code}: {ended.printed[-300:]}")
        return tally
    expected, operations = contents(whole), counter.stat().st_size
    for _ in range(MOST_MISSES * count):
        if tally.kills >= count:
            break
        fresh(case, folder)
        history = []
        for _ in range(min(int(rng.integers(1, 4)), count - tally.kills)):
            landed, moment = _kill(case, folder, root / "log", writing, operations, rng)
            if not landed:
                break
            tally.kills += 1
            history.append(moment)
        ended = Command(case.going_on(folder), folder, root / "log").wait()
        tally.finished += 1
        wrong = differences(contents(folder), expected)
        if ended.code:
            wrong.append(f"exit code {ended.code}: {ended.printed.strip()[-300:]}")
        if wrong:
            tally.broken.append(f"after {', '.join(history)}: {'; '.join(wrong)}")
    return tally


def _kill(
    case: Case,
    folder: Path,
    log: Path,
    writing: Writing,
    operations: int,
    rng: np.random.Generator,
) -> tuple[bool, str]:
    """Return whether the command could be killed before its end, and when that was in words."""
    if operations and rng.random() < 0.5:
        which = int(rng.integers(operations))
        command = Command(case.going_on(folder), folder, log, die_at_operation(folder, which))
        return command.wait().code < 0, f"operation {which}"
    moment, group = rng.uniform(writing.first, writing.last), bool(rng.integers(2))
    command = Command(case.going_on(folder), folder, log)
    while time.monotonic() - command.began < moment and not command.poll():
        time.sleep(0.0005)
    landed = not command.poll() and command.kill(group).code < 0
    return landed, f"{moment:.3f} s ({'group' if group else 'main process'})"


def main() -> int:
    """Print a table of all commands; return 1 where one did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each command")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="a part of the names of the commands to kill")
    options = parser.parse_args()
    with_one_thread("tests.faults.kills")
    load_libraries()
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make_inputs(root)
        print("| command | kills | runs to the end | not as undisturbed | seconds |")
        print("|---|---:|---:|---:|---:|", flush=True)
        for case in CASES:
            if options.only is not None and options.only not in case.name:
                continue
            began = time.monotonic()
            tally = try_kills(case, root, options.kills, options.seed)
            broken += len(tally.broken) + (tally.kills < options.kills)
            print(
                f"| {case.name} | {tally.kills} | {tally.finished} | {len(tally.broken)} | "
                f"{time.monotonic() - began:.0f} |",
                flush=True,
            )
            for line in tally.broken:
                print(f"  {case.name}: {line}", flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
