"""Benches and stools."""

import numpy as np

from onet_cli.preprocessing.procedural import legs, palette
from onet_cli.preprocessing.procedural.assembly import Part, moved
from onet_cli.preprocessing.procedural.furniture import backs
from onet_cli.preprocessing.procedural.joinery import (
    SIDES,
    ball,
    block,
    cushion,
    disc,
    leg,
    path,
    ring_points,
    slab,
)
from onet_cli.preprocessing.procedural.solids.pose import about, at
from onet_cli.preprocessing.procedural.solids.prism import oval

BENCH_LEGS: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.splayed, legs.trestle, legs.slabs, legs.sled, legs.crossed,
    legs.hairpin,
)  # fmt: skip
STOOL_LEGS: tuple[legs.Maker, ...] = (
    legs.straight, legs.splayed, legs.splayed, legs.star, legs.pedestal, legs.sled, legs.hairpin,
)  # fmt: skip


def bench(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some bench: a board, planks or a pad on legs, often with a back."""
    width, depth, height = rng.uniform(0.9, 1.9), rng.uniform(0.3, 0.5), rng.uniform(0.38, 0.5)
    colour, thin = palette.material(rng), 0.025 * width
    thick, x, z = max(thin, rng.uniform(0.03, 0.08)), width / 2, depth / 2
    kind = rng.integers(4)
    parts: list[Part] = []
    if kind == 0:
        parts.append(block(colour, (-x, height - thick, -z), (x, height, z)))
    elif kind == 1:
        thick = max(thin, rng.uniform(0.05, 0.14))
        low, high = (-x, height - thick, -z), (x, height, z)
        parts.append(cushion(palette.fabric(rng), low, high, thick * 0.45))
    elif kind == 2:
        thick = height * rng.uniform(0.5, 0.9)
        parts.append(block(colour, (-x, height - thick, -z), (x, height - thin, z)))
        pad = (-x, height - thin * 1.4, -z), (x, height + thin, z)
        parts.append(cushion(palette.fabric(rng), *pad, thin * 0.8))
    else:
        count = int(rng.integers(2, 5))
        pitch = depth / count
        for k in range(count):
            near = -z + k * pitch
            low = (-x, height - thin, near + pitch * 0.1)
            parts.append(block(colour, low, (x, height, near + pitch * 0.9)))
        thick = thin
        for side in SIDES:
            bar = side * x * 0.8
            low = (bar - thin / 2, height - 1.8 * thin, -z * 0.95)
            parts.append(block(colour, low, (bar + thin / 2, height - thin / 2, z * 0.95)))
    under = legs.Footprint(width * 0.94, depth * 0.94, height - thick * 0.7, thin)
    parts += legs.choose(rng, palette.shaded(colour, rng), under, BENCH_LEGS)
    if rng.random() < 0.5:
        parts += bench_back(rng, parts[0], (width, height, depth), thin)
    return parts


def bench_back(
    rng: np.random.Generator, like: Part, size: tuple[float, float, float], thin: float
) -> list[Part]:
    """Return a back of the seat's colour, at times with arms."""
    width, height, depth = size
    colour = like.colour
    panel = backs.Panel(width, rng.uniform(0.3, 0.55), thin, colour, palette.shaded(colour, rng))
    lean = about("x", -rng.uniform(0, 14)).then(at(0, height - thin, -depth / 2 + thin * 0.6))
    parts = moved(backs.choose(rng, panel), lean)
    if rng.random() < 0.5:
        x, z, up = width / 2 - thin / 2, depth / 2, height + rng.uniform(0.15, 0.22)
        for side in SIDES:
            low, high = side * x - thin * 0.6, side * x + thin * 0.6
            parts.append(block(colour, (low, up - thin, -z - 0.03), (high, up, z)))
            foot = (side * x, height - thin, z - thin)
            parts.append(leg(colour, foot, (side * x, up - thin / 2, z - thin), thin))
    return parts


def stool(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some stool or pouf."""
    if rng.random() < 0.15:
        return pouf(rng)
    height = float(rng.choice([rng.uniform(0.35, 0.5), rng.uniform(0.6, 0.82)]))
    width, thin = rng.uniform(0.28, 0.42), 0.027 * max(height, 0.45)
    depth = width * float(rng.choice([1.0, 1.0, rng.uniform(0.7, 1.0)]))
    thick = max(thin, rng.uniform(0.02, 0.1))
    colour = palette.material(rng)
    cover = palette.fabric(rng) if rng.random() < 0.5 else palette.shaded(colour, rng)
    low, x, z = height - thick, width / 2, depth / 2
    round_ = rng.random() < 0.55
    if round_:
        bevel = rng.uniform(0.85, 1.05)
        seat = slab(cover, oval(width, depth), (0, low, 0), thick, scale=bevel)
    elif rng.random() < 0.5:
        seat = block(cover, (-x, low, -z), (x, height, z))
    else:
        seat = cushion(cover, (-x, low, -z), (x, height, z), thick * 0.45)
    share = 0.72 if round_ else 0.96
    under = legs.Footprint(width * share, depth * share, height - thick * 0.6, thin)
    maker = STOOL_LEGS[rng.integers(len(STOOL_LEGS))]
    parts = [seat, *maker(rng, colour, under)]
    if height > 0.55 and maker in (legs.star, legs.pedestal) and rng.random() < 0.7:
        ring = ring_points(width * 0.38, height * rng.uniform(0.25, 0.4))
        parts += path(colour, ring, thin * 0.5)
        radius, level = width * 0.38, float(ring[0][1])
        for end in SIDES:
            spoke = (0.0, level, 0.0), (end * radius, level, 0.0)
            parts += path(colour, spoke, thin * 0.5)
    return parts


def pouf(rng: np.random.Generator) -> list[Part]:
    """Return a soft seat that stands on the floor."""
    width, height, colour = rng.uniform(0.35, 0.6), rng.uniform(0.3, 0.48), palette.fabric(rng)
    x = width / 2
    kind = rng.integers(3)
    if kind == 0:
        return [cushion(colour, (-x, 0, -x), (x, height, x), height * rng.uniform(0.1, 0.45))]
    if kind == 1:
        lid = disc(palette.shaded(colour, rng), (0, height * 0.8, 0), height * 0.2, x * 1.02)
        return [disc(colour, (0, 0, 0), height * 0.81, x), lid]
    band = disc(colour, (0, height * 0.12, 0), height * 0.76, x * 0.8)
    return [band, ball(colour, (0, height / 2, 0), (x, height / 2, x))]
