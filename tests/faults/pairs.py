"""Run the same command twice at once, with the same outputs.

`python -m tests.faults.pairs` prints a table by command. Expected is that both succeed or that
one is refused in one line; the outputs have to be those of a single run.
"""

import time
from pathlib import Path

import numpy as np

from tests.faults.commands import CASES, Case, contents, differences, fresh
from tests.faults.process import Command
from tests.faults.table import Row, run_program

REFUSED = "is being written by another process"
TOGETHER = [case for case in CASES if case.name != "calibration after train"]


def try_pairs(case: Case, root: Path, times: int, seed: int) -> Row:
    """Return the numbers of pairs and of refusals, and failed checks."""
    rng = np.random.default_rng([seed, *case.name.encode()])
    whole = fresh(case, root / "whole")
    alone = Command(case.going_on(whole), whole, root / "log").wait()
    if alone.code:
        return [0, 0], [f"alone: {alone.printed[-300:]}"]
    expected, refused, wrong = contents(whole), 0, []
    for _ in range(times):
        folder, arguments = fresh(case, root / "work"), case.arguments.split()
        delay = rng.uniform(0, alone.seconds) * int(rng.integers(2))
        first = Command(arguments, folder, root / "log")
        time.sleep(delay)
        second = Command(arguments, folder, root / "log2")
        ends = first.wait(), second.wait()
        refusals = [end for end in ends if end.code == 1 and REFUSED in end.printed]
        refused += bool(refusals)
        found = differences(contents(folder), expected)
        for end in ends:
            if end.code and end not in refusals and not _is_over(end.printed):
                found.append(f"exit code {end.code}: {end.printed.strip()[-300:]}")
        if len(refusals) == 2:
            found.append("both were refused")
        wrong += [f"{delay:.3f} s apart: {'; '.join(found)}"] if found else []
    return [times, refused], wrong


def _is_over(printed: str) -> bool:
    """Return whether a second `train` was refused because the first one had ended."""
    return "contains an earlier run" in printed


def main() -> int:
    """Print a table of all commands; return 1 where two did not end as they should."""
    counted = ("times", 4, "pairs of each command")
    return run_program(__doc__ or "", "pairs", "pairs | one refused", counted, try_pairs, TOGETHER)


if __name__ == "__main__":
    raise SystemExit(main())
