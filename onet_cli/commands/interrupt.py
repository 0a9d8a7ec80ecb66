"""Messages for a command stopped by ctrl-C or SIGTERM: what was kept and how to continue."""

import signal
from types import FrameType
from typing import Any

import typer

_KEPT = {
    "preprocess": (
        "converted shapes are kept and complete",
        "run the same command again to convert the rest",
    ),
    "train": (
        "the last checkpoint of the run is kept and complete",
        "add --resume to continue from it; if there is no last.ckpt yet, run the command again",
    ),
    "evaluate": (
        "with --output, the scores so far are kept next to it",
        "run the same command again to continue",
    ),
    "reconstruct": (
        "meshes already written are complete",
        "run the command again with the remaining photos",
    ),
    "export": ("nothing was written", "run the same command again"),
}


class StopSignals:
    """Turns SIGTERM into KeyboardInterrupt, as for ctrl-C, and records which signal arrived."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def listen(self) -> None:
        """Install handlers for both signals; a signal ignored before, as by `nohup`, stays so."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)

    def restore(self) -> None:
        """Restore the previous handlers."""
        for number, handler in self._before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.received = number
        raise KeyboardInterrupt

    def exit_code(self) -> int:
        """Return the exit code of a process ended by a signal, 128 plus its number."""
        return 128 + (self.received or signal.SIGINT)


def say_stopped(command: str) -> None:
    """Print on stderr, in two lines, that `command` was stopped."""
    kept, hint = _KEPT.get(command, ("no file is incomplete", "run the same command again"))
    typer.echo(f"\nstopped: {kept}", err=True)
    typer.echo(f"  try: {hint}", err=True)
