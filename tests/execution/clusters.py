"""A Dask scheduler and workers on loopback, as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onet_cli import preprocess

ROOT = Path(__file__).parents[2]


@contextmanager
def cluster(folder, workers=2):
    """Yield the address of a scheduler with `workers` worker processes."""
    note = folder / "scheduler.json"
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {
        "PYTHONPATH": path,
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    }
    place = [
        "--scheduler-file",
        str(note),
        "--dashboard-address",
        "127.0.0.1:0",
        "--host",
        "127.0.0.1",
    ]
    threads = ["--nthreads", "1", "--local-directory", str(folder)]
    commands = [["scheduler", *place, "--port", "0"], *[["worker", *place, *threads]] * workers]
    processes = []
    try:
        for command in commands:
            with (folder / "log.txt").open("ab") as log:
                processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "dask", *command],
                        env=environment,
                        stdout=log,
                        stderr=log,
                        cwd=folder,
                    )
                )
            wait_until(note.is_file)
        yield json.loads(note.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:  # it waits for the scheduler, which has ended
                process.kill()
                process.wait()


@dataclass
class Killed:
    """A worker that was killed: its process, and the tasks that it had then."""

    pid: int = 0
    tasks: int = 0


@contextmanager
def killing_one(address, begun):
    """Kill a worker of the cluster at `address` in the middle of its work, once `begun()` is true.

    Yields a `Killed`, which is filled in when the block ends; by then there is another worker. The
    tasks are those that it had left when it stood still, and so had not finished.
    """
    from distributed import Client

    killed = Killed()
    with Client(address) as client:
        client.wait_for_workers(2, timeout=300)
        pids = client.run(os.getpid)

        def kill():
            wait_until(begun)
            tasks = client.processing()
            worker = max(tasks, key=lambda one: len(tasks[one]))
            os.kill(pids[worker], signal.SIGSTOP)
            time.sleep(0.2)  # until the scheduler has what the worker had sent
            killed.tasks = len(client.processing()[worker])
            killed.pid = pids[worker]
            os.kill(killed.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        yield killed
        killer.join()
        wait_until(lambda: len(client.run(os.getpid)) == len(pids))
        assert killed.pid not in client.run(os.getpid).values()


def wait_until(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def contents(folder):
    """Return the bytes of all files below `folder`, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def converted(out, **options):
    """Return the files of a small data set that is made in `out`, its report without times."""
    preprocess("procedural", out, count=24, views=1, points=512, resolution=32, **options)
    report = json.loads((out / "preprocess.json").read_text())
    assert report.pop("seconds") > 0
    return contents(out) | {"preprocess.json": report}


def differing(found, expected):
    """Return the names of files that are not the same, or in one of the two only."""
    return [name for name in found | expected if found.get(name) != expected.get(name)]


def in_threads(workers, threads):
    """Return a scheduler with workers that are threads of this process."""
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=threads,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address=None,
    )
