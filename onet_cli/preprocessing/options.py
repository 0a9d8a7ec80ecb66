"""Settings of one preprocessing run. Importing this loads no numpy.

The fields declare the options of `onet preprocess`: name, default, help and limits.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

from onet_cli.cores import available_cores
from onet_cli.errors import InvalidOptionError, SourceError
from onet_cli.execution.shards import Merge, Shard, ShardOption, check_shard_options
from onet_cli.execution.work import Cluster
from onet_cli.files import read_regular
from onet_cli.options import GENERAL, RARE, Seed
from onet_cli.setting import Setting, check_settings

Solidify = Literal["auto", "always", "never"]
Cameras = Literal["choy", "wide"]
Background = Literal["white", "transparent"]
Up = Literal["y", "z"]
Photos = Literal["whole", "all"]

SHAPES = "Shapes"
MESHES = "Meshes"
VIEWS = "Views and samples (meshes, procedural)"

_CONTENT = (
    "views",
    "image_size",
    "points",
    "near_points",
    "resolution",
    "solidify",
    "cameras",
    "background",
    "up",
    "seed",
    "manifest",
    "photos",
)
_OF_RENDERINGS = ("views", "cameras", "background", "up")
_OF_PHOTOGRAPHS = ("photos",)


def parse_split(text: str) -> tuple[float, float, float]:
    """Parse fractions such as `0.7,0.1,0.2`.

    Raises:
        InvalidOptionError: these are not three fractions that sum to 1.
    """
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError:
        train = val = test = -1.0
    if min(train, val, test) < 0 or abs(train + val + test - 1) > 1e-6:
        raise InvalidOptionError(
            f"{text!r} is not a split", hint="give three fractions that sum to 1: 0.7,0.1,0.2"
        )
    return train, val, test


@dataclass(frozen=True)
class PreprocessOptions:
    """Settings of one preprocessing run.

    Most settings apply to sources that are sampled and rendered (meshes, procedural); samples and
    views of other sources are kept. `views` is the number of images, of `image_size` pixels, from
    `cameras` and on `background`; `points` the number of occupancy points and of surface samples,
    and `near_points` of additional points near the surface. `resolution` (cells per side) and
    `solidify` control how meshes are made watertight, `up` is their upward axis, and `manifest` a
    table that selects and describes them.

    `photos` selects photographs of the `whole` object, or `all`.

    `count` is the number of shapes to generate, `limit` the maximum number of shapes, spread over
    the categories (None: all). `workers` 0 or 1 means this process only; `cluster` is the
    address of a Dask scheduler, or "local". `pack` is the number of shapes per file (None: 1).
    `shard` is the part to process, and `merge` finishes
    a data set whose shards are processed. `split` holds the
    fractions of train, val and test for sources without lists. A shape that takes more than
    `shape_timeout_s` seconds or `shape_memory_gb` gigabytes is skipped (0: no limit). `unused`
    names the settings that do not apply to the source and are not recorded.
    """

    count: Annotated[
        int, Setting("Shapes to generate (procedural).", SHAPES, minimum=1, maximum=10_000_000)
    ] = 1000
    limit: Annotated[
        int | None, Setting("Maximum shapes, spread over the categories.", SHAPES, minimum=1)
    ] = None
    split: Annotated[
        tuple[float, float, float],
        Setting(
            "Fractions of train, val, test.",
            SHAPES,
            metavar="FRACTIONS",
            default="0.7,0.1,0.2; Pix3D 0,0,1",
            parse=parse_split,
        ),
    ] = (0.7, 0.1, 0.2)
    overwrite: Annotated[bool, Setting("Convert existing shapes again.", SHAPES)] = False
    manifest: Annotated[
        Path | None,
        Setting("CSV table of the meshes: categories, splits, sizes.", RARE, metavar="FILE"),
    ] = None
    up: Annotated[Up, Setting("Axis that points up in the files.", MESHES, default="y")] = "y"
    solidify: Annotated[
        Solidify, Setting("Meshes to make watertight; auto: those not closed.", MESHES)
    ] = "auto"
    resolution: Annotated[
        int,
        Setting("Cells per side of the watertight grid.", MESHES, minimum=16, maximum=512),
    ] = 256
    views: Annotated[
        int, Setting("Rendered views.", VIEWS, minimum=1, maximum=10_000, default="24")
    ] = 24
    image_size: Annotated[
        int,
        Setting(
            "Edge of a view in pixels.", VIEWS, minimum=16, maximum=4096, default="137; Pix3D 224"
        ),
    ] = 137
    cameras: Annotated[
        Cameras,
        Setting(
            "choy: as in the paper's data; wide: more varied.",
            RARE,
            default="choy; procedural wide",
        ),
    ] = "choy"
    background: Annotated[
        Background,
        Setting("white (JPEG) or transparent (PNG).", RARE, metavar="NAME", default="white"),
    ] = "white"
    photos: Annotated[
        Photos,
        Setting("Pix3D: photos of the whole object, or all.", RARE, default="whole"),
    ] = "whole"
    points: Annotated[
        int,
        Setting("Points in the cube, and on the surface.", VIEWS, minimum=8, maximum=10_000_000),
    ] = 100_000
    near_points: Annotated[
        int, Setting("Additional points near the surface.", VIEWS, minimum=0, maximum=10_000_000)
    ] = 0
    workers: Annotated[
        int,
        Setting(
            "Worker processes; 0: this process only.",
            GENERAL,
            minimum=0,
            default="one per core",
        ),
    ] = 0
    pack: Annotated[
        int | None,
        Setting("Shapes per file, for fewer files: 256.", RARE, minimum=2, maximum=4096),
    ] = None
    cluster: Cluster = None
    shard: ShardOption = None
    merge: Merge = False
    shape_timeout_s: Annotated[
        float,
        Setting(
            "Maximum seconds per shape; 0: no limit.",
            RARE,
            minimum=0,
            maximum=1e7,
            name="shape_timeout",
        ),
    ] = 900.0
    shape_memory_gb: Annotated[
        float,
        Setting(
            "Maximum GB per shape; 0: no limit.",
            RARE,
            minimum=0,
            maximum=1e6,
            name="shape_memory",
        ),
    ] = 8.0
    seed: Seed = 0
    unused: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_settings(self)
        check_shard_options(self.shard, self.merge)

    def recorded(self) -> dict[str, Any]:
        """Return the settings that determine the data set, for `dataset.json`."""
        settings = asdict(self)
        settings |= {"split": list(self.split), "manifest": _describe(self.manifest)}
        dropped = {
            "workers",
            "pack",
            "cluster",
            "shard",
            "merge",
            "overwrite",
            "shape_timeout_s",
            "shape_memory_gb",
            "unused",
            *self.unused,
        }
        return {name: value for name, value in settings.items() if name not in dropped}

    def content(self) -> dict[str, Any]:
        """Return the part of `recorded` that determines the content of a shape."""
        recorded = self.recorded()
        return {name: recorded[name] for name in _CONTENT if name in recorded}


class PreprocessKeywords(TypedDict, total=False):
    """The fields of `PreprocessOptions` as keyword arguments."""

    count: int
    limit: int | None
    split: tuple[float, float, float]
    overwrite: bool
    manifest: Path | None
    up: Up
    solidify: Solidify
    resolution: int
    views: int
    image_size: int
    cameras: Cameras
    background: Background
    photos: Photos
    points: int
    near_points: int
    workers: int
    pack: int | None
    cluster: str | None
    shard: Shard | None
    merge: bool
    shape_timeout_s: float
    shape_memory_gb: float
    seed: int


def _describe(manifest: Path | None) -> str | None:
    """Return a table's name and hash, to detect changes."""
    if manifest is None:
        return None
    try:
        digest = hashlib.sha256(read_regular(manifest)).hexdigest()
    except OSError as error:
        raise SourceError(f"{manifest} cannot be read: {error.strerror}") from error
    return f"{manifest.name} sha256:{digest[:16]}"


def settle_options(
    options: PreprocessOptions,
    given: Mapping[str, object],
    *,
    photographed: bool,
    generated: bool,
) -> PreprocessOptions:
    """Return `options` with the defaults that depend on the source, where not `given`.

    Args:
        options: the requested settings.
        given: the given settings by name, None if not given.
        photographed: whether the source's images are photographs, not renderings.
        generated: whether the source generates its shapes.

    Raises:
        InvalidOptionError: a setting is given that does not apply to the source.
    """
    usual: dict[str, Any] = {"workers": available_cores()}
    if photographed:
        usual |= {"image_size": 224, "split": (0.0, 0.0, 1.0)}
    if generated:
        usual |= {"cameras": "wide"}
    missing = {name: value for name, value in usual.items() if given.get(name) is None}
    return replace(options, **missing, unused=unused_options(photographed, given))


def unused_options(photographed: bool, given: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the settings that do not apply to a source.

    Args:
        photographed: whether the source's images are photographs, not renderings.
        given: the given settings by name, None if not given.

    Raises:
        InvalidOptionError: one of them is given.
    """
    unused = _OF_RENDERINGS if photographed else _OF_PHOTOGRAPHS
    for name in unused:
        if given.get(name) is not None:
            kind, hint = "no photographs", "omit it, or give the folder with pix3d.json"
            if photographed:
                kind, hint = "photographs, which are not rendered", "omit it"
            raise InvalidOptionError(f"--{name} does not apply: the source has {kind}", hint=hint)
    return unused
