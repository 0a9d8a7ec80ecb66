"""Boxes: cartons, crates, bins, baskets, chests, parcels."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe, plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.goods.containers import basket, bin_, hollow, tray
from onet_cli.procedural.joinery import SIDES, ball, block, cushion, disc
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.solids.prism import rectangle
from onet_cli.procedural.turnery import hoop


def box(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random box."""
    makers = (carton, carton, crate, crate, bin_, basket, chest, parcel, tray, suitcase)
    return makers[rng.integers(len(makers))](rng)


def _size(rng: np.random.Generator) -> tuple[float, float, float]:
    x, y, z = rng.uniform(0.12, 0.35), rng.uniform(0.15, 0.6), rng.uniform(0.12, 0.3)
    return float(x), float(y), float(z)


def carton(rng: np.random.Generator) -> list[Part]:
    """Return a carton: closed and taped, printed, or open with its flaps out."""
    x, height, z = _size(rng)
    card = Finish.plain((int(rng.uniform(170, 205)), 150, 105))
    if rng.random() < 0.4:
        card = palette.printed(rng, max(2 * x, height))
    if rng.random() < 0.5:
        tape = Finish.plain((205, 190, 150), 0.3)
        low = (-x * 1.002, height * 0.7, -0.03)
        band = block(tape, low, (x * 1.002, height * 1.002, 0.03))
        return [block(card, (-x, 0, -z), (x, height, z)), band]
    wall = max(0.022 * max(2 * x, height, 2 * z), 0.006)
    parts = hollow(card, x, height, z, wall)
    for s in SIDES:
        flap = [block(card, (-x * 0.98, -wall, -wall), (x * 0.98, z * rng.uniform(0.8, 1), 0))]
        turn = about("x", s * rng.uniform(20, 130))
        parts += moved(moved(flap, turn), at(0, height, s * (z - wall * 0.3)))
        flap = [block(card, (-wall, -wall, -z * 0.98), (0, x * rng.uniform(0.5, 0.8), z * 0.98))]
        turn = about("z", -s * rng.uniform(20, 130))
        parts += moved(moved(flap, turn), at(s * (x - wall * 0.3), height, 0))
    return parts


def crate(rng: np.random.Generator) -> list[Part]:
    """Return a wooden crate: boards with gaps round an open box, or a closed one with battens."""
    x, height, z = _size(rng)
    wood, thick = palette.wood(rng, 0.1), 0.02
    batten = rng.uniform(0.03, 0.06)
    parts = []
    if rng.random() < 0.5:
        parts.append(block(wood, (-x, 0, -z), (x, height, z)))
        dark, out = palette.shaded(wood, rng), thick * 0.6
        for sx in SIDES:
            for sz in SIDES:
                near = sorted((sx * (x - batten), sx * (x + out)))
                far = sorted((sz * (z - batten), sz * (z + out)))
                parts.append(block(dark, (near[0], 0, far[0]), (near[1], height, far[1])))
        for y in (0.0, height - batten):
            rings = [
                rectangle(2 * (x + out), 2 * (z + out)),
                rectangle(2 * (x - batten), 2 * (z - batten)),
            ]
            lift = out if y else -out
            parts.append(plate(dark, rings, (0, y + lift, 0), batten))
        return parts
    rows = int(rng.integers(2, 6))
    pitch = height / rows
    rings = [rectangle(2 * x, 2 * z), rectangle(2 * (x - thick), 2 * (z - thick))]
    for row in range(rows):
        parts.append(plate(wood, rings, (0, row * pitch, 0), pitch * rng.uniform(0.7, 0.85)))
    for sx in SIDES:
        for sz in SIDES:
            near = sorted((sx * (x - thick * 0.9), sx * (x - thick - batten)))
            far = sorted((sz * (z - thick * 0.9), sz * (z - thick - batten)))
            parts.append(block(wood, (near[0], 0, far[0]), (near[1], height * 0.99, far[1])))
    return [*parts, block(wood, (-x, 0, -z), (x, thick, z))]


def chest(rng: np.random.Generator) -> list[Part]:
    """Return a chest with a curved or flat lid and iron bands."""
    x, height, z = rng.uniform(0.25, 0.5), rng.uniform(0.3, 0.5), rng.uniform(0.18, 0.28)
    wood, iron = palette.wood(rng), palette.metal(rng)
    parts = [block(wood, (-x, 0, -z), (x, height, z))]
    rise = rng.choice([0.04, 0.6]) * z
    lid = disc(wood, (0, 0, 0), 2 * x, z).moved(about("z", -90))
    if rise > 0.05:
        parts.append(lid.moved(at(-x, height, 0)))
    else:
        parts.append(
            block(
                palette.shaded(wood, rng),
                (-x - 0.01, height, -z - 0.01),
                (x + 0.01, height + 0.05, z + 0.01),
            )
        )
    for s in SIDES:
        spot = s * x * rng.uniform(0.5, 0.8)
        parts.append(
            block(iron, (spot - 0.03, 0, -z - 0.006), (spot + 0.03, height + 0.001, z + 0.006))
        )
        if rise > 0.05:
            band = disc(iron, (0, 0, 0), 0.06, z + 0.006).moved(about("z", -90))
            parts.append(band.moved(at(spot - 0.03, height, 0)))
    return [*parts, block(iron, (-0.05, height * 0.75, z - 0.01), (0.05, height + 0.02, z + 0.02))]


def parcel(rng: np.random.Generator) -> list[Part]:
    """Return a wrapped present with ribbons and a bow."""
    x, height, z = _size(rng)
    height = min(height, 0.4)
    ribbon, wrap = palette.paint(rng), palette.patterned(rng)
    wide = 0.1 * min(x, z) + 0.01
    parts = [block(wrap, (-x, 0, -z), (x, height, z))]
    parts.append(block(ribbon, (-wide, -0.001, -z - 0.004), (wide, height + 0.004, z + 0.004)))
    parts.append(block(ribbon, (-x - 0.004, -0.001, -wide), (x + 0.004, height + 0.003, wide)))
    size = 0.3 * min(x, z) + 0.02
    for s in SIDES:
        loop = hoop(ribbon, (0, 0, 0), size * 0.7, size * 0.22, "z").moved(about("z", s * 30))
        parts.append(loop.moved(at(s * size * 0.75, height + 0.45 * size, 0)))
    return [*parts, ball(ribbon, (0, height + 0.25 * size, 0), (0.35 * size,) * 3)]


def suitcase(rng: np.random.Generator) -> list[Part]:
    """Return a suitcase or bag with a grip, sometimes with wheels and a pull-out bar."""
    x, height, z = rng.uniform(0.2, 0.35), rng.uniform(0.35, 0.7), rng.uniform(0.08, 0.14)
    finish, dark = palette.fabric(rng), palette.BLACK
    lift = 0.05 if rng.random() < 0.5 else 0.0
    parts = [cushion(finish, (-x, lift, -z), (x, lift + height, z), z * rng.uniform(0.2, 0.8))]
    top = lift + height
    grip = [
        (-0.1, top - 0.02, 0.0),
        (-0.1, top + 0.05, 0.0),
        (0.1, top + 0.05, 0.0),
        (0.1, top - 0.02, 0.0),
    ]
    parts += pipe(dark, grip, 0.011, 0.03)
    seam = (-x - 0.004, lift - 0.004, -0.012), (x + 0.004, top + 0.004, 0.012)
    parts.append(cushion(dark, *seam, 0.011))
    if lift:
        for sx in SIDES:
            for sz in SIDES:
                spot = (sx * x * 0.7, 0.0, sz * z * 0.4)
                parts.append(disc(dark, spot, lift + 0.6 * z, 0.026, 0.02))
        if rng.random() < 0.5:
            bar = [
                (-0.12, top - 0.05, 0.6 * -z),
                (-0.12, top + 0.35, 0.6 * -z),
                (0.12, top + 0.35, 0.6 * -z),
                (0.12, top - 0.05, 0.6 * -z),
            ]
            parts += pipe(palette.metal(rng), bar, 0.01, 0.03)
    return parts
