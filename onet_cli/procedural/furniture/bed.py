"""Beds: single and double, with headboards, posts, bunks."""

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pillow, pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.furniture import backs, fillings
from onet_cli.procedural.joinery import SIDES, block, cushion, leg
from onet_cli.procedural.solids.pose import at

FEET: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.splayed, legs.lathed, bases.plinth, bases.panels,
)  # fmt: skip
BOARDS: tuple[backs.Maker, ...] = (
    backs.plain, backs.plain, backs.padded, backs.medallion, backs.bent, fillings.slats,
    fillings.spindles, fillings.framed, fillings.ladder, fillings.cross,
)  # fmt: skip


def bed(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random bed; the foot end faces the front."""
    width, length = rng.uniform(0.85, 1.9), rng.uniform(1.85, 2.15)
    finish, thin = palette.wood(rng), 0.0145 * length
    choice = rng.random()
    if choice < 0.12:
        return bunk(rng, finish, min(width, 1.1), length)
    if choice < 0.22:
        return cot(rng, finish)
    if choice < 0.5:
        finish = palette.fabric(rng) if choice < 0.42 else palette.metal(rng)
    low = float(rng.choice([0.02, rng.uniform(0.08, 0.3)]))
    frame = low + rng.uniform(0.05, 0.28)
    parts = lying(rng, finish, (width, length), (low, frame))
    if low > 0.05:
        under = legs.Footprint(width, length, low + 0.02, thin * 1.5)
        parts += legs.choose(rng, finish, under, FEET)
    parts += boards(rng, finish, width, length, frame)
    if rng.random() < 0.1:
        parts += posts(finish, width, length, rng.uniform(1.5, 2.0))
    return parts


def lying(
    rng: np.random.Generator,
    finish: Finish,
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
    parts = [block(finish, (-x, low, -z), (x, rim, z))]
    inner = (-x * 0.97, rim - sunk, -z * 0.98), (x * 0.97, bed_top, z * 0.98)
    parts.append(cushion(sheet, *inner, rng.uniform(0.03, 0.09)))
    if rng.random() < 0.6:
        start, thick = -z + rng.uniform(0.5, 1.2), rng.uniform(0.02, 0.05)
        fall = rim + rng.uniform(-0.6, 0.3) * (rim - low)
        lower = (-x * 1.02, fall, start)
        parts.append(cushion(cover, lower, (x * 1.02, bed_top + thick, z * 1.005), 0.05))
        if rng.random() < 0.3:
            fold = (
                (-x * 1.025, bed_top - 0.05, start - 0.02),
                (x * 1.025, bed_top + thick + 0.015, start + 0.25),
            )
            parts.append(cushion(palette.shaded(sheet, rng), *fold, 0.03))
    if rng.random() < 0.85:
        parts += pillows(rng, sheet, x, z, bed_top)
    return parts


def pillows(rng: np.random.Generator, sheet: Finish, x: float, z: float, top: float) -> list[Part]:
    """Return one pillow, or two or four on a wide bed, at the head end."""
    finish, deep, high = palette.shaded(sheet, rng), rng.uniform(0.3, 0.45), rng.uniform(0.1, 0.16)
    spots, half = ([-x / 2, x / 2], x * 0.42) if x > 0.6 else ([0.0], x * 0.7)
    parts, round_ = [], rng.random() < 0.6
    for row in range(int(rng.integers(1, 3))):
        near, y = -z + 0.05 + row * 0.7 * deep, top - 0.03
        for spot in spots:
            size = half * (0.8 if row else 1.0)
            lower = (spot - size, y, near)
            upper = (spot + size, y + high * (0.8 if row else 1.0), near + deep)
            one = (
                pillow(finish, lower, upper, 5, 2)
                if round_
                else cushion(finish, lower, upper, high * 0.38)
            )
            parts.append(one)
        finish = palette.fabric(rng)
    return parts


def boards(
    rng: np.random.Generator, finish: Finish, width: float, length: float, rim: float
) -> list[Part]:
    """Return a headboard, mostly, and sometimes a footboard of the same kind."""
    thin, parts = 0.0145 * length, []
    style = BOARDS[rng.integers(len(BOARDS))]
    for end, chance in ((-1, 0.9), (1, 0.35)):
        if rng.random() > chance:
            continue
        height = rim + (rng.uniform(0.3, 0.9) if end < 0 else rng.uniform(0.05, 0.4))
        over = rng.uniform(0, 0.02)  # less than a post, so that the frame reaches the posts
        board = backs.Panel(width + 2 * over, height, thin, finish, palette.shaded(finish, rng))
        parts += moved(style(rng, board), at(0, 0, end * (length / 2 + thin * 0.2)))
    return parts


def posts(finish: Finish, width: float, length: float, height: float) -> list[Part]:
    """Return four posts and the frame of a canopy."""
    half = 0.0125 * length
    x, z = width / 2, length / 2
    parts = [
        leg(finish, (sx * x, 0, sz * z), (sx * x, height, sz * z), 2 * half)
        for sx in SIDES
        for sz in SIDES
    ]
    low, high = height - 1.9 * half, height - 0.1 * half
    for side in SIDES:
        parts.append(
            block(finish, (side * x - half * 0.9, low, -z), (side * x + half * 0.9, high, z))
        )
        parts.append(
            block(finish, (-x, low, side * z - half * 0.8), (x, high, side * z + half * 0.8))
        )
    return parts


def bunk(rng: np.random.Generator, finish: Finish, width: float, length: float) -> list[Part]:
    """Return two beds above each other between four posts, with a ladder."""
    first, gap = rng.uniform(0.2, 0.4), rng.uniform(0.85, 1.1)
    parts = posts(finish, width, length, first + gap + rng.uniform(0.4, 0.6))
    for low in (first, first + gap):
        parts += lying(rng, finish, (width, length), (low, low + 0.14))
    half = 0.0085 * length
    x = width / 2 + 0.8 * half
    side, z = float(rng.choice(SIDES)), length / 2 * rng.uniform(0.2, 0.7)
    for end in SIDES:
        foot = (side * x, 0.0, z + end * 0.2)
        parts.append(leg(finish, foot, (side * x, first + gap + 0.2, foot[2]), 2 * half))
    for k in range(5):
        y = (first + gap) * (k + 1) / 6
        lower = (side * x - half * 0.9, y - half, z - 0.2)
        parts.append(block(finish, lower, (side * x + half * 0.9, y + half, z + 0.2)))
    return parts


def cot(rng: np.random.Generator, finish: Finish) -> list[Part]:
    """Return a child's bed between four barred sides, on legs or rockers."""
    width, length, high = rng.uniform(0.6, 0.8), rng.uniform(1.2, 1.4), rng.uniform(0.8, 1.0)
    low, bar, x, z = rng.uniform(0.2, 0.45), 0.012, width / 2, length / 2
    parts = [block(finish, (-x, low, -z), (x, low + 0.04, z))]
    pad = (-x * 0.97, low + 0.03, -z * 0.98), (x * 0.97, low + rng.uniform(0.1, 0.16), z * 0.98)
    parts.append(cushion(palette.fabric(rng), *pad, 0.03))
    for sx in SIDES:
        for sz in SIDES:
            parts.append(leg(finish, (sx * x, 0, sz * z), (sx * x, high, sz * z), 0.045))
    count, round_ = int(rng.integers(7, 13)), rng.random() < 0.5
    for s in SIDES:
        for y in (low + 0.02, high - 0.03):
            parts.append(block(finish, (s * x - bar, y - 0.02, -z), (s * x + bar, y + 0.02, z)))
            parts.append(block(finish, (-x, y - 0.02, s * z - bar), (x, y + 0.02, s * z + bar)))
        for k in range(count):
            spot = -z + (k + 0.5) * 2 * z / count
            parts.append(
                leg(finish, (s * x, low, spot), (s * x, high - 0.03, spot), 0.02, round_=round_)
            )
        for k in range(count // 2):
            spot = -x + (k + 0.5) * 2 * x / (count // 2)
            parts.append(
                leg(finish, (spot, low, s * z), (spot, high - 0.03, s * z), 0.02, round_=round_)
            )
    if rng.random() < 0.3:
        for s in SIDES:
            rocker = [(-x * 1.2, 0.1, s * z), (0.0, 0.014, s * z), (x * 1.2, 0.1, s * z)]
            parts += pipe(finish, rocker, 0.014, 1.0)
    return parts
