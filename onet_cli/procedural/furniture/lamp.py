"""Lamps: floor, table, desk, arc and hanging lamps, chandeliers, wall lights."""

from collections.abc import Callable

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.furniture.hanging import arc_lamp, chandelier, hanging_lamp
from onet_cli.procedural.furniture.shades import bell, shade, shade_finish
from onet_cli.procedural.furniture.stands import THIN, foot, tripod
from onet_cli.procedural.joinery import ball, cushion, disc, path, rod
from onet_cli.procedural.solids.pose import about, along, at
from onet_cli.procedural.turnery import smooth, spindle_profile, turned

"""Thickness of poles and shades, relative to the longest edge."""


def floor_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a pole on a base with a shade above, sometimes with a small table halfway."""
    height = rng.uniform(1.2, 1.75)
    thin, finish = THIN * height, palette.metal(rng) if rng.random() < 0.6 else palette.wood(rng)
    wide, tall = rng.uniform(0.25, 0.6), rng.uniform(0.16, 0.42)
    low = height - tall
    if rng.random() < 0.3:
        parts = tripod(rng, finish, rng.uniform(0.2, 0.35), low * rng.uniform(0.7, 1.0), thin)
        parts.append(rod(finish, (0, low * 0.65, 0), (0, low + tall * 0.9, 0), thin * 0.55))
    else:
        parts = foot(rng, finish, rng.uniform(0.12, 0.22), thin)
        line = (0, 0.01, 0), (0, low + tall * 0.9, 0)
        parts.append(rod(finish, *line, thin * rng.uniform(0.5, 1.0)))
        if rng.random() < 0.15:
            y, reach = low * rng.uniform(0.35, 0.5), rng.uniform(0.15, 0.22)
            parts.append(disc(finish, (0, y, 0), thin, reach))
    return parts + moved(shade(rng, wide, tall, thin), at(0, low, 0))


def table_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a turned, blown or stacked body with a shade above."""
    body = rng.uniform(0.15, 0.4)
    finish = (palette.ceramic, palette.ceramic, palette.material, palette.glass)[rng.integers(4)](
        rng
    )
    thin, radius = 0.02 * (body + 0.25), rng.uniform(0.2, 0.5) * body
    kind, parts = rng.integers(7), [disc(finish, (0, 0, 0), thin, radius * rng.uniform(0.6, 1.1))]
    if kind == 0:
        parts.append(ball(finish, (0, body / 2, 0), (radius, body / 2, radius)))
    elif kind == 1:
        parts.append(disc(finish, (0, thin / 2, 0), body - thin, radius, radius * 0.35))
    elif kind == 2:
        count = int(rng.integers(2, 7))
        size = body / count
        for k in range(count):
            girth = radius * rng.uniform(0.5, 0.9)
            parts.append(ball(finish, (0, size * (k + 0.5), 0), (girth, size * 0.58, girth)))
    elif kind == 3:
        parts.append(cushion(finish, (-radius, 0, -radius), (radius, body, radius), radius * 0.3))
    elif kind == 4:
        beads = int(rng.integers(2, 5))
        parts.append(turned(finish, spindle_profile(rng, body, radius * 0.8, thin, beads)))
    else:
        knots = [(rng.uniform(0.4, 0.9), 0), (1, 0.35), (rng.uniform(0.5, 0.9), 0.7), (0.2, 1)]
        parts.append(turned(finish, smooth([(r * radius, h * body) for r, h in knots])))
    tall, wide = rng.uniform(0.14, 0.32), max(rng.uniform(0.2, 0.5), 1.5 * radius)
    low = body + rng.uniform(-0.01, 0.05)
    metal = palette.metal(rng)
    parts.append(rod(metal, (0, body / 2, 0), (0, low + tall * 0.9, 0), thin * 0.6))
    return parts + moved(shade(rng, wide, tall, thin * 0.6), at(0, low, 0))


def desk_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a base, two arms with a joint or one swan's neck, and a tilted head."""
    first, second = rng.uniform(0.2, 0.4), rng.uniform(0.15, 0.4)
    back, front = np.radians(rng.uniform(-5, 35)), np.radians(rng.uniform(20, 80))
    thin, finish = 0.022 * (first + second), palette.paint(rng)
    elbow = np.array([0.0, thin + first * np.cos(back), -first * np.sin(back)])
    head = elbow + second * np.array([0.0, np.cos(front), np.sin(front)])
    radius, length = rng.uniform(0.045, 0.085), rng.uniform(0.07, 0.15)
    parts = foot(rng, finish, rng.uniform(0.08, 0.13), thin, legged=False)
    line = [(0.0, thin * 0.5, 0.0), elbow.tolist(), head.tolist()]
    if rng.random() < 0.35:
        line[1:] = [(0.0, float(head[1]), 0.0), head.tolist()]
        parts += pipe(finish, line, thin * 0.52, 0.2)
    else:
        parts += path(finish, line, thin * 0.52)
        parts.append(ball(finish, elbow.tolist(), (thin * 0.9,) * 3))
    aim = head + np.array([0.0, -np.cos(0.5), np.sin(rng.uniform(0.1, 0.9))])
    cover = shade_finish(rng)
    cup = bell(rng, cover, radius, length, max(0.008, 0.6 * thin))
    neck = rod(cover, (0, -length * 0.25, 0), (0, length * 0.35, 0), thin)
    bulb = ball(Finish.plain((246, 240, 214)), (0, length * 0.3, 0), (0.45 * radius,) * 3)
    flip = about("x", 180).then(at(0, length * 0.8, 0))
    return parts + moved([*moved(cup, flip), neck, bulb], along(head, aim))


def branched_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a floor pole with two to four arms, a small shade on each."""
    height, count = rng.uniform(1.2, 1.7), int(rng.integers(2, 5))
    thin, finish = THIN * height, palette.metal(rng)
    tall = rng.uniform(0.12, 0.2)
    one = shade(rng, rng.uniform(0.14, 0.24), tall, thin)
    parts = foot(rng, finish, rng.uniform(0.13, 0.22), thin)
    parts.append(rod(finish, (0, 0.01, 0), (0, height * 0.8, 0), thin * 0.55))
    turn = rng.uniform(0, 2 * np.pi)
    for k in range(count):
        angle, reach = turn + 2 * np.pi * k / count, rng.uniform(0.15, 0.35)
        x, z = reach * float(np.cos(angle)), reach * float(np.sin(angle))
        y = height * rng.uniform(0.78, 0.95)
        line = [(0, height * 0.6, 0), (x, y - 0.03, z), (x, y + 0.9 * tall, z)]
        parts += pipe(finish, line, thin * 0.52, 0.1)
        parts += moved(one, at(x, y, z))
    return parts


Maker = Callable[[np.random.Generator], list[Part]]
KINDS: tuple[Maker, ...] = (
    floor_lamp, floor_lamp, floor_lamp, table_lamp, table_lamp, table_lamp, table_lamp, table_lamp,
    desk_lamp, desk_lamp, arc_lamp, hanging_lamp, hanging_lamp, chandelier, branched_lamp,
)  # fmt: skip


def lamp(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random lamp."""
    return KINDS[rng.integers(len(KINDS))](rng)
