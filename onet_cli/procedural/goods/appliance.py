"""Appliances: refrigerators, washing machines, ovens, stoves, toasters, boilers, radiators."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.goods.fittings import bar, casing, knobs
from onet_cli.procedural.goods.heating import boiler, hood, radiator
from onet_cli.procedural.joinery import SIDES, block, cushion, disc
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.solids.torus import Torus

GLASS = Finish.plain((30, 32, 36), gloss=0.7)


def appliance(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random appliance."""
    makers = (
        fridge,
        fridge,
        washer,
        washer,
        stove,
        stove,
        microwave,
        toaster,
        boiler,
        hood,
        radiator,
    )
    return makers[rng.integers(len(makers))](rng)


def fridge(rng: np.random.Generator) -> list[Part]:
    """Return a refrigerator with one to four doors."""
    width, depth, height = rng.uniform(0.5, 0.95), rng.uniform(0.55, 0.75), rng.uniform(0.8, 2.0)
    body, x, z, leaf = casing(rng), width / 2, depth / 2, 0.045
    grip, double = palette.metal(rng), width > 0.75
    parts = [block(body, (-x, 0.02, -z), (x, height, z - leaf))]
    parts.append(block(palette.BLACK, (-0.9 * x, 0, -0.9 * z), (0.9 * x, 0.03, z - 2 * leaf)))
    split = height * rng.uniform(0.3, 0.7)
    rows = [(0.05, height)] if rng.random() < 0.3 else [(0.05, split), (split, height)]
    door, hinge = palette.shaded(body, rng), rng.random() < 0.5
    thin = 0.0075 * max(width, height) + 0.001
    for low, high in rows:
        for left, right in [(-x, 0.0), (0.0, x)] if double else [(-x, x)]:
            lower, upper = (
                (left + 0.003, low + 0.005, z - leaf * 1.1),
                (right - 0.003, high - 0.003, z),
            )
            parts.append(cushion(door, lower, upper, 0.012))
            side = (left < 0) if double else hinge
            spot = right - 0.05 if side else left + 0.05
            ends = (low + 0.2 * (high - low), low + 0.75 * (high - low))
            parts += bar(grip, (spot, ends[0]), (spot, ends[1]), z, thin)
    return parts


def washer(rng: np.random.Generator) -> list[Part]:
    """Return a washing machine, a dryer or a dishwasher."""
    width, height, depth = rng.uniform(0.45, 0.65), rng.uniform(0.8, 0.9), rng.uniform(0.5, 0.62)
    body, x, z = casing(rng), width / 2, depth / 2
    parts = [cushion(body, (-x, 0.02, -z), (x, height, z), 0.012)]
    parts.append(block(palette.BLACK, (-0.9 * x, 0, -0.9 * z), (0.9 * x, 0.04, 0.9 * z)))
    panel = (-0.97 * x, 0.85 * height, z - 0.02), (0.97 * x, 0.98 * height, z + 0.012)
    parts.append(block(palette.shaded(body, rng), *panel))
    parts += knobs(
        palette.metal(rng),
        rng.uniform(-0.8, 0.8, int(rng.integers(1, 3))) * x,
        0.915 * height,
        z + 0.012,
        0.025,
    )
    if rng.random() < 0.7:
        radius = width * rng.uniform(0.28, 0.36)
        place = at(0, 0.45 * height, z)
        ring = Part(Torus(ring=radius, tube=0.12 * radius, segments=28), palette.metal(rng))
        parts.append(ring.moved(about("x", 90)).moved(place))
        parts.append(
            disc(GLASS, (0, -0.02, 0), 0.05, radius, 0.7 * radius)
            .moved(about("x", 90))
            .moved(place)
        )
    else:
        door = (-0.94 * x, 0.08 * height, z - 0.02), (0.94 * x, 0.83 * height, z + 0.014)
        parts.append(cushion(body, *door, 0.008))
        parts += bar(
            palette.metal(rng),
            (-0.5 * x, 0.77 * height),
            (0.5 * x, 0.77 * height),
            z + 0.014,
            0.009,
        )
    return parts


def stove(rng: np.random.Generator) -> list[Part]:
    """Return a cooker: an oven with a door, knobs and four plates, or a built-in oven."""
    width, depth = rng.uniform(0.5, 0.9), rng.uniform(0.55, 0.65)
    body, x, z, steel = casing(rng), width / 2, depth / 2, palette.metal(rng)
    height = rng.uniform(0.82, 0.92) if rng.random() < 0.75 else rng.uniform(0.55, 0.62)
    parts = [block(body, (-x, 0, -z), (x, height, z))]
    door = (-0.92 * x, 0.12 * height, z - 0.02), (0.92 * x, 0.74 * height, z + 0.02)
    parts.append(cushion(body, *door, 0.008))
    pane = (-0.7 * x, 0.25 * height, z - 0.01), (0.7 * x, 0.6 * height, z + 0.024)
    parts.append(block(GLASS, *pane))
    parts += bar(steel, (-0.75 * x, 0.69 * height), (0.75 * x, 0.69 * height), z + 0.02, 0.009)
    parts += knobs(
        palette.BLACK,
        np.linspace(-0.75, 0.75, int(rng.integers(4, 7))) * x,
        0.86 * height,
        z,
        0.022,
    )
    if height < 0.7:
        return parts
    gas = rng.random() < 0.5
    parts.append(
        block(
            GLASS if not gas else steel,
            (-0.97 * x, height - 0.01, -0.95 * z),
            (0.97 * x, height + 0.012, 0.95 * z),
        )
    )
    for sx in SIDES:
        for sz in SIDES:
            spot, radius = (0.5 * sx * x, height, 0.45 * sz * z), rng.uniform(0.06, 0.1)
            parts.append(disc(palette.BLACK, spot, 0.02, radius))
            if gas:
                for dx, dz in ((1.3 * radius, 0.01), (0.01, 1.3 * radius)):
                    low = (spot[0] - dx, height, spot[2] - dz)
                    parts.append(
                        block(palette.BLACK, low, (spot[0] + dx, height + 0.035, spot[2] + dz))
                    )
    if rng.random() < 0.4:
        parts.append(
            block(body, (-x, height - 0.01, -z), (x, height + rng.uniform(0.1, 0.2), 0.05 - z))
        )
    return parts


def microwave(rng: np.random.Generator) -> list[Part]:
    """Return a microwave or small oven."""
    width = rng.uniform(0.4, 0.55)
    height, depth = width * rng.uniform(0.5, 0.65), width * rng.uniform(0.6, 0.8)
    body, x, z = casing(rng), width / 2, depth / 2
    parts = [cushion(body, (-x, 0.01, -z), (x, height, z), 0.01)]
    parts.append(block(palette.BLACK, (-0.9 * x, 0, -0.9 * z), (0.9 * x, 0.02, 0.9 * z)))
    right = x * rng.uniform(0.4, 0.55)
    parts.append(block(GLASS, (-0.93 * x, 0.1 * height, 0), (right, 0.92 * height, z + 0.008)))
    parts += bar(
        palette.metal(rng),
        (right - 0.03, 0.2 * height),
        (right - 0.03, 0.8 * height),
        z + 0.006,
        0.006,
    )
    spots = np.array([(right + x) / 2])
    for y in (0.3, 0.6):
        parts += knobs(palette.metal(rng), spots, y * height, z, 0.022)
    return parts


def toaster(rng: np.random.Generator) -> list[Part]:
    """Return a toaster with slots and a lever."""
    width = rng.uniform(0.25, 0.4)
    height, depth = width * rng.uniform(0.55, 0.75), width * rng.uniform(0.4, 0.6)
    body, x, z = casing(rng), width / 2, depth / 2
    parts = [cushion(body, (-x, 0.015, -z), (x, height, z), rng.uniform(0.15, 0.45) * depth)]
    parts.append(block(palette.BLACK, (-0.85 * x, 0, -0.85 * z), (0.85 * x, 0.04, 0.85 * z)))
    rows = [-0.3, 0.3] if depth > 0.13 else [0.0]
    for row in rows:
        low = (-0.72 * x, height * 0.9, row * z - 0.018)
        parts.append(block(palette.BLACK, low, (0.72 * x, height + 0.006, row * z + 0.018)))
    parts.append(
        block(palette.BLACK, (x - 0.01, 0.6 * height, -0.02), (x + 0.025, 0.7 * height, 0.02))
    )
    return parts
