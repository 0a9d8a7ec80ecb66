"""Output of commands: tables on stdout, progress bars and notes on stderr."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from onet_cli.errors import printable

if TYPE_CHECKING:
    from pathlib import Path

    from onet_cli.models.spec import ModelSpec
    from onet_cli.training.dry_run import DryRun
    from onet_cli.training.status import TrainingStatus

MOST_COLUMNS = 79
"""Maximum length of a status line: one longer than the terminal could not be erased."""

LOADING = "loading torch ..."
"""Status while libraries are imported, which takes seconds where they are not in memory."""

ProgressCallback = Callable[[int, int], None]
"""Called with the number of finished items and the total number of items."""


def say(text: object, err: bool = False) -> None:
    """Print one line on stdout or stderr; control characters and line breaks are escaped."""
    typer.echo(printable(str(text)), err=err)


def say_unless(quiet: bool) -> Callable[[str], None]:
    """Return a function that prints a note on stderr, or does nothing if `quiet`."""

    def note(text: str) -> None:
        if not quiet:
            from onet_cli.commands.consoles import notes

            notes.print(text, soft_wrap=True)

    return note


@contextmanager
def status_line(text: str, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """Show `text` as the last line of a terminal on stderr while the block runs.

    Yields a function that erases it before; without rich, which takes as long to import as a
    photo.
    """
    shown = "" if quiet or not sys.stderr.isatty() else printable(text)[:MOST_COLUMNS]

    def erase() -> None:
        nonlocal shown
        if shown:
            print(f"\r{' ' * len(shown)}\r", end="", file=sys.stderr, flush=True)
            shown = ""

    if shown:
        print(shown, end="", file=sys.stderr, flush=True)
    try:
        yield erase
    finally:
        erase()


@contextmanager
def progress_bar(title: str, quiet: bool = False, rate: bool = False) -> Iterator[ProgressCallback]:
    """Yield a callback that updates a progress bar on stderr, drawn on a terminal only.

    It shows the time spent and the time left, and with `rate` the items per minute.
    """
    if quiet:
        yield lambda done, total: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    from onet_cli.commands.consoles import RateColumn, bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        *([RateColumn()] if rate else []),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with bar(*columns, quiet=False) as progress:
        task = progress.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield advance


def show_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on stdout; the first column is left-aligned, the others right-aligned."""
    from rich.table import Table

    from onet_cli.commands.consoles import output

    table = Table(title=printable(title) or None, title_justify="left", header_style="bold")
    for index, name in enumerate(header):
        table.add_column(name, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(printable, row))
    output.print(table)


def show_failures(failures: Sequence[tuple[str, str]], what: str) -> None:
    """List the failed inputs on stderr, with reasons."""
    if not failures:
        return
    from onet_cli.commands.consoles import notes

    notes.print(f"{len(failures)} {what}:", style="bold")
    for name, reason in failures:
        notes.print(printable(f"  {name}: {reason}"), soft_wrap=True)


def show_dry_run(spec: "ModelSpec", facts: "DryRun", picture: "Path") -> None:
    """Print the result of `onet train --dry-run` on stdout."""
    from onet_cli.commands.consoles import output

    minutes, megabyte = facts.seconds / 60, 2**20
    precision = "" if facts.precision == "32" else f", --precision {facts.precision}"
    lines = (
        ("model", f"{spec.name}: {spec.encoder} + {spec.decoder}, {spec.image_size} pixels"),
        ("shapes", f"{facts.training_shapes} training, {facts.validation_shapes} validation"),
        ("compute", f"{facts.flops / 1e9:.1f} GFLOP per step, forward and backward"),
        ("memory", f"{facts.weight_bytes / megabyte:.0f} MiB of weights, gradients and averages"),
        ("", f"{facts.activation_bytes / megabyte:.0f} MiB of activations for the backward pass"),
        *([("", f"{facts.cache_bytes / megabyte:.0f} MiB of cache")] if facts.cache_bytes else []),
        ("step", f"{facts.seconds_per_step:.3f} s, {facts.gflops:.0f} GFLOP/s{precision}"),
        ("loading", f"{facts.load_seconds_per_step:.3f} s per step with one process"),
        ("budget", f"about {facts.steps} steps in {minutes:.1f} minutes, without validation"),
        ("batch", str(picture)),
    )
    for name, text in lines:
        output.print(f"{name:12}{text}", soft_wrap=True)


@contextmanager
def training_report(quiet: bool = False) -> Iterator[Callable[["TrainingStatus"], None]]:
    """Yield a listener that shows a progress bar and prints one line per validation."""
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn

    from onet_cli.commands.consoles import bar, notes

    columns = BarColumn(bar_width=8), TaskProgressColumn(), TextColumn("{task.fields[facts]}")
    with bar(*columns, quiet=quiet) as progress:
        task = progress.add_task("training", total=1.0, facts="starting")
        latest = ""

        def listen(status: "TrainingStatus") -> None:
            nonlocal latest
            facts = (
                f"step {status.step}  loss {status.loss:.4f}  rate {status.rate:.1e}  "
                f"{status.samples_per_second:.0f} samples/s  waiting {status.data_wait:.0%}"
            )
            if status.step == 0:
                facts = "before the first step"
            if status.iou is not None:
                latest = f"  IoU {status.iou:.3f}"
                meshes = "" if status.mesh_iou is None else f"  meshes {status.mesh_iou:.3f}"
                if not quiet:
                    line = f"{facts}  val IoU {status.iou:.3f}{meshes}  {status.seconds:.0f} s"
                    notes.print(line, soft_wrap=True)
            progress.update(task, completed=status.spent, facts=_short_facts(status) + latest)

        yield listen


def _short_facts(status: "TrainingStatus") -> str:
    """Return the progress text of a run, which fits 80 columns with bar and IoU."""
    if status.step == 0:
        return "before the first step"
    left = "" if status.seconds_left is None else f"  {_span(status.seconds_left)} left"
    return (
        f"step {status.step}{left}  loss {status.loss:.4f}  "
        f"{status.samples_per_second:.0f}/s  wait {status.data_wait:.0%}"
    )


def _span(seconds: float) -> str:
    """Return a duration as h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
