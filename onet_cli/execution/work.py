"""What is executed, and where. Importing this loads no dependency."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, Protocol, TypeVar

from onet_cli.options import RARE
from onet_cli.setting import Setting

Task = TypeVar("Task")
Result = TypeVar("Result")
TaskOf = TypeVar("TaskOf", contravariant=True)
ResultOf = TypeVar("ResultOf", covariant=True)

LOST = "its worker process was killed, probably because it ran out of memory"
"""The reason for tasks that end their processes."""

Cluster = Annotated[
    str | None,
    Setting(
        "Dask scheduler (tcp://HOST:PORT), or local.",
        RARE,
        metavar="ADDRESS",
        complete=lambda: ("local", "tcp://"),
    ),
]


class Work(Protocol[TaskOf, ResultOf]):
    """A computation on independent tasks; it is pickled for worker processes."""

    def start(self) -> Callable[[TaskOf], ResultOf]:
        """Return the function from a task to its result; called once in every process.

        Exceptions of the function end the run, so failures of a task belong into its result.
        """

    def lost(self, task: TaskOf, seconds: float | None) -> ResultOf:
        """Return the result of a task whose process died while it ran no other task.

        `seconds` is how long that process worked on it, None if unknown.
        """


@dataclass(frozen=True)
class Place:
    """Where tasks are executed.

    `workers` is the number of processes (0 or 1: this process only). `cluster` is the address of a
    Dask scheduler, or "local" for one with `workers` processes on this machine.
    """

    workers: int = 0
    cluster: str | None = None


@dataclass(frozen=True)
class Chunk(Generic[Task]):
    """Tasks that are sent together, with the number by which their sender knows each."""

    tasks: tuple[tuple[int, Task], ...]
