"""Tableware: mugs, cups, glasses, bowls, plates, pots, kettles, pans."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.goods.cookware import ear, pan, pot, teapot
from onet_cli.procedural.joinery import rod
from onet_cli.procedural.solids.lathe import Lathe
from onet_cli.procedural.solids.pose import Array, at
from onet_cli.procedural.turnery import smooth, turned, vessel


def tableware(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random piece of tableware."""
    makers = (mug, mug, cup, glass, goblet, bowl, bowl, dish, pot, pot, teapot, teapot, pan)
    return makers[rng.integers(len(makers))](rng)


def mug(rng: np.random.Generator) -> list[Part]:
    """Return a mug, hollow, with a handle."""
    height = rng.uniform(0.08, 0.13)
    low, high = (height * rng.uniform(0.32, 0.5) for _ in range(2))
    finish = palette.ceramic(rng) if rng.random() < 0.8 else palette.glass(rng)
    outer = smooth(
        [(low, 0), ((low + high) / 2 * rng.uniform(0.95, 1.1), 0.5 * height), (high, height)], 4
    )
    parts = [vessel(finish, outer, 0.035 * height, segments=28)]
    girth = float(outer[:, 0].min())
    return parts + ear(finish, girth, 0.22 * height, 0.8 * height, 0.05 * height, 0.3 * height)


def cup(rng: np.random.Generator) -> list[Part]:
    """Return a cup with a handle on its saucer."""
    height, finish = rng.uniform(0.05, 0.08), palette.ceramic(rng)
    rim = height * rng.uniform(0.6, 0.8)
    outer = smooth([(0.45 * rim, 0.0), (0.85 * rim, 0.4 * height), (rim, height)], 5)
    y = 0.12 * height
    parts = [vessel(finish, outer, 0.06 * height, (0, y, 0), segments=28)]
    ring = ear(finish, 0.85 * rim, 0.3 * height, 0.8 * height, 0.055 * height, 0.35 * height)
    parts += moved(ring, at(0, y, 0))
    return [*parts, plate(finish, rim * rng.uniform(1.5, 1.8), 0.3 * height)]


def plate(finish: Finish, radius: float, depth: float) -> Part:
    """Return a plate or saucer, its middle low and its rim raised by `depth`."""
    thick = max(0.4 * depth, 0.03 * radius)
    upper = smooth(
        [
            (0.05 * radius, thick),
            (0.55 * radius, thick),
            (0.72 * radius, thick + 0.4 * depth),
            (radius, depth + thick),
        ],
        3,
    )
    lower = np.array([(radius, depth + 0.3 * thick), (0.7 * radius, 0.0), (0.0, 0.0)])
    ring = np.vstack([[(0.0, thick)], upper, lower])[::-1]
    return turned_ring(finish, ring)


def turned_ring(finish: Finish, ring: Array) -> Part:
    """Return the solid with the closed outline `ring`."""
    return Part(Lathe(profile=ring, segments=36), finish)


def dish(rng: np.random.Generator) -> list[Part]:
    """Return a plate, sometimes a stack of them."""
    radius, finish = rng.uniform(0.09, 0.16), palette.ceramic(rng)
    depth = radius * rng.uniform(0.06, 0.25)
    one = plate(finish, radius, depth)
    pitch = max(0.4 * depth, 0.03 * radius) * 1.1
    return [one.moved(at(0, k * pitch * 0.98, 0)) for k in range(int(rng.choice([1, 1, 3, 6])))]


def glass(rng: np.random.Generator) -> list[Part]:
    """Return a beaker of glass or card, sometimes with a lid and a straw."""
    height = rng.uniform(0.1, 0.16)
    low, high = height * rng.uniform(0.22, 0.32), height * rng.uniform(0.28, 0.4)
    finish = palette.glass(rng) if rng.random() < 0.5 else palette.paint(rng)
    parts = [vessel(finish, smooth([(low, 0), (high, height)], 6), 0.025 * height)]
    if rng.random() < 0.4:
        lid = [
            (1.04 * high, -0.03 * height),
            (1.04 * high, 0.03 * height),
            (0.9 * high, 0.07 * height),
        ]
        parts.append(turned(palette.white(rng), lid, (0, height, 0)))
        if rng.random() < 0.5:
            parts.append(
                rod(
                    palette.paint(rng),
                    (0, height, 0),
                    (0.1 * height, 1.4 * height, 0),
                    0.02 * height,
                )
            )
    return parts


def goblet(rng: np.random.Generator) -> list[Part]:
    """Return a glass on a stem."""
    height, finish = rng.uniform(0.14, 0.22), palette.glass(rng)
    rim, bowl_low = height * rng.uniform(0.17, 0.28), height * rng.uniform(0.4, 0.6)
    widest = rim * rng.uniform(1.0, 1.3)
    deep = height - bowl_low
    belly = [(0.1 * rim, 0.0), (0.9 * widest, 0.25 * deep), (widest, 0.5 * deep), (rim, deep)]
    parts = [vessel(finish, smooth(belly, 5), 0.018 * height, (0, bowl_low, 0))]
    thin, reach = 0.025 * height, rng.uniform(0.9, 1.2) * rim
    stem = smooth([(reach, 0.02 * height), (0.3 * reach, 0.045 * height), (thin, 0.15 * height),
                   (thin, bowl_low + 0.03 * height)], 4)  # fmt: skip
    return [*parts, turned(finish, np.vstack([[(reach, 0.0)], stem]))]


def bowl(rng: np.random.Generator) -> list[Part]:
    """Return an open bowl on a low foot, round or flared."""
    radius = rng.uniform(0.07, 0.2)
    height, finish = radius * rng.uniform(0.45, 1.0), palette.ceramic(rng)
    knots = [(0.45, 0), (rng.uniform(0.6, 0.8), 0.25), (rng.uniform(0.85, 1.0), 0.65), (1, 1)]
    outer = smooth([(r * radius, h * height) for r, h in knots], 5)
    return [vessel(finish, outer, rng.uniform(0.04, 0.09) * radius, segments=36)]
