"""Kill commands at random moments, run them to their end, and compare the outputs.

`python -m tests.faults.kills --kills 20` prints a table by command. About
half of the kills come just before a random file operation of the main process. The others come at a
random moment of the time in which the command writes; half of these kill only the main process, not
its workers. After one to three kills in a row the command is run to its end, and each file is
compared with that of an undisturbed run.
"""

import time
from pathlib import Path

import numpy as np

from tests.faults.commands import Case, contents, differences, fresh
from tests.faults.process import Command, Writing, count_operations, die_at_operation, watch
from tests.faults.table import Row, run_program

MOST_RUNS = 5
"""Maximum number of runs to the end per requested kill; some kills come too late."""


def try_kills(case: Case, root: Path, count: int, seed: int) -> Row:
    """Return the numbers of kills and of runs to the end, and all differences found."""
    rng, folder = np.random.default_rng([seed, *case.name.encode()]), root / "work"
    whole, counter = fresh(case, root / "whole"), root / "operations"
    counting = count_operations(whole, counter)
    command = Command(case.going_on(whole), whole, root / "log", counting)
    writing, ended = watch(command, whole), command.wait()
    if ended.code:
        return [0, 0], [f"undisturbed: exit code {ended.code}: {ended.printed[-300:]}"]
    expected, operations = contents(whole), counter.stat().st_size
    kills, finished, broken = 0, 0, []
    while kills < count and finished < MOST_RUNS * count:
        fresh(case, folder)
        history = []
        for _ in range(min(int(rng.integers(1, 4)), count - kills)):
            landed, moment = _kill(case, folder, root / "log", writing, operations, rng)
            if not landed:
                break
            history.append(moment)
        ended = Command(case.going_on(folder), folder, root / "log").wait()
        kills, finished = kills + len(history), finished + 1
        wrong = differences(contents(folder), expected)
        if ended.code:
            wrong.append(f"exit code {ended.code}: {ended.printed.strip()[-300:]}")
        if wrong:
            broken.append(f"after {', '.join(history)}: {'; '.join(wrong)}")
    if kills < count:
        broken.append("the other kills came too late")
    return [kills, finished], broken


def _kill(
    case: Case,
    folder: Path,
    log: Path,
    writing: Writing,
    operations: int,
    rng: np.random.Generator,
) -> tuple[bool, str]:
    """Kill a command; return whether it was still running, and a description of the moment."""
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
    counted = ("kills", 20, "of each command")
    return run_program(__doc__ or "", "kills", "kills | runs to the end", counted, try_kills)


if __name__ == "__main__":
    raise SystemExit(main())
