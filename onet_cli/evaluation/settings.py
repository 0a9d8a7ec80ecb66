"""What to evaluate and how. Importing this loads no numpy and no torch.

The options of `onet evaluate` are the fields here: name, default, help and limits are written once.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.protocol import Align, Protocol
from onet_cli.options import CHECKPOINT, GENERAL, Device, Seed
from onet_cli.setting import Setting, check_settings

View = int | Literal["random", "all"]
Baseline = Literal["oracle", "oracle-category", "retrieval", "category-mean"]
Format = Literal["table", "json", "csv", "markdown", "latex"]

METHOD = "What is measured"
SHAPES = "On which shapes"
OUTPUT = "Output"


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

    protocol: Annotated[
        Protocol, Setting("strict: every failure counts; paper: as its authors measured.", METHOD)
    ] = Protocol.STRICT
    split: Annotated[
        str, Setting("List of shapes: train, val or test.", SHAPES, metavar="NAME")
    ] = "test"
    categories: Annotated[
        tuple[str, ...],
        Setting("Category, by id or name; repeatable.", SHAPES, metavar="NAME", name="category"),
    ] = ()
    limit: Annotated[
        int | None, Setting("Maximum objects, spread over the categories.", SHAPES, minimum=1)
    ] = None
    view: Annotated[
        View,
        Setting(
            "Number of the view, random, or all.",
            SHAPES,
            metavar="VIEW",
            default="0",
            parse=parse_view,
        ),
    ] = 0
    resolution: Annotated[int, Setting("Cells per side of the grid.", METHOD)] = 128
    seed: Seed = 0
    mesh_samples: int = 100_000
    workers: Annotated[
        int,
        Setting(
            "Worker processes; 0: none but this one.",
            GENERAL,
            minimum=0,
            default="one per core; on a GPU up to 4",
        ),
    ] = 0
    align: Annotated[
        Align, Setting("yaw: turn each prediction about the vertical for the best IoU.", METHOD)
    ] = "none"

    def __post_init__(self) -> None:
        check_settings(self)
        if isinstance(self.view, int) and self.view < 0:
            raise InvalidOptionError(f"views are counted from 0, there is no view {self.view}")
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


@dataclass(frozen=True)
class MethodOptions:
    """What is measured: a checkpoint, meshes in a folder, or a baseline."""

    checkpoint: Annotated[str | None, replace(CHECKPOINT, panel=METHOD)] = None
    predictions: Annotated[
        Path | None, Setting("Folder of meshes, CATEGORY/NAME.obj.", METHOD, metavar="FOLDER")
    ] = None
    baseline: Annotated[
        Baseline | None,
        Setting("Closest training shapes, or their mean.", METHOD, metavar="NAME"),
    ] = None
    meshes: Annotated[
        Path | None,
        Setting("Keep the meshes here, and reuse those found.", METHOD, metavar="FOLDER"),
    ] = None
    device: Device = "auto"


@dataclass(frozen=True)
class OutputOptions:
    """Where the scores go and how they look."""

    output: Annotated[
        Path | None,
        Setting("File for the scores (of --compare: a page).", OUTPUT, metavar="FILE", short="-o"),
    ] = None
    format: Annotated[
        Format | None,
        Setting(
            "table, json, csv, markdown or latex.",
            OUTPUT,
            metavar="NAME",
            default="by the suffix of --output",
        ),
    ] = None
    report: Annotated[
        Path | None, Setting("HTML page with charts and meshes.", OUTPUT, metavar="FILE")
    ] = None
    reference: Annotated[
        Literal["paper"] | None, Setting("Show the published scores too.", OUTPUT)
    ] = None
    embeddings: Annotated[
        Path | None,
        Setting("Write the codes of the views (.npz) instead of scores.", OUTPUT, metavar="FILE"),
    ] = None
