import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from onet_cli.errors import OnetError, SourceError
from onet_cli.execution import pool as pool_module
from onet_cli.execution.work import LOST, Place
from onet_cli.preprocessing.workers import OVERSIZE, OVERTIME, Converter, convert_all
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import DatasetInfo, ShapeStore
from tests.shapes.test_store import make_shape


class Deadly:
    """Shapes of which those called `kill...` end the process that reads them."""

    name, licence, attribution = "deadly", "", ""

    def part(self, shape_id):
        return self

    def read(self, shape_id):
        if shape_id.name.startswith("kill"):
            os._exit(9)
        if shape_id.name == "hang":
            while True:  # as a library that never returns
                signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        if shape_id.name == "bad":
            raise SourceError("just bad")
        if shape_id.name == "memory":
            raise MemoryError
        if shape_id.name == "large":
            np.ones(2 * 10**8)
        return make_shape(200, shape_id=shape_id)


def convert(names, tmp_path, workers=2, timeout_s=0.0, memory_gb=0.0):
    store = ShapeStore.create(tmp_path / "out", DatasetInfo("deadly"))
    ids = [ShapeId("c", name) for name in names]
    outcomes = list(
        convert_all(Deadly(), Converter(store, 0, timeout_s, memory_gb), ids, Place(workers))
    )
    assert sorted(i.name for i, _ in outcomes) == sorted(names)
    return {shape_id.name: reason for shape_id, reason in outcomes}, store


def test_the_shape_that_kills_its_process_is_named_and_the_others_are_stored(tmp_path):
    good = [f"s{i}" for i in range(9)]

    reasons, store = convert(["bad", *good[:3], "kill", *good[3:]], tmp_path)

    assert reasons == dict.fromkeys(good) | {"bad": "just bad", "kill": LOST}
    assert [i.name for i in store.ids()] == sorted(good)
    assert not list(store.root.rglob("*.tmp"))


def test_processes_that_die_whatever_the_shape_end_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(pool_module, "_MOST_LOST", 2)

    with pytest.raises(OnetError, match="on every task") as caught:
        convert([f"kill{i}" for i in range(4)], tmp_path)
    assert "--workers 0" in caught.value.hint


def test_a_lack_of_memory_in_one_shape_is_its_own(tmp_path):
    reasons, _ = convert(["memory", "s"], tmp_path, workers=0)

    assert reasons == {"memory": "out of memory", "s": None}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
@pytest.mark.parametrize("workers", [0, 2])
def test_a_shape_that_takes_too_much_memory_is_skipped_and_the_others_are_stored(tmp_path, workers):
    reasons, _ = convert(["a", "large", "z"], tmp_path, workers, memory_gb=0.5)

    assert reasons == {"a": None, "large": OVERSIZE.format(0.5), "z": None}
    assert np.ones(2 * 10**8).nbytes == 1.6e9  # the limit is gone with the shape


class Announcing(Deadly):
    """Shapes that take long; each process leaves its number in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def read(self, shape_id):
        (self.folder / f"{os.getpid()}.pid").touch()
        time.sleep(60)


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.preprocessing.test_workers import *
folder = Path(sys.argv[1])
store = ShapeStore.create(folder, DatasetInfo("slow"))
ids = [ShapeId("c", str(i)) for i in range(4)]
list(convert_all(Announcing(folder), Converter(store, 0), ids, Place(2)))
"""


def runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_workers_end_when_their_parent_is_killed(tmp_path):
    root = Path(__file__).parents[2]
    run = subprocess.Popen([sys.executable, "-c", PROGRAM, str(tmp_path), str(root)])
    try:
        wait_until(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
    finally:
        run.kill()
        run.wait()

    for path in tmp_path.glob("*.pid"):
        wait_until(lambda pid=int(path.stem): not runs(pid), 20)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_shape_that_never_ends_is_skipped_and_the_others_are_stored(tmp_path, workers):
    reasons, store = convert(["a", "hang", "z"], tmp_path, workers, timeout_s=2.0)

    assert reasons == {"a": None, "z": None, "hang": OVERTIME.format(2)}
    assert [i.name for i in store.ids()] == ["a", "z"]


def test_a_shape_alone_that_never_ends_is_skipped_too(tmp_path):
    assert convert(["hang"], tmp_path, timeout_s=2.0)[0] == {"hang": OVERTIME.format(2)}
