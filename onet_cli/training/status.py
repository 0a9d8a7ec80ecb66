"""Where a training run stands."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingStatus:
    """A moment of a run.

    `spent` is the share of the budget that is used up, `seconds` the time so far, `loss` the mean
    cross-entropy of a point, averaged over recent steps, `rate` the learning rate. `iou` and
    `threshold` are the latest validation's, and None between validations.
    """

    step: int
    spent: float
    seconds: float
    loss: float
    rate: float
    samples_per_second: float
    iou: float | None = None
    threshold: float | None = None
