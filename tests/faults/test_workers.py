"""Worker processes do not outlive a command that is killed."""

import os
import time
from pathlib import Path

import pytest

from tests.faults.commands import CASES, fresh, make_inputs
from tests.faults.process import Command

EVALUATE = next(case for case in CASES if case.name == "evaluate")
EXPORT = next(case for case in CASES if case.name == "export, ONNX")


def processes_in_group(group):
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                found += [int(path.name)] * (os.getpgid(int(path.name)) == group)
            except ProcessLookupError:
                continue
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
@pytest.mark.parametrize(
    ("case", "arguments"),
    [(EVALUATE, ["--workers", "2"]), (EXPORT, [])],
    ids=["evaluate", "export of ONNX"],
)
def test_workers_end_when_their_command_is_killed(tmp_path, monkeypatch, case, arguments):
    """`Command.kill` raises an error for workers that are left a minute later."""
    # Processes of the ONNX export.
    monkeypatch.setattr("onet_cli.exporting.export.available_cores", lambda: 2)
    make_inputs(tmp_path)
    folder = fresh(case, tmp_path / "work")
    command = Command([*case.going_on(folder), *arguments], folder, tmp_path / "log")
    deadline = time.monotonic() + 300
    while len(processes_in_group(command.pid)) < 4:  # with the tracker of resources
        assert not command.poll(), (tmp_path / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)

    ended = command.kill(whole_group=False)

    assert ended.code < 0
