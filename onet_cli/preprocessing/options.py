"""Settings of one preprocessing run."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from onet_cli.errors import InvalidOptionError, SourceError

Solidify = Literal["auto", "always", "never"]
Cameras = Literal["choy", "wide"]
Background = Literal["white", "transparent"]
Up = Literal["y", "z"]
Photos = Literal["whole", "all"]

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

    workers: int = 0
    views: int = 24
    image_size: int = 137
    points: int = 100_000
    count: int = 100
    limit: int | None = None
    overwrite: bool = False
    seed: int = 0
    split: tuple[float, float, float] = (0.7, 0.1, 0.2)
    near_points: int = 0
    resolution: int = 256
    solidify: Solidify = "auto"
    cameras: Cameras = "choy"
    background: Background = "white"
    up: Up = "y"
    manifest: Path | None = None
    photos: Photos = "whole"
    shape_timeout_s: float = 900.0
    unused: tuple[str, ...] = ()

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
        digest = hashlib.sha256(manifest.read_bytes()).hexdigest()
    except OSError as error:
        raise SourceError(f"{manifest} cannot be read: {error.strerror}") from error
    return f"{manifest.name} sha256:{digest[:16]}"


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
