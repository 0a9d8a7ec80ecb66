"""Tables: dining, coffee, side and console tables, and desks."""

import numpy as np

from onet_cli.preprocessing.procedural import legs, palette
from onet_cli.preprocessing.procedural.assembly import Colour, Part
from onet_cli.preprocessing.procedural.joinery import SIDES, block, cushion, slab
from onet_cli.preprocessing.procedural.solids.prism import oval

KINDS = {
    "dining": ((1.0, 2.0), (0.7, 1.1), (0.68, 0.8)),
    "square": ((0.6, 1.1), (0.6, 1.1), (0.5, 0.8)),
    "coffee": ((0.7, 1.4), (0.45, 0.8), (0.28, 0.5)),
    "side": ((0.35, 0.6), (0.35, 0.6), (0.4, 0.75)),
    "console": ((0.8, 1.5), (0.3, 0.45), (0.7, 0.95)),
    "bar": ((0.5, 0.8), (0.5, 0.8), (0.9, 1.15)),
}
"""Ranges of width, depth and height in metres."""

RECTANGULAR: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.straight, legs.splayed, legs.trestle, legs.slabs, legs.sled,
    legs.crossed, legs.hairpin, legs.pedestal,
)  # fmt: skip
ROUND: tuple[legs.Maker, ...] = (
    legs.pedestal, legs.pedestal, legs.star, legs.splayed, legs.straight, legs.hairpin,
)  # fmt: skip

SHELVED: tuple[legs.Maker, ...] = (legs.straight, legs.slabs, legs.trestle, legs.pedestal)
"""Legs that a low shelf can be fixed to."""


def table(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some table."""
    if rng.random() < 0.15:
        return desk(rng)
    kind = list(KINDS)[rng.integers(len(KINDS))]
    width, depth, height = (float(rng.uniform(*span)) for span in KINDS[kind])
    if kind in ("square", "side", "bar") and rng.random() < 0.6:
        depth = width
    colour, thin = palette.material(rng), 0.024 * max(width, depth, height)
    frame = palette.shaded(colour, rng) if rng.random() < 0.6 else palette.material(rng)
    thick = max(thin, float(rng.choice([rng.uniform(0.02, 0.04), rng.uniform(0.03, 0.09)])))
    curved = rng.random() < (0.45 if kind != "console" else 0.1)
    parts = [top(rng, colour, (width, height, depth), thick, curved)]
    share = 0.68 if curved else 0.97
    under = legs.Footprint(width * share, depth * share, height - thick * 0.6, thin)
    makers = ROUND if curved else RECTANGULAR
    maker = makers[rng.integers(len(makers))]
    parts += maker(rng, frame, under)
    if not curved and rng.random() < 0.35:
        parts += apron(rng, frame, under, thick)
    if maker in SHELVED and rng.random() < 0.25:
        parts.append(low_shelf(rng, frame, under))
    return parts


def top(
    rng: np.random.Generator,
    colour: Colour,
    size: tuple[float, float, float],
    thick: float,
    curved: bool,
) -> Part:
    """Return the table top, its upper side at the height `size[1]`."""
    width, height, depth = size
    if curved:
        power = 2.0 if rng.random() < 0.7 else rng.uniform(2.3, 5)
        bevel = rng.choice([1.0, 1.0, rng.uniform(0.93, 1.04)])
        outline = oval(width, depth, power=power, corners=48)
        return slab(colour, outline, (0, height - thick, 0), thick, scale=bevel)
    low, high = (-width / 2, height - thick, -depth / 2), (width / 2, height, depth / 2)
    if rng.random() < 0.15:
        return cushion(colour, low, high, thick * 0.45)
    return block(colour, low, high)


def apron(
    rng: np.random.Generator, colour: Colour, under: legs.Footprint, thick: float
) -> list[Part]:
    """Return a closed frame under the top, at times with a drawer."""
    thin = under.thin
    inset, drop = rng.uniform(0.03, 0.08), rng.uniform(0.05, 0.13) * under.top + thin
    x, z = under.width / 2 - inset, under.depth / 2 - inset
    low = under.top - drop
    parts = [block(colour, (-x, low, -z), (x, under.top, z))]
    if rng.random() < 0.4:
        face, gap = palette.shaded(colour, rng), 0.15 * drop
        high = max(under.top - thick * 0.4, low + gap + thin)
        lower = (-x * 0.8, low + gap, z - thin)
        parts.append(block(face, lower, (x * 0.8, high, z + thin / 2)))
    return parts


def low_shelf(rng: np.random.Generator, colour: Colour, under: legs.Footprint) -> Part:
    """Return a board near the floor that reaches into the legs."""
    y = under.top * rng.uniform(0.15, 0.4)
    x, z = under.width / 2 - 0.3 * under.thin, under.depth / 2 - 0.3 * under.thin
    return block(palette.shaded(colour, rng), (-x, y, -z), (x, y + under.thin, z))


def desk(rng: np.random.Generator) -> list[Part]:
    """Return a desk: a top with one or two blocks of drawers."""
    width, depth, height = rng.uniform(1.0, 1.7), rng.uniform(0.5, 0.8), rng.uniform(0.7, 0.78)
    colour, thin = palette.material(rng), 0.024 * width
    front = palette.shaded(colour, rng) if rng.random() < 0.6 else palette.material(rng)
    knob = palette.metal(rng)
    thick = max(thin, rng.uniform(0.025, 0.05))
    x, z = width / 2, depth / 2
    parts = [block(colour, (-x, height - thick, -z), (x, height, z))]
    chest, inset = rng.uniform(0.24, 0.36) * width, rng.choice([0.0, 0.03])
    sides = [(-1,), (1,), (-1, 1)][rng.integers(3)]
    foot = rng.choice([0.0, 0.05, height * 0.45])
    under = legs.Footprint(2 * (x - inset), 2 * (z - inset), height - thick / 2, thin)
    parts += (legs.slabs if rng.random() < 0.5 and foot < 0.1 else legs.straight)(
        rng, colour, under
    )
    for side in SIDES:
        if side not in sides:
            continue
        near, far = sorted((side * (x - inset - thin * 0.2), side * (x - inset - chest)))
        parts.append(block(colour, (near, foot, -z * 0.93), (far, height - thick / 2, z * 0.93)))
        rows = int(rng.integers(1, 5)) if foot < 0.1 else 1
        pitch = (height - thick - foot) / rows
        for row in range(rows):
            low = foot + row * pitch + 0.06 * pitch
            high = low + 0.88 * pitch
            face = (near + 0.02, low, z * 0.9), (far - 0.02, high, z * 0.93 + thin * 0.6)
            parts.append(block(front, *face))
            grip, middle = chest * 0.15, (near + far) / 2
            y, out = (low + high) / 2, z * 0.93 + thin
            bar = (middle - grip, y - thin / 2, z * 0.93), (middle + grip, y + thin / 2, out + thin)
            parts.append(block(knob, *bar))
    return parts
