"""A Dask scheduler and workers on loopback, as processes of their own."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

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
            process.wait()


def wait_until(condition, seconds=60):
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
