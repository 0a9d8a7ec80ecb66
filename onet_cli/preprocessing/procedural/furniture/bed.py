"""Beds: single and double, with headboards, posts, bunks."""

import numpy as np

from onet_cli.preprocessing.procedural import legs, palette
from onet_cli.preprocessing.procedural.assembly import Colour, Part, moved
from onet_cli.preprocessing.procedural.furniture import backs
from onet_cli.preprocessing.procedural.joinery import SIDES, block, cushion, leg
from onet_cli.preprocessing.procedural.solids.pose import at

FEET: tuple[legs.Maker, ...] = (legs.straight, legs.straight, legs.splayed, legs.plinth)


def bed(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some bed; the foot end faces the front."""
    width, length = rng.uniform(0.85, 1.9), rng.uniform(1.85, 2.15)
    colour, thin = palette.wood(rng), 0.025 * length
    if rng.random() < 0.35:
        colour = palette.fabric(rng)
    if rng.random() < 0.12:
        return bunk(rng, colour, min(width, 1.1), length)
    low = float(rng.choice([0.02, rng.uniform(0.08, 0.3)]))
    frame = low + rng.uniform(0.1, 0.28)
    parts = lying(rng, colour, (width, length), (low, frame))
    if low > 0.05:
        under = legs.Footprint(width, length, low + 0.02, thin * 1.3)
        parts += legs.choose(rng, colour, under, FEET)
    parts += boards(rng, colour, width, length, frame)
    if rng.random() < 0.1:
        parts += posts(colour, width, length, rng.uniform(1.5, 2.0))
    return parts


def lying(
    rng: np.random.Generator,
    colour: Colour,
    size: tuple[float, float],
    heights: tuple[float, float],
) -> list[Part]:
    """Return frame, mattress, blanket and pillows; `heights` are the frame's foot and rim."""
    width, length = size
    low, rim = heights
    x, z, pad = width / 2, length / 2, rng.uniform(0.12, 0.28)
    sheet, cover = palette.paint(rng), palette.fabric(rng)
    sunk = rng.uniform(0.02, 0.06)
    bed_top = rim - sunk + pad
    parts = [block(colour, (-x, low, -z), (x, rim, z))]
    inner = (-x * 0.97, rim - sunk, -z * 0.98), (x * 0.97, bed_top, z * 0.98)
    parts.append(cushion(sheet, *inner, rng.uniform(0.03, 0.09)))
    if rng.random() < 0.6:
        start, thick = -z + rng.uniform(0.5, 1.2), rng.uniform(0.02, 0.04)
        lower = (-x * 1.02, rim + 0.02, start)
        parts.append(cushion(cover, lower, (x * 1.02, bed_top + thick, z * 0.995), 0.05))
    if rng.random() < 0.85:
        parts += pillows(rng, sheet, x, z, bed_top)
    return parts


def pillows(rng: np.random.Generator, sheet: Colour, x: float, z: float, top: float) -> list[Part]:
    """Return one pillow, or two on a wide bed, at the head end."""
    colour, deep, high = palette.shaded(sheet, rng), rng.uniform(0.3, 0.45), rng.uniform(0.1, 0.16)
    spots, half = ([-x / 2, x / 2], x * 0.42) if x > 0.6 else ([0.0], x * 0.7)
    return [
        cushion(
            colour,
            (spot - half, top - 0.03, -z + 0.05),
            (spot + half, top + high - 0.03, -z + 0.05 + deep),
            high * 0.48,
        )
        for spot in spots
    ]


def boards(
    rng: np.random.Generator, colour: Colour, width: float, length: float, rim: float
) -> list[Part]:
    """Return a headboard, mostly, and at times a footboard."""
    thin, parts = 0.025 * length, []
    for end, chance in ((-1, 0.9), (1, 0.3)):
        if rng.random() > chance:
            continue
        height = rim + (rng.uniform(0.3, 0.9) if end < 0 else rng.uniform(0.05, 0.35))
        over = rng.uniform(0, 0.02)  # less than a post, so that the frame reaches the posts
        board = backs.Panel(width + 2 * over, height, thin, colour, palette.shaded(colour, rng))
        makers = (backs.plain, backs.padded, backs.slats, backs.framed, backs.ladder)
        style = makers[rng.integers(len(makers))]
        parts += moved(style(rng, board), at(0, 0, end * (length / 2 + thin * 0.2)))
    return parts


def posts(colour: Colour, width: float, length: float, height: float) -> list[Part]:
    """Return four posts and the frame of a canopy."""
    half = 0.016 * length
    x, z = width / 2, length / 2
    parts = [
        leg(colour, (sx * x, 0, sz * z), (sx * x, height, sz * z), 2 * half)
        for sx in SIDES
        for sz in SIDES
    ]
    low, high = height - 1.9 * half, height - 0.1 * half
    for side in SIDES:
        parts.append(
            block(colour, (side * x - half * 0.9, low, -z), (side * x + half * 0.9, high, z))
        )
        parts.append(
            block(colour, (-x, low, side * z - half * 0.8), (x, high, side * z + half * 0.8))
        )
    return parts


def bunk(rng: np.random.Generator, colour: Colour, width: float, length: float) -> list[Part]:
    """Return two beds above each other between four posts, with a ladder."""
    first, gap = rng.uniform(0.2, 0.4), rng.uniform(0.85, 1.1)
    parts = posts(colour, width, length, first + gap + rng.uniform(0.4, 0.6))
    for low in (first, first + gap):
        parts += lying(rng, colour, (width, length), (low, low + 0.14))
    half = 0.013 * length
    x = width / 2 + 0.8 * half
    side, z = float(rng.choice(SIDES)), length / 2 * rng.uniform(0.2, 0.7)
    for end in SIDES:
        foot = (side * x, 0.0, z + end * 0.2)
        parts.append(leg(colour, foot, (side * x, first + gap + 0.2, foot[2]), 2 * half))
    for k in range(5):
        y = (first + gap) * (k + 1) / 6
        lower = (side * x - half * 0.9, y - half, z - 0.2)
        parts.append(block(colour, lower, (side * x + half * 0.9, y + half, z + 0.2)))
    return parts
