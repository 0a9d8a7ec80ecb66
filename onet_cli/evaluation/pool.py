"""Evaluation of tasks in this process or in worker processes, with identical results."""

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
"""Maximum default number of worker processes on a GPU: each holds its own copy of the network
there, and scoring on the CPU limits the throughput beyond."""

_evaluate: Callable[[Task], Outcome] | None = None


def usual_workers(device: str) -> int:
    """Return the default number of processes for `device`: one per core, but few on a GPU.

    Raises:
        InvalidOptionError: there is no such device.
    """
    cores = os.cpu_count() or 1
    return cores if resolve_device(device).type == "cpu" else min(SHARING, cores)


def evaluate_tasks(
    store: ShapeStore, tasks: Sequence[Task], method: Method, settings: EvaluationSettings
) -> Iterator[Outcome]:
    """Yield the outcome of each of `tasks`, in order of completion.

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
                "a worker process died, probably because it ran out of memory",
                hint="run the same command again with fewer --workers to continue",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Use one torch thread, as in a worker: rounding of sums depends on the number of threads."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
