"""Sanitary ware: wash basins, bath tubs, toilets, showers' trays."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pillow, pipe, plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, block, cushion, disc, slab
from onet_cli.procedural.solids.pose import Array, at
from onet_cli.procedural.solids.prism import Prism, oval, rectangle
from onet_cli.procedural.turnery import smooth, turned


def sanitary(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random piece of sanitary ware."""
    return (basin, basin, basin, tub, tub, toilet, toilet, vanity)[rng.integers(8)](rng)


def enamel(rng: np.random.Generator) -> Finish:
    """Return its finish: mostly white."""
    return palette.white(rng) if rng.random() < 0.75 else palette.paint(rng)


def tap(
    rng: np.random.Generator, spot: tuple[float, float, float], high: float, reach: float
) -> list[Part]:
    """Return a tap at `spot` whose spout faces the front."""
    steel, (x, y, z) = palette.metal(rng), spot
    thin = rng.uniform(0.011, 0.015)
    line = [
        (x, y - 0.02, z),
        (x, y + high, z),
        (x, y + high, z + reach),
        (x, y + 0.75 * high, z + reach),
    ]
    parts = pipe(steel, line, thin, 0.4 * min(high, reach))
    if rng.random() < 0.5:
        parts.append(
            block(steel, (x - 0.012, y + high, z - 0.01), (x + 0.012, y + high + 0.018, z + 0.07))
        )
    else:
        for s in SIDES:
            handle = (x + s * 0.07, y - 0.01, z)
            parts.append(disc(steel, handle, 0.05, 0.016, 0.022))
    return parts


def hollowed(
    finish: Finish,
    outer: Array,
    inner: Array,
    base: tuple[float, float, float],
    depth: float,
    floor: float,
) -> list[Part]:
    """Return a basin: the ring between two outlines and a floor."""
    return [plate(finish, [outer, inner], base, depth), plate(finish, [outer], base, floor)]


def basin(rng: np.random.Generator) -> list[Part]:
    """Return a wash basin: on a column, wall-hung or a bowl."""
    finish, width = enamel(rng), rng.uniform(0.45, 0.7)
    depth, deep = width * rng.uniform(0.7, 0.9), rng.uniform(0.1, 0.18)
    y = 0.85 - deep if rng.random() < 0.65 else 0.0
    power = float(rng.choice([2.0, 3.0, 8.0]))
    outer = oval(width, depth, power, 40)
    inner = oval(width * 0.84, depth * 0.68, max(power, 2.0), 36) + np.array([0.0, 0.07 * depth])
    parts = hollowed(finish, outer, inner, (0, y, 0), deep, 0.3 * deep)
    parts += tap(rng, (0, y + deep, -0.38 * depth), rng.uniform(0.08, 0.2), 0.3 * depth)
    under = Prism(outline=outer[::-1] * 0.55, height=0.6 * deep + 0.001, scale=1.6)
    parts.append(Part(under.moved(at(0, y - 0.6 * deep, 0)), finish))
    if y > 0:
        girth = width * rng.uniform(0.14, 0.2)
        top = y - 0.3 * deep
        knots = [(1.2, 0), (0.9, 0.15), (0.75, 0.6), (1.0, 1.0)]
        column = smooth([(r * girth, h * top) for r, h in knots], 4)
        parts.append(turned(finish, column, (0, 0, -0.08 * depth)))
    return parts


def tub(rng: np.random.Generator) -> list[Part]:
    """Return a bath: built in, free standing or on feet."""
    finish, length, width = enamel(rng), rng.uniform(1.4, 1.9), rng.uniform(0.65, 0.95)
    height, wall = rng.uniform(0.5, 0.62), rng.uniform(0.035, 0.07)
    if rng.random() < 0.45:
        inner = oval(length - 3 * wall, width - 3 * wall, 5, 40)
        parts = hollowed(finish, rectangle(length, width), inner, (0, 0, 0), height, 0.22 * height)
    else:
        # A ring can only be upright; two of them, the lower one smaller, make the round flank.
        power, lift = rng.uniform(2, 3.2), float(rng.choice([0.0, 0.1]))
        steps = np.linspace(0, 1, 11)
        grow = 0.78 + 0.22 * steps**0.6
        parts = []
        for k in range(10):
            outer = oval(length * grow[k + 1], width * grow[k + 1], power, 40)
            inner = outer * (1 - 2.2 * wall / width)
            low = lift + height * steps[k] * 0.98
            parts.append(plate(finish, [outer, inner], (0, low, 0), height * 0.104))
        parts.append(
            plate(
                finish,
                [oval(length * grow[1], width * grow[1], power, 40)],
                (0, lift, 0),
                0.14 * height,
            )
        )
        rim = oval(length * 1.03, width * 1.05, power, 40)
        inner = oval(length, width, power, 40) * (1 - 2.2 * wall / width)
        parts.append(plate(finish, [rim, inner], (0, lift + height * 0.96, 0), 0.06 * height))
        if lift:
            for sx in SIDES:
                for sz in SIDES:
                    spot = (sx * 0.26 * length, 0, sz * 0.22 * width)
                    parts.append(disc(palette.metal(rng), spot, lift + 0.05, 0.03, 0.05))
        height += lift
    parts += tap(rng, (0, height, -width / 2 + 1.1 * wall), 0.15, 0.14)
    return parts


def toilet(rng: np.random.Generator) -> list[Part]:
    """Return a toilet with a cistern, its lid down or up."""
    finish, high = enamel(rng), rng.uniform(0.38, 0.42)
    wide, deep = rng.uniform(0.35, 0.4), rng.uniform(0.44, 0.52)
    foot = oval(0.6 * wide, 0.7 * deep, 3, 32)
    bowl = Prism(outline=foot, height=0.75 * high, scale=(1.15))
    parts = [Part(bowl, finish)]
    rim = oval(wide, deep, 2.3, 40)
    flare = Prism(outline=rim[::-1] * 0.66, height=0.5 * high, scale=1 / 0.66, shift=(0, 0.0))
    parts.append(Part(flare.moved(at(0, 0.5 * high, 0.02)), finish))
    lid = slab(palette.shaded(finish, rng), rim * 1.02, (0, high * 0.99, 0.02), 0.03)
    parts.append(lid)
    if rng.random() < 0.35:
        upright = pillow(
            finish,
            (-wide / 2, high, -deep / 2 + 0.02),
            (wide / 2, high + deep * 0.9, -deep / 2 + 0.06),
            4,
            4,
        )
        parts.append(upright)
    tank = (
        (-0.48 * wide - 0.02, high * 0.95, -deep / 2 - 0.17),
        (0.48 * wide + 0.02, high + rng.uniform(0.3, 0.42), -deep / 2 + 0.03),
    )
    parts.append(cushion(finish, *tank, 0.03))
    cover = (
        (tank[0][0] - 0.01, tank[1][1] - 0.01, tank[0][2] - 0.01),
        (tank[1][0] + 0.01, tank[1][1] + 0.03, tank[1][2] + 0.01),
    )
    parts.append(cushion(palette.shaded(finish, rng), *cover, 0.012))
    neck = (-0.3 * wide, 0, -deep / 2 - 0.12), (0.3 * wide, high, -0.1 * deep)
    parts.append(block(finish, *neck))
    steel = palette.metal(rng)
    return [*parts, disc(steel, (0, cover[1][1] - 0.002, -deep / 2 - 0.07), 0.012, 0.025)]


def vanity(rng: np.random.Generator) -> list[Part]:
    """Return a basin in a low cabinet, sometimes with a mirror behind."""
    width, depth, height = rng.uniform(0.6, 1.3), rng.uniform(0.45, 0.55), rng.uniform(0.75, 0.85)
    wood, x, z = palette.wood(rng, 0.4), width / 2, depth / 2
    parts = [block(wood, (-x, 0.02, -z), (x, height - 0.1, z))]
    parts.append(
        block(palette.shaded(wood, rng), (-0.95 * x, 0, -0.9 * z), (0.95 * x, 0.1, 0.9 * z))
    )
    steel, columns = palette.metal(rng), max(1, round(width / 0.4))
    for k in range(columns):
        left, right = -x + 2 * x * k / columns, -x + 2 * x * (k + 1) / columns
        lower = (left + 0.01, 0.12, z - 0.01)
        parts.append(
            block(palette.shaded(wood, rng), lower, (right - 0.01, height - 0.12, z + 0.015))
        )
        spot = right - 0.06
        bar = (spot - 0.008, 0.55 * height, z), (spot + 0.008, 0.72 * height, z + 0.035)
        parts.append(block(steel, *bar))
    finish = enamel(rng)
    count = 2 if width > 1.05 else 1
    spots = [0.0] if count == 1 else [-0.5 * x, 0.5 * x]
    bowls = [oval(0.42, 0.3, 2.5, 32) + np.array([s, 0.03]) for s in spots]
    top = (0.0, height - 0.1, 0.0)
    parts.append(plate(finish, [rectangle(2 * x + 0.03, depth + 0.03), *bowls], top, 0.1))
    parts.append(plate(palette.shaded(finish, rng), [rectangle(2 * x, depth)], top, 0.03))
    for s in spots:
        parts += tap(rng, (s, height, -0.75 * z), 0.15, 0.14)
    if rng.random() < 0.4:
        glass = Finish.plain((168, 184, 194), 0.9)
        low = (-0.8 * x, height - 0.01, -z)
        parts.append(block(wood, low, (0.8 * x, height + 0.75, -z + 0.03)))
        parts.append(
            block(
                glass, (-0.74 * x, height + 0.15, -z + 0.01), (0.74 * x, height + 0.7, -z + 0.034)
            )
        )
    return parts
