"""Tasks in worker processes of this machine, robust to their death."""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice

from onet_cli.errors import OnetError
from onet_cli.execution.work import Result, Task, Work
from onet_cli.execution.worker import run_task, start_worker

_TASKS_PER_WORKER = 4
_MOST_LOST = 8
"""After this many consecutive tasks that each kill a process, the cause is not the tasks."""


def run_in_pool(
    work: Work[Task, Result], tasks: Iterator[Task], workers: int, after_death: Callable[[], object]
) -> Iterator[Result]:
    """Yield the result of each task, in order of completion.

    If a process dies, the tasks in progress are executed again one at a time, in a single process,
    to identify the one at fault and finish the others. `after_death` is called before that.

    Raises:
        OnetError: processes die on every task.
    """
    numbered = enumerate(tasks)
    while True:
        suspects: dict[int, Task] = {}
        yield from _side_by_side(work, numbered, workers, suspects)
        if not suspects:
            return
        after_death()
        yield from _one_by_one(work, [suspects[number] for number in sorted(suspects)])


def _side_by_side(
    work: Work[Task, Result],
    rest: Iterator[tuple[int, Task]],
    workers: int,
    suspects: dict[int, Task],
) -> Iterator[Result]:
    """Yield results until `rest` is exhausted or a process dies; track pending `suspects`."""
    pending: dict[Future[Result], int] = {}
    with _pool(work, workers) as pool:
        try:
            while True:
                for number, task in islice(rest, workers * _TASKS_PER_WORKER - len(pending)):
                    suspects[number] = task
                    pending[pool.submit(run_task, task)] = number
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    result = future.result()
                    del suspects[pending.pop(future)]
                    yield result
        except BrokenProcessPool:
            return
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one_by_one(work: Work[Task, Result], tasks: list[Task]) -> Iterator[Result]:
    """Yield results, with at most one task in progress."""
    rest, lost = iter(tasks), 0
    while True:
        with _pool(work, 1) as pool:
            for task in rest:
                began = time.monotonic()
                future = pool.submit(run_task, task)
                try:
                    result = future.result()
                except BrokenProcessPool as error:
                    lost += 1
                    if lost == _MOST_LOST:
                        raise OnetError(
                            "worker processes die on every task",
                            hint="run the same command again with --workers 0: it resumes",
                        ) from error
                    yield work.lost(task, time.monotonic() - began)
                    break
                lost = 0
                yield result
            else:
                return


@contextmanager
def _pool(work: Work[Task, Result], workers: int) -> Iterator[ProcessPoolExecutor]:
    # Not fork: the parent may hold open archives, HDF5 state and threads.
    context = multiprocessing.get_context("spawn")
    with (
        _single_threaded(),
        ProcessPoolExecutor(workers, context, start_worker, (work,)) as pool,
    ):
        yield pool


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Within the block, started processes use one thread each, as they share the cores."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
