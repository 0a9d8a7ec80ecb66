"""Loudspeakers, hi-fi sets and radios."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, ball, block, cushion, disc, rod
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.solids.torus import Torus


def loudspeaker(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random loudspeaker or radio."""
    return (case, case, case, round_, radio)[rng.integers(5)](rng)


def driver(rng: np.random.Generator, spot: tuple[float, float, float], radius: float) -> list[Part]:
    """Return a round driver that faces the front: a ring, a cone and a cap."""
    ring, cone = palette.metal(rng), Finish.plain((48, 48, 52))
    turn = about("x", 90)
    place = at(*spot)
    surround = Part(Torus(ring=radius * 0.92, tube=radius * 0.1, around=8), ring)
    membrane = disc(cone, (0, -radius * 0.05, 0), radius * 0.08, radius * 0.95)
    cap = ball(cone, (0, 0.02 * radius, 0), (0.35 * radius, 0.16 * radius, 0.35 * radius))
    return [part.moved(turn).moved(place) for part in (surround, membrane, cap)]


def case(rng: np.random.Generator) -> list[Part]:
    """Return a box with drivers or a grille, on feet, a stand or the floor."""
    width = rng.uniform(0.15, 0.4)
    height, depth = width * rng.uniform(1.2, 4.0), width * rng.uniform(0.8, 1.3)
    finish = palette.wood(rng) if rng.random() < 0.6 else palette.paint(rng)
    x, z = width / 2, depth / 2
    low = float(rng.choice([0.0, 0.0, 0.03, rng.uniform(0.4, 0.7)]))
    low = low if low < 0.2 or height < 0.6 else 0.0
    edge = rng.uniform(0.005, 0.05) * width
    parts = [cushion(finish, (-x, low, -z), (x, low + height, z), edge)]
    if rng.random() < 0.35:
        cover = (
            (-0.92 * x, low + 0.04 * height, z * 0.9),
            (0.92 * x, low + 0.96 * height, z + 0.02 * width),
        )
        parts.append(block(palette.grille(rng), *cover))
    else:
        y, room = low + 0.08 * height, 0.9 * height
        radius = 0.4 * width * rng.uniform(0.8, 1.05)
        while room > 2 * radius:
            parts += driver(rng, (0, y + radius, z), radius)
            y, room = y + 2.1 * radius, room - 2.1 * radius
            if rng.random() < 0.6:
                radius *= rng.uniform(0.4, 0.8)
            if radius < 0.07 * width:
                break
    if low > 0.1:
        post = 0.02 * (low + height) + 0.008
        parts.append(rod(palette.BLACK, (0, 0.01, 0), (0, low + 0.02, 0), post))
        parts.append(block(palette.BLACK, (-0.9 * x, 0, -0.9 * z), (0.9 * x, 0.02, 0.9 * z)))
    elif low:
        for sx in SIDES:
            for sz in SIDES:
                parts.append(
                    disc(
                        palette.BLACK,
                        (0.8 * sx * x, 0, 0.8 * sz * z),
                        low * 1.2,
                        0.05 * width + 0.008,
                    )
                )
    return parts


def round_(rng: np.random.Generator) -> list[Part]:
    """Return a round wireless speaker: an upright or lying drum, or a ball."""
    radius, finish = rng.uniform(0.05, 0.12), palette.grille(rng)
    trim, kind = palette.paint(rng), rng.integers(3)
    if kind == 0:
        height = radius * rng.uniform(1.2, 4)
        parts = [disc(finish, (0, 0.02, 0), height, radius)]
        return [
            *parts,
            disc(trim, (0, 0, 0), 0.03, 0.95 * radius),
            disc(trim, (0, height, 0), 0.03, 0.97 * radius),
        ]
    if kind == 1:
        body = ball(finish, (0, radius, 0), (radius,) * 3)
        return [body, disc(trim, (0, 0, 0), 0.3 * radius, 0.6 * radius)]
    half = radius * rng.uniform(1.5, 3)
    parts = [rod(finish, (-half, radius, 0), (half, radius, 0), radius)]
    for s in SIDES:
        parts.append(
            rod(
                trim,
                (s * half, radius, 0),
                (s * half * 1.08, radius, 0),
                radius * 1.02,
                0.8 * radius,
            )
        )
    parts.append(
        block(trim, (-0.5 * half, 0, -0.4 * radius), (0.5 * half, 0.3 * radius, 0.4 * radius))
    )
    return parts


def radio(rng: np.random.Generator) -> list[Part]:
    """Return a radio or a set with one or two speakers, knobs, a grip or an aerial."""
    width = rng.uniform(0.25, 0.5)
    height, depth = width * rng.uniform(0.4, 0.7), width * rng.uniform(0.2, 0.4)
    finish, x, z = palette.wood(rng, 0.4), width / 2, depth / 2
    parts = [cushion(finish, (-x, 0, -z), (x, height, z), 0.3 * min(z, 0.3 * height))]
    radius = 0.32 * height
    for spot in [-0.6 * x, 0.6 * x] if rng.random() < 0.6 else [-0.45 * x]:
        parts += driver(rng, (spot, 0.5 * height, z), radius)
    dial = (-0.22 * x, 0.55 * height, z * 0.9), (0.25 * x, 0.85 * height, z + 0.008 * width)
    parts.append(block(Finish.plain((206, 198, 160), 0.3), *dial))
    for spot in (-0.15, 0.02, 0.19):
        knob = disc(palette.metal(rng), (0, 0, 0), 0.04 * width, 0.035 * width).moved(
            about("x", 90)
        )
        parts.append(knob.moved(at(spot * x, 0.25 * height, z - 0.005)))
    if rng.random() < 0.5:
        y = height * 1.35
        line = [
            (-0.8 * x, 0.9 * height, 0),
            (-0.8 * x, y, 0),
            (0.8 * x, y, 0),
            (0.8 * x, 0.9 * height, 0),
        ]
        parts += pipe(palette.metal(rng), line, 0.012 * width + 0.002, 0.1 * width)
    elif rng.random() < 0.5:
        tip = (0.9 * x + 0.3 * width, height * 1.9, -0.5 * z)
        parts.append(
            rod(palette.metal(rng), (0.8 * x, 0.9 * height, -0.5 * z), tip, 0.009 * width + 0.002)
        )
    return parts
