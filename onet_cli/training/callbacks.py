"""What happens around the steps of a run: the clock, averaged weights, the best, the report."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, WeightAveraging
from torch import Tensor

from onet_cli.models.checkpoint import CheckpointInfo, save_checkpoint
from onet_cli.training.config import Budget
from onet_cli.training.module import OccupancyModule


@dataclass(frozen=True)
class TrainingStatus:
    """Where a run stands. `iou` is None between validations; `rate` is the learning rate."""

    step: int
    spent: float
    seconds: float
    loss: float
    rate: float
    samples_per_second: float
    iou: float | None = None
    threshold: float | None = None


class Clock(Callback):
    """Counts steps and seconds over all parts of a run, and ends it when the budget is spent."""

    def __init__(self, budget: Budget, steps_per_epoch: int) -> None:
        self.budget, self.steps_per_epoch = budget, steps_per_epoch
        self.step, self._before, self._started = 0, 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before a resumption included."""
        return self._before + time.monotonic() - self._started

    def spent(self) -> float:
        """Return the share of the budget that is used up."""
        return self.budget.spent(self.step, self.steps_per_epoch, self.seconds)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start counting; what went before came with the checkpoint."""
        self._started = time.monotonic()
        self.step = trainer.global_step
        trainer.should_stop = self.spent() >= 1

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        """Ask Lightning to stop once nothing is left."""
        self.step = trainer.global_step
        if self.spent() >= 1:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from `state_dict`."""
        self._before = float(state_dict["seconds"])


def _warmed_average(decay: float) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return an exponential average whose memory grows with the number of updates.

    With a fixed decay the random initial weights would linger for thousands of steps.
    """

    def average(averaged: Tensor, current: Tensor, updates: Tensor | int) -> Tensor:
        if not torch.is_floating_point(averaged):
            return current
        count = int(updates)
        return torch.lerp(current, averaged, min(decay, (1 + count) / (10 + count)))

    return average


class AveragedWeights(WeightAveraging):
    """Exponential moving average of the weights, which validation sees and checkpoints keep."""

    def __init__(self, decay: float) -> None:
        super().__init__(avg_fn=_warmed_average(decay))


class KeepBest(Callback):
    """Writes `best.safetensors` whenever validation IoU rises.

    It has to stand before `AveragedWeights` in the list of callbacks: that one puts the averaged
    weights back into the drawer when validation ends.
    """

    def __init__(self, path: Path, categories: tuple[str, ...], training: dict[str, Any]) -> None:
        self.path, self.categories, self.training = path, categories, training
        self.best_iou, self.iou, self.threshold = -1.0, -1.0, 0.5
        self.scored_step = -1

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Score the validation that has just ended and keep the network if it is the best yet."""
        assert isinstance(pl_module, OccupancyModule)
        self.iou, self.threshold = pl_module.take_validation()
        self.scored_step = trainer.global_step
        pl_module.log_dict({"val_iou": self.iou, "val_threshold": self.threshold})
        if trainer.sanity_checking or self.iou <= self.best_iou or not trainer.is_global_zero:
            return
        self.best_iou = self.iou
        info = CheckpointInfo(
            spec=pl_module.network.spec,
            threshold=round(self.threshold, 4),
            categories=self.categories,
            step=trainer.global_step,
            scores={"validation_iou_points": self.iou},
            training=self.training,
        )
        save_checkpoint(self.path, pl_module.network, info)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        return {"best_iou": self.best_iou}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from `state_dict`."""
        self.best_iou = float(state_dict["best_iou"])


class Reporter(Callback):
    """Tells a listener how the run goes: every step, and with the IoU after each validation."""

    def __init__(
        self,
        clock: Clock,
        best: KeepBest,
        batch_size: int,
        listen: Callable[[TrainingStatus], None],
    ) -> None:
        self.clock, self.best, self.batch_size, self.listen = clock, best, batch_size, listen
        self.loss, self._step_seconds = float("nan"), 0.0
        self._last = time.monotonic()

    def on_train_start(self, *args: Any) -> None:
        """Start the stop-watch."""
        self._last = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        *args: Any,
    ) -> None:
        """Report the step; loss and speed are averaged over the last hundred or so."""
        assert isinstance(pl_module, OccupancyModule)
        now = time.monotonic()
        loss = float(outputs["loss"]) / pl_module.config.points
        first = self._step_seconds == 0
        self._step_seconds += (now - self._last - self._step_seconds) * (1 if first else 0.02)
        self.loss = loss if first else self.loss + (loss - self.loss) * 0.02
        self._last = now
        self.listen(self._status(trainer))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the score; validation's time is not the steps' time."""
        if not trainer.sanity_checking:
            self.listen(self._status(trainer, self.best.iou, self.best.threshold))
        self._last = time.monotonic()

    def _status(
        self, trainer: pl.Trainer, iou: float | None = None, threshold: float | None = None
    ) -> TrainingStatus:
        rate = float(trainer.optimizers[0].param_groups[0]["lr"])
        speed = self.batch_size / self._step_seconds if self._step_seconds else 0.0
        return TrainingStatus(
            trainer.global_step,
            self.clock.spent(),
            self.clock.seconds,
            self.loss,
            rate,
            speed,
            iou,
            threshold,
        )
