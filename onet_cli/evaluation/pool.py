"""Tasks scored here or in worker processes, with the same result."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from onet_cli.errors import OnetError
from onet_cli.evaluation.methods import Method
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Outcome, Task, evaluate_task
from onet_cli.models.device import resolve_device
from onet_cli.shapes.store import ShapeStore

SHARING = 4
"""Most worker processes that share a GPU, unless more are asked for: each has a copy of all that a
network needs there, and scoring, which is the CPU's work, keeps about as many busy."""

_evaluate: Callable[[Task], Outcome] | None = None


def usual_workers(device: str) -> int:
    """Return how many processes evaluate a network on `device`: one a core, but few on a GPU.

    Raises:
        InvalidOptionError: there is no such device here.
    """
    cores = os.cpu_count() or 1
    return cores if resolve_device(device).type == "cpu" else min(SHARING, cores)


def evaluate_tasks(
    store: ShapeStore, tasks: Sequence[Task], method: Method, settings: EvaluationSettings
) -> Iterator[Outcome]:
    """Yield the outcome of each of `tasks` as it is done.

    Raises:
        OnetError: the method cannot start, or a worker process died.
    """
    workers = min(settings.workers, len(tasks))
    if workers <= 1:
        with _one_thread():
            predict = method.start()
            yield from (evaluate_task(store, task, predict, settings) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    with (
        _single_threaded(),
        ProcessPoolExecutor(workers, context, _start, (store, method, settings)) as pool,
    ):
        try:
            for future in as_completed([pool.submit(_run, task) for task in tasks]):
                yield future.result()
        except BrokenProcessPool as error:
            raise OnetError(
                "a worker process died, probably for lack of memory",
                hint="run the same command again with fewer --workers: it goes on",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread, as in a worker: sums over more threads round otherwise."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let processes that are started meanwhile use one thread each: they share the cores."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _start(store: ShapeStore, method: Method, settings: EvaluationSettings) -> None:
    global _evaluate
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import torch

    torch.set_num_threads(1)
    predict = method.start()
    _evaluate = lambda task: evaluate_task(store, task, predict, settings)  # noqa: E731


def _run(task: Task) -> Outcome:
    if _evaluate is None:
        raise RuntimeError("the worker was not started by _start")
    return _evaluate(task)
