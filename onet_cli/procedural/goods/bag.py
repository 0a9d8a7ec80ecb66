"""Bags: backpacks, handbags, suitcases and sacks."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pillow, pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, block, cushion, disc, rod
from onet_cli.procedural.turnery import smooth, turned


def bag(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random bag."""
    return (backpack, backpack, handbag, suitcase, sack)[rng.integers(5)](rng)


def grip(finish: Finish, half: float, y: float, rise: float, z: float, radius: float) -> list[Part]:
    """Return a handle over the top, from -`half` to `half` in x."""
    line = [(-half, y, z), (-half, y + rise, z), (half, y + rise, z), (half, y, z)]
    return pipe(finish, line, radius, 0.8 * min(half, rise))


def backpack(rng: np.random.Generator) -> list[Part]:
    """Return a backpack with pockets, straps at its back and a loop on top."""
    cloth, trim = palette.fabric(rng), palette.fabric(rng)
    x = rng.uniform(0.12, 0.18)
    tall, z = x * rng.uniform(2.2, 3.2), x * rng.uniform(0.45, 0.75)
    round_ = rng.uniform(2.6, 6.0)
    parts = [pillow(cloth, (-x, 0, -z), (x, tall, z), 3.5, round_)]
    high = tall * rng.uniform(0.35, 0.6)
    swell = z * rng.uniform(0.35, 0.7)
    pocket = trim if rng.random() < 0.4 else palette.shaded(cloth, rng)
    parts.append(
        pillow(pocket, (-0.8 * x, 0.05 * tall, 0.2 * z), (0.8 * x, high, z + swell), 3.5, 4)
    )
    if rng.random() < 0.5:
        lid = (-0.85 * x, 0.72 * tall, -0.6 * z), (0.85 * x, 1.03 * tall, 1.12 * z)
        parts.append(pillow(palette.shaded(cloth, rng), *lid, 4, 3))
    if rng.random() < 0.4:
        for side in SIDES:
            low, far = sorted((side * 0.6 * x, side * 1.25 * x))
            parts.append(
                pillow(pocket, (low, 0.06 * tall, -0.6 * z), (far, 0.4 * tall, 0.6 * z), 3, 4)
            )
    parts += grip(trim, 0.2 * x, 0.9 * tall, 0.16 * tall, -0.3 * z, 0.07 * x)
    for side in SIDES:
        at_ = side * 0.45 * x
        strap = [
            (at_, 0.88 * tall, -0.5 * z),
            (at_, 0.9 * tall, -1.5 * z),
            (at_ * 1.3, 0.3 * tall, -1.4 * z),
            (at_ * 1.5, 0.08 * tall, -0.5 * z),
        ]
        parts += pipe(trim, strap, 0.08 * x, 0.5 * z)
    return parts


def handbag(rng: np.random.Generator) -> list[Part]:
    """Return a handbag with one or two handles and perhaps a flap."""
    leather, metal = palette.fabric(rng), palette.metal(rng)
    x = rng.uniform(0.12, 0.2)
    tall, z = x * rng.uniform(1.1, 1.7), x * rng.uniform(0.25, 0.5)
    parts = [pillow(leather, (-x, 0, -z), (x, tall, z), 4, rng.uniform(3, 8))]
    if rng.random() < 0.5:
        flap = (-0.96 * x, 0.45 * tall, 0), (0.96 * x, 1.01 * tall, 1.12 * z)
        parts.append(cushion(palette.shaded(leather, rng), *flap, 0.1 * z))
        clasp = (-0.1 * x, 0.48 * tall, 1.05 * z), (0.1 * x, 0.6 * tall, 1.2 * z)
        parts.append(block(metal, *clasp))
    rise = tall * rng.uniform(0.3, 0.9)
    handle = palette.shaded(leather, rng)
    for place in (-0.4 * z, 0.4 * z) if rng.random() < 0.6 else (0.0,):
        parts += grip(handle, 0.5 * x, 0.8 * tall, rise + 0.2 * tall, place, 0.05 * x)
    return parts


def suitcase(rng: np.random.Generator) -> list[Part]:
    """Return a suitcase, upright on wheels or standing on its edge."""
    shell, metal = palette.paint(rng), palette.metal(rng)
    rolls = rng.random() < 0.6
    x = rng.uniform(0.18, 0.25)
    tall = x * (rng.uniform(2.4, 3.2) if rolls else rng.uniform(1.2, 1.5))
    z = x * rng.uniform(0.4, 0.65)
    low = 0.12 * x if rolls else 0.0
    soft = z * rng.uniform(0.1, 0.5)
    parts = [cushion(shell, (-x, low, -z), (x, low + tall, z), soft)]
    if rng.random() < 0.6:
        for k in range(int(rng.integers(3, 7))):
            at_ = (k - 2.5) * 0.28 * x
            rib = (
                (at_ - 0.05 * x, low + 0.1 * tall, 0.9 * z),
                (at_ + 0.05 * x, low + 0.9 * tall, 1.07 * z),
            )
            if abs(at_) < 0.85 * x:
                parts.append(cushion(palette.shaded(shell, rng), *rib, 0.03 * x))
    parts += grip(palette.BLACK, 0.3 * x, low + 0.95 * tall, 0.05 * tall + 0.12 * x, 0, 0.06 * x)
    if rolls:
        for side in SIDES:
            for end in SIDES:
                wheel = (side * 0.75 * x - 0.05 * x, 0.09 * x, end * 0.7 * z)
                parts.append(rod(palette.BLACK, wheel, (wheel[0] + 0.1 * x, *wheel[1:]), 0.09 * x))
                parts.append(
                    disc(
                        palette.BLACK,
                        (side * 0.75 * x, 0.08 * x, end * 0.7 * z),
                        0.12 * x,
                        0.07 * x,
                    )
                )
        if rng.random() < 0.5:
            y = low + tall
            parts += grip(
                metal,
                0.5 * x,
                y - 0.1 * tall,
                tall * rng.uniform(0.35, 0.6),
                -0.8 * z + soft,
                0.045 * x,
            )
    return parts


def sack(rng: np.random.Generator) -> list[Part]:
    """Return a tied sack or a drawstring pouch."""
    cloth, radius = palette.fabric(rng), rng.uniform(0.1, 0.25)
    tall = radius * rng.uniform(1.6, 2.6)
    knots = [(0.75, 0.0), (1.0, 0.2), (0.95, 0.5), (0.3, 0.82), (0.26, 0.86), (0.5, 1.0)]
    outline = smooth([(r * radius, h * tall) for r, h in knots], 4)
    tie = palette.paint(rng)
    return [turned(cloth, outline), disc(tie, (0, 0.82 * tall, 0), 0.05 * tall, 0.33 * radius)]
