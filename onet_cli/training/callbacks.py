"""What happens around the steps of a run: the clock, the best, the last, the report."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from onet_cli.errors import CheckpointError, OnetError
from onet_cli.files import whole_file
from onet_cli.models.checkpoint import CheckpointInfo, save_checkpoint
from onet_cli.training.config import Budget
from onet_cli.training.metrics_file import EVERY, MetricsFile
from onet_cli.training.module import OccupancyModule
from onet_cli.training.status import TrainingStatus

AGREE_EVERY = 25
"""Steps between two looks at the first rank's watch; before that many, each step has one."""

SHARE = 0.02
"""What a step counts in the average of loss and speed."""


def look_interval(device: torch.device) -> int:
    """Return the steps between two looks at the loss.

    A GPU has to finish all its work for each, so it is looked at when a row of metrics is written.
    """
    return 1 if device.type == "cpu" else EVERY


class Clock(Callback):
    """Counts steps and seconds over all parts of a run, and ends it when the budget is spent.

    With several ranks all of them go by the first one's watch: a rank that ended alone, or had
    another learning rate, would leave the others waiting or drift away from them. Between two looks
    at it, all go by the pace between the last two.
    """

    def __init__(self, budget: Budget, steps_per_epoch: int) -> None:
        self.budget, self.steps_per_epoch = budget, steps_per_epoch
        self.step, self._before, self._started = 0, 0.0, time.monotonic()
        self._first = 0
        self._agreed: tuple[int, float] | None = None
        self._pace = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of training so far, those before a resumption included."""
        return self._before + time.monotonic() - self._started

    def spent(self) -> float:
        """Return the share of the budget that is used up."""
        seconds = self.seconds
        if self._agreed is not None:
            step, agreed = self._agreed
            seconds = agreed + (self.step - step) * self._pace
        return self.budget.spent(self.step, self.steps_per_epoch, seconds)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start counting; what went before came with the checkpoint."""
        self._started = time.monotonic()
        self._first = trainer.global_step
        self._count(trainer)
        trainer.should_stop = self.spent() >= 1

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        """Ask Lightning to stop once nothing is left."""
        self._count(trainer)
        if self.spent() >= 1:
            trainer.should_stop = True

    def _count(self, trainer: pl.Trainer) -> None:
        self.step = trainer.global_step
        due = self.step - self._first < AGREE_EVERY or self.step % AGREE_EVERY == 0
        if trainer.world_size > 1 and self.budget.seconds is not None and due:
            seconds = float(trainer.strategy.broadcast(self.seconds))
            if self._agreed is not None and self.step > self._agreed[0]:
                self._pace = (seconds - self._agreed[1]) / (self.step - self._agreed[0])
            self._agreed = self.step, seconds

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed run has to know."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from `state_dict`."""
        self._before = float(state_dict["seconds"])


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


class KeepLast(Callback):
    """Writes `last.ckpt` after each validation and at the end, for resuming; keeps the one before.

    A file is written whole or not at all: whenever the run is killed, one of the two is whole. It
    has to stand after `AveragedWeights` in the list, which puts the weights back after validation.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the file, the score that the weights have just got in it."""
        if trainer.state.fn == "fit":
            self.write(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        """Write the file: the one endless epoch has been stopped."""
        # Not at the end of training, when the average has already replaced the weights.
        self.write(trainer)

    def write(self, trainer: pl.Trainer) -> None:
        """Write the file, between two steps.

        Raises:
            CheckpointError: it cannot be written.
        """
        if not trainer.is_global_zero:
            trainer.save_checkpoint(self.path)  # gathers with the others, writes nothing
            return
        with whole_file(self.path, CheckpointError) as temporary:
            trainer.save_checkpoint(temporary)
            if self.path.is_file():
                self.path.replace(previous_checkpoint(self.path))


def previous_checkpoint(last: Path) -> Path:
    """Return where the checkpoint before `last` is kept."""
    return last.with_name("previous.ckpt")


class Reporter(Callback):
    """Tells a listener and metrics.csv how the run goes: every step, and after each validation."""

    def __init__(
        self,
        clock: Clock,
        best: KeepBest,
        path: Path,
        listen: Callable[[TrainingStatus], None],
        mesh_iou: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.clock, self.best, self.path, self._listen = clock, best, path, listen
        self._mesh_iou = mesh_iou
        self._metrics: MetricsFile | None = None
        self.loss, self._step_seconds, self._wait_seconds = float("nan"), 0.0, 0.0
        self._mean: Tensor | None = None
        self._last = self._began = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the stop-watch and the file."""
        if trainer.is_global_zero:
            self._metrics = MetricsFile(self.path, trainer.global_step)
            if self.best.scored_step == 0:
                assert isinstance(pl_module, OccupancyModule)
                self._listen(self._status(trainer, pl_module, self.best.iou, self.best.threshold))
        self._last = time.monotonic()

    def on_train_batch_start(self, *args: Any) -> None:
        """Note when the batch came: what has passed since the last step was waiting for it."""
        self._began = time.monotonic()

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
        first = self._mean is None
        loss = outputs["loss"].detach() / pl_module.config.points
        self._mean = loss.clone() if self._mean is None else self._mean.lerp_(loss, SHARE)
        if first or trainer.global_step % look_interval(loss.device) == 0:
            self._look(trainer)
        share = 1 if first else SHARE
        self._step_seconds += (now - self._last - self._step_seconds) * share
        self._wait_seconds += (self._began - self._last - self._wait_seconds) * share
        self._last = now
        self._tell(self._status(trainer, pl_module))

    def on_validation_start(self, trainer: pl.Trainer, *args: Any) -> None:
        """Look at the loss before a network can be kept for its score."""
        self._look(trainer)

    def on_save_checkpoint(self, trainer: pl.Trainer, *args: Any) -> None:
        """Look at the loss before the weights are written."""
        self._look(trainer)

    def _look(self, trainer: pl.Trainer) -> None:
        """Read the loss of the last steps, for which a GPU finishes its work.

        Raises:
            OnetError: it is not finite.
        """
        if self._mean is None:
            return
        self.loss = float(self._mean)
        if not math.isfinite(self.loss):
            raise OnetError(
                f"the loss is {self.loss} after step {trainer.global_step}",
                hint="lower --lr, or compute with --precision 32",
            )

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the score; validation's time is not the steps' time."""
        assert isinstance(pl_module, OccupancyModule)
        if not trainer.optimizers:  # before the first step: `on_train_start` reports
            return
        score = self.best.iou, self.best.threshold, self._mesh_iou()
        self._tell(self._status(trainer, pl_module, *score))
        self._last = time.monotonic()

    def _tell(self, status: TrainingStatus) -> None:
        if self._metrics is not None:  # on the first rank only
            self._metrics.add(status)
            self._listen(status)

    def _status(
        self,
        trainer: pl.Trainer,
        module: OccupancyModule,
        iou: float | None = None,
        threshold: float | None = None,
        mesh_iou: float | None = None,
    ) -> TrainingStatus:
        rate = float(trainer.optimizers[0].param_groups[0]["lr"])
        batch = module.config.batch_size * trainer.world_size
        speed = batch / self._step_seconds if self._step_seconds else 0.0
        wait = self._wait_seconds / self._step_seconds if self._step_seconds else 0.0
        return TrainingStatus(
            trainer.global_step,
            self.clock.spent(),
            self.clock.seconds,
            self.loss,
            rate,
            speed,
            iou,
            threshold,
            mesh_iou,
            wait,
        )
