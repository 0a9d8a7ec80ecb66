"""Settings of an evaluation. Importing this loads no numpy and no torch.

The fields declare the options of `onet evaluate`: name, default, help and limits.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, TypedDict

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.protocol import Align, Protocol
from onet_cli.execution.shards import Merge, Shard, ShardOption, check_shard_options
from onet_cli.execution.work import Cluster
from onet_cli.options import CHECKPOINT, GENERAL, RARE, Device, Seed
from onet_cli.setting import Setting, check_settings

View = int | Literal["random", "all"]
Baseline = Literal["oracle", "oracle-category", "retrieval", "category-mean"]
Format = Literal["table", "json", "csv", "markdown", "latex"]

METHOD = "Method"
SHAPES = "Shapes"
OUTPUT = "Output"


def parse_view(text: str) -> View:
    """Parse a view: a number, `random` or `all`.

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
    """Selection of the objects, and settings of the scores.

    `categories` are ids or readable names (empty: all), `limit` the maximum number of objects,
    spread over the categories, `view` the index of a view, `random` for one per object, or `all`
    for every view; `resolution` is in cells per side, `mesh_samples` the number of points sampled
    on each predicted surface, `workers` the number of processes (0: this process only), `cluster`
    the address of a Dask scheduler, or "local"; with `align` = `yaw`, predictions are rotated about
    the vertical axis for the best IoU. `shard` is the part to evaluate, and `merge` joins parts.

    Raises:
        InvalidOptionError: a value is invalid, or not allowed by the protocol.
    """

    protocol: Annotated[
        Protocol, Setting("strict: every failure counts; paper: as in the paper.", METHOD)
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
            "Index of the view, random, or all.",
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
            "Worker processes; 0: this process only.",
            GENERAL,
            minimum=0,
            default="one per core; on a GPU up to 4",
        ),
    ] = 0
    cluster: Cluster = None
    shard: ShardOption = None
    merge: Merge = False
    align: Annotated[
        Align, Setting("yaw: rotate predictions about the vertical for the best IoU.", RARE)
    ] = "none"

    def __post_init__(self) -> None:
        check_settings(self)
        check_shard_options(self.shard, self.merge)
        if isinstance(self.view, int) and self.view < 0:
            raise InvalidOptionError(f"--view must be at least 0, not {self.view}")
        rules = self.protocol.rules
        self._check_fixed("view", self.view, rules.view)
        self._check_fixed("resolution", self.resolution, rules.resolution)
        self._check_fixed("align", self.align, rules.align)

    def _check_fixed(self, option: str, value: int | str, fixed: int | str | None) -> None:
        if fixed is not None and value != fixed:
            raise InvalidOptionError(
                f"--protocol {self.protocol} requires --{option} {fixed}, not {value}",
                hint="use --protocol strict, or omit the option",
            )


class EvaluationKeywords(TypedDict, total=False):
    """The fields of `EvaluationSettings` as keyword arguments."""

    protocol: Protocol | Literal["strict", "paper"]
    split: str
    categories: tuple[str, ...]
    limit: int | None
    view: View
    resolution: int
    seed: int
    mesh_samples: int
    workers: int
    cluster: str | None
    shard: Shard | None
    merge: bool
    align: Align


@dataclass(frozen=True)
class MethodOptions:
    """The method to evaluate: a checkpoint, meshes in a folder, or a baseline."""

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
        Setting("Keep meshes here, and reuse them.", METHOD, metavar="FOLDER"),
    ] = None
    device: Device = "auto"


@dataclass(frozen=True)
class OutputOptions:
    """Output files and formats."""

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
    reference: Annotated[Literal["paper"] | None, Setting("Also show published scores.", RARE)] = (
        None
    )
    embeddings: Annotated[
        Path | None,
        Setting("Write the codes of the views (.npz) instead of scores.", RARE, metavar="FILE"),
    ] = None
