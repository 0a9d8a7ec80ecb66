"""Generation of a shape from a seed and an index."""

from collections.abc import Callable
from enum import IntEnum

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Assembly, Part
from onet_cli.procedural.furniture.bed import bed
from onet_cli.procedural.furniture.bench import bench
from onet_cli.procedural.furniture.cabinet import cabinet
from onet_cli.procedural.furniture.chair import chair
from onet_cli.procedural.furniture.lamp import lamp
from onet_cli.procedural.furniture.shelf import shelf
from onet_cli.procedural.furniture.sofa import sofa
from onet_cli.procedural.furniture.stool import stool
from onet_cli.procedural.furniture.table import table
from onet_cli.procedural.goods.appliance import appliance
from onet_cli.procedural.goods.bag import bag
from onet_cli.procedural.goods.bottle import bottle
from onet_cli.procedural.goods.box import box
from onet_cli.procedural.goods.camera import camera
from onet_cli.procedural.goods.display import display
from onet_cli.procedural.goods.loudspeaker import loudspeaker
from onet_cli.procedural.goods.plant import plant
from onet_cli.procedural.goods.sanitary import sanitary
from onet_cli.procedural.goods.shoe import shoe
from onet_cli.procedural.goods.tableware import tableware
from onet_cli.procedural.goods.toy import toy
from onet_cli.procedural.goods.vase import vase
from onet_cli.procedural.vehicles.car import car
from onet_cli.procedural.vehicles.two_wheeler import two_wheeler

VERSION = 4
"""Incremented whenever the same seed and index give a different shape or picture."""

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
    "bottle": bottle,
    "vase": vase,
    "tableware": tableware,
    "box": box,
    "plant": plant,
    "display": display,
    "loudspeaker": loudspeaker,
    "appliance": appliance,
    "sanitary": sanitary,
    "car": car,
    "two_wheeler": two_wheeler,
    "toy": toy,
    "bag": bag,
    "shoe": shoe,
    "camera": camera,
}

_HOUSEHOLD = (
    "chair", "table", "sofa", "cabinet", "lamp", "bed", "box", "chair", "shelf", "table",
    "bottle", "sofa", "cabinet", "tableware", "chair", "appliance", "lamp", "stool", "table",
    "car", "bed", "cabinet", "vase", "chair", "sanitary", "sofa", "bench", "table", "plant",
    "chair", "loudspeaker", "cabinet", "lamp", "sofa", "display", "table", "bed", "chair",
    "two_wheeler", "shelf", "cabinet",
)  # fmt: skip
_BELONGINGS = (
    "toy", "bag", "shoe", "toy", "camera", "toy", "bag", "toy", "shoe", "camera", "toy", "bag",
    "toy", "shoe", "camera", "toy",
)  # fmt: skip

CYCLE = 3 * _HOUSEHOLD + _BELONGINGS
"""The category of shape i is the i-th of these, cyclically; furniture is more frequent."""


class Draw(IntEnum):
    """Independent random streams of one shape, so that one setting does not affect another."""

    DESIGN = 0
    POINTS = 1
    SURFACE = 2
    VIEWS = 3
    NEAR = 4


def generator(seed: int, index: int, draw: Draw) -> np.random.Generator:
    """Return the random stream `draw` of shape `index`."""
    return np.random.default_rng([seed, index, int(draw)])


def category_of(index: int) -> str:
    """Return the category of shape `index`."""
    return CYCLE[index % len(CYCLE)]


def design(seed: int, index: int) -> Assembly:
    """Return the shape of `seed` and `index`."""
    rng = generator(seed, index, Draw.DESIGN)
    parts = CATEGORIES[category_of(index)](rng)
    if rng.random() < 0.1:
        finish = palette.single(rng)
        parts = [Part(part.solid, finish) for part in parts]
    return Assembly(parts)
