"""What a command says when it is stopped by ctrl-C or SIGTERM: what is kept, and how to go on."""

import signal
from types import FrameType
from typing import Any

import typer

_KEPT = {
    "preprocess": (
        "shapes that were converted are kept, whole",
        "run the same command again: it does the rest",
    ),
    "train": (
        "the run's last checkpoint is kept, whole",
        "add --resume to go on from it; without one, train anew",
    ),
    "evaluate": (
        "with --output, scores so far are kept beside it",
        "run the same command again: it goes on",
    ),
    "reconstruct": (
        "meshes that were written are whole",
        "run the command again with the photos that lack one",
    ),
    "export": ("nothing was written", "run the same command again"),
}


class StopSignals:
    """Makes SIGTERM what ctrl-C is, a KeyboardInterrupt, and remembers which of them came."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def listen(self) -> None:
        """Take over both signals; one that is ignored, as under `nohup`, stays so."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)

    def restore(self) -> None:
        """Give both signals back."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        raise KeyboardInterrupt

    def exit_code(self) -> int:
        """Return what shells expect of a process that a signal ended."""
        return 128 + (self.received or signal.SIGINT)


def say_stopped(command: str) -> None:
    """Say on stderr that `command` was stopped, in two lines."""
    kept, hint = _KEPT.get(command, ("nothing is half-written", "run the same command again"))
    typer.echo(f"\nstopped: {kept}", err=True)
    typer.echo(f"  try: {hint}", err=True)
