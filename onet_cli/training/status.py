"""Progress of a training run."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingStatus:
    """Status of a run at one step.

    `spent` is the spent share of the budget, `seconds` the time so far, `loss` the mean
    cross-entropy per point, averaged over recent steps, `rate` the learning rate. `iou` and
    `threshold` are those of a validation at this step, else None; `mesh_iou` is also None if the
    validation made no meshes. `data_wait` is the share of recent time spent waiting for data.
    """

    step: int
    spent: float
    seconds: float
    loss: float
    rate: float
    samples_per_second: float
    iou: float | None = None
    threshold: float | None = None
    mesh_iou: float | None = None
    data_wait: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the budget is spent, or None at the start."""
        return self.seconds * (1 - self.spent) / self.spent if self.spent > 0 else None


@dataclass(frozen=True)
class RunEvents:
    """Callbacks for the events of a run.

    Attributes:
        started: Called after all checks, before the first step.
        listen: Called after each step.
        note: Called with messages, such as settings chosen for the device.
    """

    started: Callable[[], None] = lambda: None
    listen: Callable[[TrainingStatus], None] = lambda status: None
    note: Callable[[str], None] = lambda text: None
