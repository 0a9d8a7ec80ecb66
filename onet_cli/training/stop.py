"""Ctrl-C and SIGTERM during a run: finish the current step and write `last.ckpt` first."""

import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback

from onet_cli.training.callbacks import KeepLast

Handler = Callable[[int, FrameType | None], Any]


class StopBetweenSteps(Callback):
    """Delays the first signal until the end of a step, and saves the weights.

    A signal within a step would leave some weights updated and others not. A second signal is not
    delayed. A due validation is run first, because a resumed run would not repeat it. The callback
    must be the last in the list, so that the state of the others is part of the checkpoint.

    With several processes, signals are not delayed: they would not all stop after the same step.
    """

    def __init__(self, keep: KeepLast, validate_every: int, note: Callable[[str], None]) -> None:
        self._keep, self._validate_every, self._note = keep, validate_every, note
        self._held: int | None = None
        self._before: dict[int, Handler] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Replace the handlers of both signals, unless ignored."""
        if trainer.world_size > 1 or threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            before = signal.getsignal(number)
            if callable(before):
                self._before[number] = before
                signal.signal(number, self._hold)

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        """Stop after this step if a signal was received."""
        if self._held is not None and trainer.global_step % self._validate_every:
            self._keep.write(trainer)
            self._stop()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop after this validation if a signal was received; `KeepLast` has written the file."""
        if self._held is not None and trainer.state.fn == "fit":
            self._stop()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Restore the handlers."""
        self._restore()
        if self._held is not None:
            self._stop()

    def on_exception(self, *args: Any) -> None:
        """Restore the handlers."""
        self._restore()

    def _hold(self, number: int, frame: FrameType | None) -> None:
        if self._held is not None:
            self._stop()
        self._held = number
        with suppress(RuntimeError):  # the signal came in the middle of another output
            self._note("stopping after this step; repeat to stop at once")

    def _stop(self) -> None:
        """Call the original handler of the delayed signal."""
        assert self._held is not None
        self._restore()
        self._before[self._held](self._held, None)

    def _restore(self) -> None:
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._hold:
                signal.signal(number, handler)
