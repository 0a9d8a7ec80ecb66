"""Stop commands by SIGINT and SIGTERM, run them again, and compare the outputs.

`python -m tests.faults.signals` prints a table by command. Expected are two lines on what is kept
and how to continue, exit code 130 or 143, and after another run the outputs of an undisturbed one.
Commands are started in new Python processes; both signals go to the process group, as ctrl-C does.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from tests.faults.commands import Case, contents, differences, fresh
from tests.faults.process import Command, folder_state
from tests.faults.table import Row, run_program

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
LONGEST_WAIT_S = 0.5
MOST_TRIES = 5


def try_signals(case: Case, root: Path, times: int, seed: int) -> Row:
    """Return how often a command was stopped by each signal, and failed checks."""
    rng = np.random.default_rng([seed, *case.name.encode()])
    whole, log = fresh(case, root / "whole"), root / "log"
    ended = Command(case.going_on(whole), whole, log).wait()
    if ended.code:
        return [0, 0], [f"undisturbed: {ended.printed[-300:]}"]
    expected, counts, wrong = contents(whole), [], []
    for number in CODES:
        landed = 0
        for attempt in range(MOST_TRIES * times):
            if landed == times:
                break
            folder = fresh(case, root / "work")
            delay = rng.uniform(0, LONGEST_WAIT_S) / 2**attempt
            code, said = _stop(case, folder, number, delay)
            if code == 0:
                continue  # it ended before the signal
            landed += 1
            found = _not_told(code, said, number)
            again = Command(case.going_on(folder), folder, log).wait()
            found += [f"then {text}" for text in differences(contents(folder), expected)]
            found += [f"then exit code {again.code}: {again.printed[-300:]}"] if again.code else []
            wrong += [f"{number.name} after {delay:.3f} s: {'; '.join(found)}"] if found else []
        counts.append(landed)
        wrong += [f"{number.name} came too late"] if landed < times else []
    return counts, wrong


def _stop(case: Case, folder: Path, number: signal.Signals, delay: float) -> tuple[int, str]:
    """Send a signal to a command after its first change of `folder`; return code and output."""
    before = folder_state(folder)
    source = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, "-m", "onet_cli", *case.going_on(folder)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": source},
        start_new_session=True,
        preexec_fn=_listen,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        while process.poll() is None and folder_state(folder) == before:
            time.sleep(0.002)
        time.sleep(delay)
        if process.poll() is None:
            os.killpg(process.pid, number)
        said, _ = process.communicate()
    return process.returncode, said


def _listen() -> None:
    """Reset handlers: background processes of a shell ignore SIGINT."""
    for number in CODES:
        signal.signal(number, signal.SIG_DFL)


def _not_told(code: int, said: str, number: signal.Signals) -> list[str]:
    wrong = [] if code == CODES[number] else [f"exit code {code}"]
    lines = [line for line in said.splitlines() if line]
    starts = [line.partition(":")[0] for line in lines if not line.startswith("stopping after")]
    if starts != ["stopped", "  try"]:
        wrong.append(f"said {said[-400:]!r}")
    return wrong


def main() -> int:
    """Print a table of all commands; return 1 where one did not end as it should."""
    counted = ("times", 1, "of each signal and command")
    return run_program(__doc__ or "", "signals", "SIGINT | SIGTERM", counted, try_signals)


if __name__ == "__main__":
    raise SystemExit(main())
