"""Terminal output by rich, which takes as long to import as some commands take."""

import sys
from typing import Any

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

from onet_cli.errors import printable


class _PlainConsole(Console):
    """Console that prints text literally, with control characters escaped."""

    def print(self, *objects: Any, **options: Any) -> None:
        plain = (printable(item, keep="\n") if isinstance(item, str) else item for item in objects)
        super().print(*plain, **options)


# Text such as [red] and :car: is printed as it is.
output = _PlainConsole(highlight=False, markup=False, emoji=False)
notes = _PlainConsole(stderr=True, highlight=False, markup=False, emoji=False)


def bar(*columns: ProgressColumn, quiet: bool) -> Progress:
    """Return a transient progress bar on stderr, drawn on a terminal only.

    Lines on stdout stay there where that is a file or a pipe: rich would take them to stderr.
    """
    return Progress(
        *columns,
        console=notes,
        transient=True,
        disable=quiet or not notes.is_terminal,
        redirect_stdout=sys.stdout.isatty(),
    )


class RateColumn(ProgressColumn):
    """Items per minute."""

    def render(self, task: Task) -> Text:
        """Return the rate of the last seconds, nothing if it is unknown."""
        return Text(f"{60 * task.speed:.0f}/min" if task.speed else "")
