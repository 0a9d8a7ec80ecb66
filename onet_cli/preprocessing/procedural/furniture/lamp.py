"""Lamps: floor, table, desk, arc and hanging lamps."""

from collections.abc import Callable

import numpy as np

from onet_cli.preprocessing.procedural import palette
from onet_cli.preprocessing.procedural.assembly import Colour, Part, moved
from onet_cli.preprocessing.procedural.joinery import ball, block, cushion, disc, path, rod
from onet_cli.preprocessing.procedural.solids.pose import Pose, about, along, at


def shade_colour(rng: np.random.Generator) -> Colour:
    """Return the colour of a lamp shade: mostly pale cloth."""
    if rng.random() < 0.5:
        red, green = rng.uniform(200, 230, 2)
        return (int(red), int(min(red, green)), int(min(red, green) * rng.uniform(0.75, 1.0)))
    return palette.fabric(rng) if rng.random() < 0.6 else palette.paint(rng)


def shade(rng: np.random.Generator, width: float, height: float) -> list[Part]:
    """Return a shade, closed, that stands on the origin: cone, drum, globe, dome, box."""
    colour, kind, radius = shade_colour(rng), rng.integers(7), width / 2
    if kind <= 2:
        return [disc(colour, (0, 0, 0), height, radius, radius * rng.uniform(0.35, 0.85))]
    if kind == 3:
        return [disc(colour, (0, 0, 0), height, radius, radius * rng.uniform(0.93, 1.0))]
    if kind == 4:
        return [ball(colour, (0, height / 2, 0), (radius, height / 2, radius))]
    if kind == 5:
        lower, upper = (-radius, 0, -radius), (radius, height, radius)
        return [cushion(colour, lower, upper, radius * rng.uniform(0.05, 0.3))]
    steps = int(rng.integers(2, 4))
    step = 1.02 * height / steps  # a little into the next one, so that they are one body
    sizes = radius * np.sqrt(1 - (np.arange(steps + 1) / (steps + 0.4)) ** 2)
    return [
        disc(colour, (0, height * k / steps, 0), step, float(sizes[k]), float(sizes[k + 1]))
        for k in range(steps)
    ]


def foot(
    rng: np.random.Generator, colour: Colour, radius: float, thin: float, *, legged: bool = True
) -> list[Part]:
    """Return a base on the floor: disc, cone, square, dome or, if `legged`, tripod."""
    kind, high = rng.integers(5 if legged else 4), max(thin, radius * rng.uniform(0.1, 0.3))
    if kind == 0:
        return [disc(colour, (0, 0, 0), high, radius)]
    if kind == 1:
        return [disc(colour, (0, 0, 0), high * 1.6, radius, radius * rng.uniform(0.2, 0.6))]
    if kind == 2:
        return [block(colour, (-radius, 0, -radius), (radius, high, radius))]
    if kind == 3:
        return [
            disc(colour, (0, 0, 0), thin, radius),
            ball(colour, (0, thin, 0), (radius * 0.6, radius * 0.35, radius * 0.6)),
        ]
    return tripod(rng, colour, radius * 1.4, radius * rng.uniform(0.8, 1.6) + thin, thin)


def tripod(
    rng: np.random.Generator, colour: Colour, reach: float, height: float, thin: float
) -> list[Part]:
    """Return three legs that meet on the axis at `height`."""
    turn, parts = rng.uniform(0, 360), [ball(colour, (0, height, 0), (thin * 0.8,) * 3)]
    for k in range(3):
        angle = np.radians(turn + 120 * k)
        tip = (reach * float(np.cos(angle)), thin * 0.5, reach * float(np.sin(angle)))
        parts.append(rod(colour, tip, (0, height, 0), thin * 0.52))
    return parts


def floor_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a pole on a base with a shade above."""
    height = rng.uniform(1.2, 1.75)
    thin, colour = 0.023 * height, palette.metal(rng) if rng.random() < 0.6 else palette.wood(rng)
    wide, tall = rng.uniform(0.25, 0.6), rng.uniform(0.16, 0.42)
    low = height - tall
    if rng.random() < 0.25:
        parts = tripod(rng, colour, rng.uniform(0.2, 0.35), low * rng.uniform(0.85, 1.0), thin)
        parts.append(rod(colour, (0, low * 0.8, 0), (0, low + tall / 2, 0), thin * 0.52))
    else:
        parts = foot(rng, colour, rng.uniform(0.12, 0.22), thin)
        parts.append(
            rod(colour, (0, 0.01, 0), (0, low + tall / 2, 0), thin * rng.uniform(0.5, 0.7))
        )
    return parts + moved(shade(rng, wide, tall), at(0, low, 0))


def table_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a turned or stacked body with a shade above."""
    body, colour = rng.uniform(0.15, 0.4), palette.paint(rng)
    if rng.random() < 0.5:
        colour = palette.material(rng)
    thin, radius = 0.03 * (body + 0.25), rng.uniform(0.2, 0.5) * body
    kind = rng.integers(5)
    parts = [disc(colour, (0, 0, 0), thin, radius * rng.uniform(0.6, 1.1))]
    if kind == 0:
        parts.append(ball(colour, (0, body / 2, 0), (radius, body / 2, radius)))
    elif kind == 1:
        parts.append(disc(colour, (0, thin / 2, 0), body - thin, radius, radius * 0.35))
    elif kind == 2:
        size = body / 3
        for k in range(3):
            girth = radius * rng.uniform(0.5, 0.9)
            parts.append(ball(colour, (0, size * (k + 0.5), 0), (girth, size * 0.58, girth)))
    elif kind == 3:
        parts.append(cushion(colour, (-radius, 0, -radius), (radius, body, radius), radius * 0.3))
    else:
        parts.append(disc(colour, (0, thin / 2, 0), body * 0.4, radius * 0.3, radius))
        parts.append(disc(colour, (0, thin / 2 + body * 0.4, 0), body * 0.5, radius, radius * 0.25))
    tall = rng.uniform(0.14, 0.32)
    wide = max(rng.uniform(0.2, 0.5), 1.5 * radius)
    parts.append(rod(colour, (0, body / 2, 0), (0, body + tall * 0.6, 0), thin * 0.6))
    return parts + moved(shade(rng, wide, tall), at(0, body + rng.uniform(0, 0.05), 0))


def desk_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a base, two arms with a joint, and a tilted head that faces the front."""
    first, second = rng.uniform(0.2, 0.4), rng.uniform(0.15, 0.4)
    back, front = np.radians(rng.uniform(-5, 35)), np.radians(rng.uniform(20, 80))
    thin, colour = 0.028 * (first + second), palette.paint(rng)
    elbow = np.array([0.0, thin + first * np.cos(back), -first * np.sin(back)])
    head = elbow + second * np.array([0.0, np.cos(front), np.sin(front)])
    radius, length = rng.uniform(0.05, 0.1), rng.uniform(0.1, 0.18)
    parts = foot(rng, colour, rng.uniform(0.08, 0.13), thin, legged=False)
    parts += path(colour, [(0.0, thin * 0.5, 0.0), elbow.tolist(), head.tolist()], thin * 0.52)
    parts.append(ball(colour, elbow.tolist(), (thin * 0.9,) * 3))
    aim = head + np.array([0.0, -np.cos(0.5), np.sin(rng.uniform(0.1, 0.9))])
    cup = disc(shade_colour(rng), (0, -length * 0.2, 0), length, radius * 0.45, radius)
    return [*parts, cup.moved(along(head, aim))]


def arc_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a tall bow over a heavy base, its shade hanging from the end."""
    height, reach = rng.uniform(1.4, 1.9), rng.uniform(0.6, 1.1)
    thin, colour = 0.023 * height, palette.metal(rng)
    bend = np.linspace(0, np.radians(rng.uniform(125, 160)), 9)
    rise = height * rng.uniform(0.45, 0.65)
    bow = [
        (reach / 2 * float(1 - np.cos(a)), rise + (height - rise) * float(np.sin(a)), 0.0)
        for a in bend
    ]
    parts = foot(rng, colour, rng.uniform(0.14, 0.22), thin)
    parts += path(colour, [(0.0, 0.01, 0.0), *bow], thin * 0.52)
    tall = rng.uniform(0.14, 0.28)
    x, y, _ = bow[-1]
    parts += moved(shade(rng, rng.uniform(0.25, 0.45), tall), at(x, y - tall * 0.9, 0))
    return moved(parts, about("y", float(rng.choice([0, 90, 180, 270]))))


def hanging_lamp(rng: np.random.Generator) -> list[Part]:
    """Return one or more shades on cords below a ceiling plate."""
    drop, colour = rng.uniform(0.25, 0.7), palette.metal(rng)
    tall = rng.uniform(0.15, 0.35)
    count = int(rng.choice([1, 1, 1, 2, 3]))
    wide = rng.uniform(0.18, 0.5) / (1 if count == 1 else 1.5)
    spots = (np.arange(count) - (count - 1) / 2) * wide * 1.25
    span = float(np.abs(spots).max()) + 0.06
    ceiling = drop + tall
    thin = 0.023 * max(ceiling + 0.05, 2 * span)
    parts = [block(colour, (-span, ceiling, -0.05), (span, ceiling + max(thin, 0.03), 0.05))]
    if count == 1:
        parts = [disc(colour, (0, ceiling, 0), max(thin, 0.03), rng.uniform(0.05, 0.09))]
    one = shade(rng, wide, tall)
    for x in spots.tolist():
        hang = float(rng.uniform(0, 0.3 * drop)) if count > 1 else 0.0
        parts += moved(one, at(x, hang, 0))
        parts.append(rod(colour, (x, hang + tall / 2, 0), (x, ceiling + 0.01, 0), thin * 0.52))
    return parts


def branched_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a floor pole with two to four arms, a small shade on each."""
    height, count = rng.uniform(1.2, 1.7), int(rng.integers(2, 5))
    thin, colour = 0.023 * height, palette.metal(rng)
    one = moved(shade(rng, rng.uniform(0.14, 0.24), rng.uniform(0.12, 0.2)), Pose())
    parts = foot(rng, colour, rng.uniform(0.13, 0.22), thin)
    parts.append(rod(colour, (0, 0.01, 0), (0, height * 0.8, 0), thin * 0.55))
    turn = rng.uniform(0, 2 * np.pi)
    for k in range(count):
        angle, reach = turn + 2 * np.pi * k / count, rng.uniform(0.15, 0.35)
        x, z = reach * float(np.cos(angle)), reach * float(np.sin(angle))
        y = height * rng.uniform(0.78, 0.95)
        parts += path(
            colour, [(0, height * 0.6, 0), (x, y - 0.03, z), (x, y + 0.03, z)], thin * 0.52
        )
        parts += moved(one, at(x, y, z))
    return parts


Maker = Callable[[np.random.Generator], list[Part]]
KINDS: tuple[Maker, ...] = (
    floor_lamp, floor_lamp, floor_lamp, table_lamp, table_lamp, table_lamp, desk_lamp, desk_lamp,
    arc_lamp, hanging_lamp, hanging_lamp, branched_lamp,
)  # fmt: skip


def lamp(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some lamp."""
    return KINDS[rng.integers(len(KINDS))](rng)
