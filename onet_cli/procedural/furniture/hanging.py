"""Lamps whose shades hang: on a bow, on cords, in a ring."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.furniture.shades import shade
from onet_cli.procedural.furniture.stands import THIN, foot
from onet_cli.procedural.joinery import block, disc, rod
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.turnery import spindle_profile, turned


def arc_lamp(rng: np.random.Generator) -> list[Part]:
    """Return a tall bow over a heavy base, its shade hanging from the end."""
    height, reach = rng.uniform(1.4, 1.9), rng.uniform(0.6, 1.1)
    thin, finish = THIN * height, palette.metal(rng)
    bend = np.linspace(0, np.radians(rng.uniform(125, 160)), 9)
    rise = height * rng.uniform(0.45, 0.65)
    bow = [
        (reach / 2 * float(1 - np.cos(a)), rise + (height - rise) * float(np.sin(a)), 0.0)
        for a in bend
    ]
    parts = foot(rng, finish, rng.uniform(0.14, 0.22), thin)
    parts += pipe(finish, [(0.0, 0.01, 0.0), *bow], thin * 0.52, 0.4)
    tall = rng.uniform(0.14, 0.28)
    x, y, _ = bow[-1]
    parts.append(rod(finish, (x, y, 0), (x, y - 0.1 * tall - 0.02, 0), thin * 0.52))
    parts += moved(shade(rng, rng.uniform(0.25, 0.45), tall, thin), at(x, y - tall * 0.95, 0))
    return moved(parts, about("y", float(rng.choice([0, 90, 180, 270]))))


def hanging_lamp(rng: np.random.Generator) -> list[Part]:
    """Return one or more shades on cords below a ceiling plate."""
    drop, finish = rng.uniform(0.25, 0.7), palette.metal(rng)
    tall, count = rng.uniform(0.15, 0.35), int(rng.choice([1, 1, 1, 2, 3]))
    wide = rng.uniform(0.18, 0.5) / (1 if count == 1 else 1.5)
    spots = (np.arange(count) - (count - 1) / 2) * wide * 1.25
    span, ceiling = float(np.abs(spots).max()) + 0.06, drop + tall
    thin = THIN * max(ceiling + 0.05, 2 * span)
    parts = [block(finish, (-span, ceiling, -0.05), (span, ceiling + max(thin, 0.03), 0.05))]
    if count == 1:
        parts = [disc(finish, (0, ceiling, 0), max(thin, 0.03), rng.uniform(0.05, 0.09), 0.03)]
    one = shade(rng, wide, tall, thin)
    for x in spots.tolist():
        hang = float(rng.uniform(0, 0.3 * drop)) if count > 1 else 0.0
        parts += moved(one, at(x, hang, 0))
        cord = (x, hang + tall * 0.7, 0), (x, ceiling + 0.01, 0)
        parts.append(rod(finish, *cord, thin * 0.52))
    return parts


def chandelier(rng: np.random.Generator) -> list[Part]:
    """Return a ring of lights on bent arms below a turned stem."""
    finish, count = palette.metal(rng), int(rng.integers(3, 9))
    height, reach = rng.uniform(0.4, 0.8), rng.uniform(0.25, 0.45)
    thin = THIN * max(height, 2 * reach)
    low, parts = rng.uniform(0.05, 0.2) * height, []
    profile = spindle_profile(rng, 0.5 * height, 3 * thin, 0.7 * thin, 3)
    parts = [
        turned(finish, profile),
        rod(finish, (0, 0.4 * height, 0), (0, height, 0), thin * 0.55),
    ]
    parts.append(disc(finish, (0, height - 0.01, 0), max(0.02, thin), 0.05))
    small = rng.uniform(0.35, 0.6) * reach * 2 * np.pi / count / 2
    light = shade(rng, 2 * min(small, 0.09), 0.1, thin)
    for k in range(count):
        turn = about("y", 360 * k / count)
        arm = [(0, 0.3 * height, 0), (0.5 * reach, low, 0), (reach, low, 0), (reach, low + 0.09, 0)]
        piece = pipe(finish, arm, thin * 0.55, 0.3 * reach)
        piece.append(disc(finish, (reach, low + 0.03, 0), thin, 2.2 * thin))
        stem = rod(finish, (reach, low + 0.05, 0), (reach, low + 0.14, 0), thin * 0.55)
        parts += moved([*piece, stem, *moved(light, at(reach, low + 0.05, 0))], turn)
    return parts
