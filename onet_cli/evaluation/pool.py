"""Evaluation of tasks in one process or many, with identical results."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from onet_cli.cores import available_cores
from onet_cli.evaluation.methods import Method
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Outcome, Task, evaluate_task
from onet_cli.execution.run import map_unordered
from onet_cli.execution.work import LOST, Place
from onet_cli.models.device import resolve_device
from onet_cli.shapes.store import ShapeStore

SHARING = 4
"""Maximum default number of worker processes on a GPU: each holds its own copy of the network
there, and scoring on the CPU limits the throughput beyond."""


def usual_workers(device: str) -> int:
    """Return the default number of processes for `device`: one per core, but few on a GPU.

    Raises:
        InvalidOptionError: there is no such device.
    """
    cores = available_cores()
    return cores if resolve_device(device).type == "cpu" else min(SHARING, cores)


@dataclass(frozen=True)
class EvaluationWork:
    """Predictions and scores by a method, to be executed anywhere."""

    store: ShapeStore
    method: Method
    settings: EvaluationSettings

    def start(self) -> Callable[[Task], Outcome]:
        """Load the method and return the function from a task to its outcome."""
        import torch

        torch.set_num_threads(1)
        predict = self.method.start()
        return lambda task: evaluate_task(self.store, task, predict, self.settings)

    def lost(self, task: Task, seconds: float | None) -> Outcome:
        """Return the outcome of a task that ended its process."""
        return task, None, LOST


def evaluate_tasks(
    store: ShapeStore, tasks: Sequence[Task], method: Method, settings: EvaluationSettings
) -> Iterator[Outcome]:
    """Yield the outcome of each of `tasks`, in order of completion.

    Raises:
        OnetError: the method cannot start, or worker processes die on every task.
    """
    place = Place(min(settings.workers, len(tasks)), settings.cluster)
    with _restored_threads():
        yield from map_unordered(EvaluationWork(store, method, settings), tasks, place)


@contextmanager
def _restored_threads() -> Iterator[None]:
    """Restore the number of torch threads, which is 1 for tasks: rounding of sums depends on it."""
    import torch

    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
