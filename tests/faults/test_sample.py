"""A sample of what `make faults` does at length."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_mutated_inputs_of_every_reader_give_an_onet_error_or_a_result(tmp_path):
    command = ["-m", "tests.faults.fuzz", "--executions", "3200", "--keep", str(tmp_path / "kept")]

    result = subprocess.run(
        [sys.executable, *command],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert not (tmp_path / "kept").exists()


QUICK = [
    *("preprocess, no workers", "preprocess --pack, no workers", "train", "evaluate --predictions"),
    *("export, mesh", "reconstruct"),
]
SAMPLES = {
    "kills": ["--kills", "1", "--only", *QUICK],
    "disks": ["--points", "1", "--only", "packing", "export, mesh", "reconstruct"],
    "signals": ["--only", "train"],
    "slow": ["--size", "0.01", "--resolution", "64", "--seconds", "600"],
    "pairs": ["--times", "1", "--only", "evaluate --predictions", "reconstruct"],
}


@pytest.mark.slow
@pytest.mark.parametrize("program", SAMPLES)
def test_a_disturbed_command_ends_as_one_that_is_not(program):
    result = subprocess.run(
        [sys.executable, "-m", f"tests.faults.{program}", *SAMPLES[program]],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("\n") > 2, result.stdout
