"""Settings of one preprocessing run. Importing this loads no numpy.

The options of `onet preprocess` are the fields here: name, default, help and limits are written
once.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from onet_cli.errors import InvalidOptionError, SourceError
from onet_cli.files import read_regular
from onet_cli.options import GENERAL, Seed
from onet_cli.setting import Setting, check_settings

Solidify = Literal["auto", "always", "never"]
Cameras = Literal["choy", "wide"]
Background = Literal["white", "transparent"]
Up = Literal["y", "z"]
Photos = Literal["whole", "all"]

SHAPES = "Shapes"
MESHES = "Meshes"
VIEWS = "Pictures and samples (of meshes and procedural)"

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
    """Return the fractions in a text such as `0.7,0.1,0.2`.

    Raises:
        InvalidOptionError: these are not three shares that add up to 1.
    """
    try:
        train, val, test = (float(part) for part in text.split(","))
    except ValueError:
        train = val = test = -1.0
    if min(train, val, test) < 0 or abs(train + val + test - 1) > 1e-6:
        raise InvalidOptionError(
            f"{text!r} is not a split", hint="give three shares that add up to 1: 0.7,0.1,0.2"
        )
    return train, val, test


@dataclass(frozen=True)
class PreprocessOptions:
    """What `onet preprocess` was asked to do.

    Most settings steer sources that make their own samples and pictures (meshes, procedural); a
    source that has them already keeps them. `views` pictures of `image_size` pixels, from `cameras`
    and on `background`; `points` occupancy points and surface samples, and `near_points` near the
    surface. `resolution` (cells per side), `solidify` and `up` say how meshes are made watertight
    and which axis of theirs points up; `manifest` is a table that selects and describes them.

    `photos` says whether photographs are taken that show the `whole` object only, or `all`.

    `count` is the number of shapes to generate, `limit` that of shapes to take, spread over the
    categories, None for all. `workers` 0 or 1 stays in this process. `split` holds the fractions of
    train, val and test where the source has no lists of its own. A shape that takes more than
    `shape_timeout_s` seconds is skipped, 0 for no limit. `unused` are the names of settings
    that do not apply to the source, and are not recorded.
    """

    count: Annotated[int, Setting("Shapes to generate (procedural).", SHAPES, minimum=1)] = 1000
    limit: Annotated[
        int | None, Setting("Maximum shapes, spread over the categories.", SHAPES, minimum=1)
    ] = None
    split: Annotated[
        tuple[float, float, float],
        Setting(
            "Shares of train, val, test.",
            SHAPES,
            metavar="SHARES",
            default="0.7,0.1,0.2; Pix3D 0,0,1",
            parse=parse_split,
        ),
    ] = (0.7, 0.1, 0.2)
    overwrite: Annotated[bool, Setting("Convert what is already there again.", SHAPES)] = False
    manifest: Annotated[
        Path | None,
        Setting("CSV table of the meshes: categories, splits, sizes.", MESHES, metavar="FILE"),
    ] = None
    up: Annotated[Up, Setting("Axis that points up in the files.", MESHES, default="y")] = "y"
    solidify: Annotated[
        Solidify, Setting("Which meshes are made watertight; auto: the open ones.", MESHES)
    ] = "auto"
    resolution: Annotated[
        int,
        Setting("Cells per side of the watertight grid.", MESHES, minimum=16, maximum=512),
    ] = 256
    views: Annotated[int, Setting("Rendered views.", VIEWS, minimum=1, default="24")] = 24
    image_size: Annotated[
        int,
        Setting("Edge of a view in pixels.", VIEWS, minimum=16, default="137; Pix3D 224"),
    ] = 137
    cameras: Annotated[
        Cameras,
        Setting(
            "choy: as the paper's data; wide: more varied.",
            VIEWS,
            default="choy; procedural wide",
        ),
    ] = "choy"
    background: Annotated[
        Background,
        Setting("white (JPEG) or transparent (PNG).", VIEWS, metavar="NAME", default="white"),
    ] = "white"
    photos: Annotated[
        Photos,
        Setting("Pix3D: photos of the whole object, or all.", VIEWS, default="whole"),
    ] = "whole"
    points: Annotated[int, Setting("Points in the cube, and on the surface.", VIEWS, minimum=8)] = (
        100_000
    )
    near_points: Annotated[
        int, Setting("Additional points near the surface.", VIEWS, minimum=0)
    ] = 0
    workers: Annotated[
        int,
        Setting(
            "Worker processes; 0: none but this one.",
            GENERAL,
            minimum=0,
            default="one per core",
        ),
    ] = 0
    shape_timeout_s: Annotated[
        float,
        Setting(
            "Maximum seconds per shape; 0: no limit.", GENERAL, minimum=0, name="shape_timeout"
        ),
    ] = 900.0
    seed: Seed = 0
    unused: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_settings(self)

    def recorded(self) -> dict[str, Any]:
        """Return what `dataset.json` keeps: all that decides the content of the data set."""
        settings = asdict(self)
        settings |= {"split": list(self.split), "manifest": _describe(self.manifest)}
        dropped = {"workers", "overwrite", "shape_timeout_s", "unused", *self.unused}
        return {name: value for name, value in settings.items() if name not in dropped}

    def content(self) -> dict[str, Any]:
        """Return the part of `recorded` that decides what is stored of a shape."""
        recorded = self.recorded()
        return {name: recorded[name] for name in _CONTENT if name in recorded}


def _describe(manifest: Path | None) -> str | None:
    """Return a table's name and hash, so that a changed one is noticed."""
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
    """Return `options` with what depends on the source, where it is not `given`.

    Args:
        options: the settings as asked for.
        given: which of them were, by name; None where they were not.
        photographed: whether the source's pictures are photographs; else they are rendered or its
            own.
        generated: whether the source makes its shapes itself.

    Raises:
        InvalidOptionError: a setting is given that does not apply to the source.
    """
    usual: dict[str, Any] = {"workers": os.cpu_count() or 1}
    if photographed:
        usual |= {"image_size": 224, "split": (0.0, 0.0, 1.0)}
    if generated:
        usual |= {"cameras": "wide"}
    missing = {name: value for name, value in usual.items() if given.get(name) is None}
    return replace(options, **missing, unused=unused_options(photographed, given))


def unused_options(photographed: bool, given: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the settings that do not apply to a source.

    Args:
        photographed: whether its pictures are photographs; else they are rendered or its own.
        given: settings as asked for, by name; None where they are not.

    Raises:
        InvalidOptionError: one of them is asked for.
    """
    unused = _OF_RENDERINGS if photographed else _OF_PHOTOGRAPHS
    for name in unused:
        if given.get(name) is not None:
            kind, hint = "no photographs", "leave it out, or give the folder that holds pix3d.json"
            if photographed:
                kind, hint = "photographs, which are not rendered", "leave it out"
            raise InvalidOptionError(f"--{name} does not apply: the source has {kind}", hint=hint)
    return unused
