"""Common frame of the fault programs: options, inputs, a table by command, an exit code."""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.faults.commands import CASES, Case, make_inputs
from tests.faults.process import load_libraries, with_one_thread

ONLY = "parts of the names of commands"

Row = tuple[Sequence[int], Sequence[str]]
"""Numbers of a command's row, and descriptions of failed checks."""


def run_program(
    about: str,
    name: str,
    columns: str,
    counted: tuple[str, int, str],
    try_case: Callable[[Case, Path, int, int], Row],
    cases: Sequence[Case] = CASES,
) -> int:
    """Read the options of the program `name` of this package, and print its table.

    `counted` is its option for how often, with default and help. `try_case` gets a case, the folder
    of the inputs, that number and the seed.
    """
    option, often, help_text = counted
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(f"--{option}", type=int, default=often, help=help_text)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=(), help=ONLY)
    options = vars(parser.parse_args())
    return print_table(
        f"tests.faults.{name}",
        columns,
        lambda case, root: try_case(case, root, options[option], options["seed"]),
        options["only"],
        cases,
    )


def print_table(
    module: str,
    columns: str,
    try_case: Callable[[Case, Path], Row],
    only: Sequence[str] = (),
    cases: Sequence[Case] = CASES,
) -> int:
    """Print a row for each command; return 1 if a check failed.

    `try_case` is called with a case and the folder of the inputs.
    """
    with_one_thread(module)
    load_libraries()
    broken = 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make_inputs(root)
        print(f"| command | {columns} | failed | seconds |")
        print("|---" + "|---:" * (columns.count("|") + 3) + "|", flush=True)
        for case in cases:
            if only and not any(part in case.name for part in only):
                continue
            began = time.monotonic()
            numbers, wrong = try_case(case, root)
            broken += len(wrong)
            cells = [case.name, *numbers, len(wrong), round(time.monotonic() - began)]
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            for text in wrong:
                print(f"  {case.name}: {text}", flush=True)
    return int(broken > 0)
