"""From a seed and an index to one assembled piece of furniture."""

from collections.abc import Callable
from enum import IntEnum

import numpy as np

from onet_cli.preprocessing.procedural import palette
from onet_cli.preprocessing.procedural.assembly import Assembly, Part
from onet_cli.preprocessing.procedural.furniture.bed import bed
from onet_cli.preprocessing.procedural.furniture.cabinet import cabinet
from onet_cli.preprocessing.procedural.furniture.chair import chair
from onet_cli.preprocessing.procedural.furniture.lamp import lamp
from onet_cli.preprocessing.procedural.furniture.seats import bench, stool
from onet_cli.preprocessing.procedural.furniture.shelf import shelf
from onet_cli.preprocessing.procedural.furniture.sofa import sofa
from onet_cli.preprocessing.procedural.furniture.table import table

VERSION = 2
"""Raised whenever the same seed and index would give a different shape or picture."""

CATEGORIES: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    "chair": chair,
    "table": table,
    "sofa": sofa,
    "cabinet": cabinet,
    "lamp": lamp,
    "bed": bed,
    "bench": bench,
    "shelf": shelf,
    "stool": stool,
}

CYCLE = (
    "chair", "table", "sofa", "cabinet", "lamp", "chair", "bed", "bench", "table", "shelf",
    "chair", "sofa", "stool",
)  # fmt: skip
"""The category of shape i is the i-th of these, again and again; prime to the ten of a split."""


class Draw(IntEnum):
    """Independent random streams of one shape, so that one setting never disturbs another."""

    DESIGN = 0
    POINTS = 1
    SURFACE = 2
    VIEWS = 3


def generator(seed: int, index: int, draw: Draw) -> np.random.Generator:
    """Return the random stream `draw` of shape `index`."""
    return np.random.default_rng([seed, index, int(draw)])


def category_of(index: int) -> str:
    """Return the category of shape `index`."""
    return CYCLE[index % len(CYCLE)]


def design(seed: int, index: int) -> Assembly:
    """Return the shape that `seed` and `index` stand for."""
    rng = generator(seed, index, Draw.DESIGN)
    parts = CATEGORIES[category_of(index)](rng)
    if rng.random() < 0.1:
        colour = palette.single(rng)
        parts = [Part(part.solid, colour) for part in parts]
    return Assembly(parts)
