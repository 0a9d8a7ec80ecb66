"""What to evaluate and how."""

from dataclasses import dataclass
from typing import Literal

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.align import Align
from onet_cli.evaluation.protocol import Protocol

View = int | Literal["random", "all"]


@dataclass(frozen=True)
class EvaluationSettings:
    """Which objects are scored, and by which rules.

    `categories` are ids or readable names (none: all), `limit` a number of objects, spread evenly
    over the categories, `view` the number of a view, `random` for one drawn for each object, or
    `all` for every view on its own; `resolution` cells per side, `mesh_samples` the points drawn on
    each predicted surface, `workers` processes (0: none but this one); `align` says whether each
    prediction is turned about the upright axis for the best IoU before it is scored (`yaw`).

    Raises:
        InvalidOptionError: a value cannot work, or is not the protocol's.
    """

    protocol: Protocol = Protocol.STRICT
    split: str = "test"
    categories: tuple[str, ...] = ()
    limit: int | None = None
    view: View = 0
    resolution: int = 128
    seed: int = 0
    mesh_samples: int = 100_000
    workers: int = 0
    align: Align = "none"

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise InvalidOptionError(f"--limit must be at least 1, not {self.limit}")
        if isinstance(self.view, int) and self.view < 0:
            raise InvalidOptionError(f"views are counted from 0, there is no view {self.view}")
        if self.seed < 0:
            raise InvalidOptionError(f"--seed must be at least 0, not {self.seed}")
        rules = self.protocol.rules
        self._check_fixed("view", self.view, rules.view)
        self._check_fixed("resolution", self.resolution, rules.resolution)
        self._check_fixed("align", self.align, rules.align)

    def _check_fixed(self, option: str, value: int | str, fixed: int | str | None) -> None:
        if fixed is not None and value != fixed:
            raise InvalidOptionError(
                f"--protocol {self.protocol} is defined at --{option} {fixed}, not {value}",
                hint="use --protocol strict, or leave the option out",
            )


def parse_view(text: str) -> View:
    """Return the view that `text` means: a number, `random` or `all`.

    Raises:
        InvalidOptionError: it is none of these.
    """
    if text == "random":
        return "random"
    if text == "all":
        return "all"
    if text.isdecimal():
        return int(text)
    raise InvalidOptionError(f"there is no view {text!r}", hint="give a number, random or all")
