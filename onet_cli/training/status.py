"""Where a training run stands."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingStatus:
    """A moment of a run.

    `spent` is the share of the budget that is used up, `seconds` the time so far, `loss` the mean
    cross-entropy of a point, averaged over recent steps, `rate` the learning rate. `iou` and
    `threshold` are the latest validation's, and None between validations; `mesh_iou` is None also
    where that one made no meshes. `data_wait` is the share of the recent steps' time in which the
    network waited for its batch.
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
        """Seconds until the budget is spent, if it goes on like this; None at the very start."""
        return self.seconds * (1 - self.spent) / self.spent if self.spent > 0 else None


@dataclass(frozen=True)
class RunEvents:
    """What is told of a run.

    Attributes:
        started: Called once the run is known to be possible, before its first step.
        listen: Called after each step.
        note: Called with what is chosen for this device.
    """

    started: Callable[[], None] = lambda: None
    listen: Callable[[TrainingStatus], None] = lambda status: None
    note: Callable[[str], None] = lambda text: None
