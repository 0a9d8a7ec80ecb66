"""Parser of `pix3d.json`: photographs, their models and cameras."""

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError

TABLE = "pix3d.json"
"""The file that identifies a Pix3D folder."""

HIDDEN = ("truncated", "occluded", "slightly_occluded")
"""Fields of an entry that mark a partly hidden object."""

SENSOR_WIDTH = 32.0
"""Sensor width in millimetres to which focal lengths refer."""

_LEVEL = 1e-3  # tolerance for the orthogonality of a rotation


@dataclass(frozen=True)
class Entry:
    """One photograph of a model.

    `image` and `mask` are paths below the folder, `origin` is the image source in the table, `size`
    the width and height in pixels. `rotation` (3, 3, row-major) and `translation` map the model to
    the camera frame (x left, y up, z forward); `focal` is in millimetres. `problem` is the reason
    why the entry cannot be used, and `hidden` whether the object is truncated or occluded.
    """

    image: str
    mask: str = ""
    origin: str = ""
    size: tuple[int, int] = (0, 0)
    rotation: tuple[float, ...] = ()
    translation: tuple[float, ...] = ()
    focal: float = 0.0
    hidden: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Model:
    """A mesh: its path below the folder, its category, and its photographs in order."""

    path: str
    category: str
    entries: tuple[Entry, ...]


def read_models(data: bytes) -> list[Model]:
    """Return the models in a table, sorted by path.

    Errors of single photographs are recorded in their entries.

    Raises:
        SourceError: this is not valid JSON, or not a list of photographs with models.

    Source: Sun et al., Pix3D, CVPR 2018; README of https://github.com/xingyuansun/pix3d.
    """
    try:
        rows = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{TABLE} is damaged: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise SourceError(f"{TABLE} is not a list of photographs")
    entries: defaultdict[str, list[Entry]] = defaultdict(list)
    categories: dict[str, str] = {}
    for number, row in enumerate(rows):
        named = [_text(row, field) for field in ("model", "category", "img")]
        if not all(named):
            raise SourceError(f"entry {number} of {TABLE} must have model, category and img")
        path, category, image = named
        categories.setdefault(path, category)
        entries[path].append(_entry(row, image))
    return [Model(path, categories[path], tuple(entries[path])) for path in sorted(entries)]


def _text(row: Any, field: str) -> str:
    value = row.get(field) if isinstance(row, dict) else None
    return value if isinstance(value, str) else ""


def _entry(row: dict[str, Any], image: str) -> Entry:
    hidden = any(_is_true(row.get(field)) for field in HIDDEN)
    try:
        rotation = _numbers(row, "rot_mat", (3, 3))
        translation = _numbers(row, "trans_mat", (3,))
        size = _numbers(row, "img_size", (2,))
        focal = float(_numbers(row, "focal_length", ()))
        if not _text(row, "mask"):
            raise ValueError("mask is missing")
        if np.abs(rotation @ rotation.T - np.eye(3)).max() > _LEVEL or np.linalg.det(rotation) < 0:
            raise ValueError("rot_mat is not a rotation")
        if focal <= 0 or size.min() < 1:
            raise ValueError("focal_length or img_size is not positive")
    except ValueError as error:
        return Entry(image, hidden=hidden, problem=str(error))
    return Entry(
        image,
        _text(row, "mask"),
        _text(row, "img_source"),
        (round(size[0]), round(size[1])),
        _tuple(rotation),
        _tuple(translation),
        focal,
        hidden,
    )


def _is_true(value: Any) -> bool:
    # The table has booleans, but its documentation describes strings.
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _numbers(row: dict[str, Any], field: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return a field as an array, or raise ValueError."""
    try:
        array = np.asarray(row[field], np.float64)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(f"{field} is missing or not numeric") from None
    if array.shape != shape or not np.isfinite(array).all():
        raise ValueError(f"{field} is not {' x '.join(map(str, shape)) or 'one'} finite numbers")
    return array


def _tuple(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(value) for value in np.ravel(values))
