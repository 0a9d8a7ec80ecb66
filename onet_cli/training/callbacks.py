"""Callbacks of a run: budget, best and last checkpoint, and progress reports."""

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
"""Steps between broadcasts of the first rank's time; every step before that many."""

_LONGEST_START = 0.9
"""Of the time limit: the most that the first step may take of the schedule."""

SHARE = 0.02
"""Weight of a step in the moving averages of loss and speed."""


def look_interval(device: torch.device) -> int:
    """Return the number of steps between reads of the loss.

    Reading synchronises with a GPU, so there it is read only for rows of the metrics.
    """
    return 1 if device.type == "cpu" else EVERY


class Clock(Callback):
    """Counts steps and seconds of a run, including resumed parts, and ends it with the budget.

    All ranks use the time of the first one: a rank that ended alone, or had another learning rate,
    would block the others or diverge from them. Between broadcasts, time is extrapolated from the
    last two.

    The first step includes what `--compile` takes: the limit holds for it, but the schedule of the
    learning rate covers the time after it only, as warm-up would be over otherwise. With several
    ranks it covers all.
    """

    def __init__(self, budget: Budget, steps_per_epoch: int) -> None:
        self.budget, self.steps_per_epoch = budget, steps_per_epoch
        self.step, self._before, self._started = 0, 0.0, time.monotonic()
        self._first, self._starting = 0, 0.0
        self._agreed: tuple[int, float] | None = None
        self._pace = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of training so far, including those before a resumption."""
        return self._before + time.monotonic() - self._started

    def spent(self) -> float:
        """Return the spent share of the budget."""
        seconds = self.seconds
        if self._agreed is not None:
            step, agreed = self._agreed
            seconds = agreed + (self.step - step) * self._pace
        limit = self.budget.seconds
        if limit is not None:
            starting = min(self._starting, _LONGEST_START * limit)
            seconds = max(seconds - starting, 0.0) * limit / (limit - starting)
        return self.budget.spent(self.step, self.steps_per_epoch, seconds)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start counting, after the state of a resumed run was loaded."""
        self._started = time.monotonic()
        self._first = trainer.global_step
        self._count(trainer)
        trainer.should_stop = self.spent() >= 1

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        """Stop training when the budget is spent."""
        self._count(trainer)
        if self.step == self._first + 1 and trainer.world_size == 1:
            self._starting += time.monotonic() - self._started
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
        """Return the state for resuming."""
        return {"seconds": self.seconds, "starting": self._starting}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from `state_dict`."""
        self._before = float(state_dict["seconds"])
        self._starting = float(state_dict.get("starting", 0.0))


class KeepBest(Callback):
    """Writes `best.safetensors` whenever the validation IoU improves.

    It must precede `AveragedWeights` in the list of callbacks, which swaps the averaged weights out
    when validation ends.
    """

    def __init__(self, path: Path, categories: tuple[str, ...], training: dict[str, Any]) -> None:
        self.path, self.categories, self.training = path, categories, training
        self.best_iou, self.iou, self.threshold = -1.0, -1.0, 0.5
        self.scored_step = -1

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Compute the validation score, and save the network if it is the best so far."""
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
            exposure=pl_module.exposure,
            categories=self.categories,
            step=trainer.global_step,
            scores={"validation_iou_points": self.iou},
            training=self.training,
        )
        save_checkpoint(self.path, pl_module.network, info)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for resuming."""
        return {"best_iou": self.best_iou}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from `state_dict`."""
        self.best_iou = float(state_dict["best_iou"])


class KeepLast(Callback):
    """Writes `last.ckpt` for resuming, after each validation and at the end; keeps its predecessor.

    Files are written atomically, so that at least one of the two is complete even if the run is
    killed. It must follow `AveragedWeights` in the list of callbacks, which restores the weights
    after validation.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written = -1

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the file, including the score of this validation."""
        if trainer.state.fn == "fit":
            self.write(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        """Write the file at the end of the only, endless epoch."""
        # Not at the end of training, when the EMA has already replaced the weights.
        self.write(trainer)

    def write(self, trainer: pl.Trainer) -> None:
        """Write the file between two steps, unless that was done after the same step.

        Raises:
            CheckpointError: the file cannot be written.
        """
        if trainer.global_step == self._written:
            return
        if not trainer.is_global_zero:
            trainer.save_checkpoint(self.path)  # takes part in gathering, writes nothing
        else:
            with whole_file(self.path, CheckpointError) as temporary:
                trainer.save_checkpoint(temporary)
                if self.path.is_file():
                    self.path.replace(previous_checkpoint(self.path))
        self._written = trainer.global_step


def previous_checkpoint(last: Path) -> Path:
    """Return the path of the predecessor of `last`."""
    return last.with_name("previous.ckpt")


class Reporter(Callback):
    """Reports progress to a listener and to metrics.csv, per step and after each validation."""

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
        self._steps = 0
        self._last = self._began = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the timer and the file."""
        if trainer.is_global_zero:
            self._metrics = MetricsFile(self.path, trainer.global_step)
            if self.best.scored_step == 0:
                assert isinstance(pl_module, OccupancyModule)
                self._listen(self._status(trainer, pl_module, self.best.iou, self.best.threshold))
        self._last = time.monotonic()

    def on_train_batch_start(self, *args: Any) -> None:
        """Record the arrival of the batch, to measure the wait for data."""
        self._began = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        *args: Any,
    ) -> None:
        """Report the step; loss and speed are exponential moving averages."""
        assert isinstance(pl_module, OccupancyModule)
        now = time.monotonic()
        first = self._mean is None
        loss = outputs["loss"].detach() / pl_module.config.points
        self._mean = loss.clone() if self._mean is None else self._mean.lerp_(loss, SHARE)
        if first or trainer.global_step % look_interval(loss.device) == 0:
            self._look(trainer)
        self._steps += 1
        share = 1 if self._steps <= 2 else SHARE  # the first one includes compilation
        self._step_seconds += (now - self._last - self._step_seconds) * share
        self._wait_seconds += (self._began - self._last - self._wait_seconds) * share
        self._last = now
        self._tell(self._status(trainer, pl_module))

    def on_validation_start(self, trainer: pl.Trainer, *args: Any) -> None:
        """Check the loss before a network can be saved for its score."""
        self._look(trainer)

    def on_save_checkpoint(self, trainer: pl.Trainer, *args: Any) -> None:
        """Check the loss before the weights are written."""
        self._look(trainer)

    def _look(self, trainer: pl.Trainer) -> None:
        """Read the average loss, which synchronises with a GPU.

        Raises:
            OnetError: the loss is not finite.
        """
        if self._mean is None:
            return
        self.loss = float(self._mean)
        if not math.isfinite(self.loss):
            raise OnetError(
                f"the loss is {self.loss} after step {trainer.global_step}",
                hint="lower --lr, or use --precision 32",
            )

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Report the score; the time of validation is excluded from the steps'."""
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
