"""Toys: plush animals, four-legged ones, birds, robots and balls."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pillow
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, Point, ball, block, cushion, disc, rod
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.turnery import hoop


def toy(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random toy."""
    return (plush, plush, animal, animal, bird, robot, sphere)[rng.integers(7)](rng)


def fur(rng: np.random.Generator) -> Finish:
    """Return plush, cloth or plastic in one colour, rarely with a pattern."""
    if rng.random() < 0.15:
        return palette.fabric(rng)
    return Finish.plain(palette.cloth_colour(rng), float(rng.choice([0.0, 0.0, 0.2])))


def limb(finish: Finish, start: Point, end: Point, radius: float, tip: float) -> list[Part]:
    """Return a limb with round ends, `radius` thick at its start and `tip` at its end."""
    ends = ball(finish, start, (radius,) * 3), ball(finish, end, (tip,) * 3)
    return [*ends, rod(finish, start, end, radius, tip)]


def head(
    rng: np.random.Generator, coat: Finish, centre: Point, radius: float, snout: float
) -> list[Part]:
    """Return a head that looks to the front: skull, muzzle, nose, eyes and ears."""
    x, y, z = centre
    pale, dark = palette.shaded(coat, rng), palette.BLACK
    wide, tall, deep = radius * rng.uniform(0.9, 1.15), radius * rng.uniform(0.85, 1.1), radius
    parts = [ball(coat, centre, (wide, tall, deep))]
    low, far = y - 0.25 * radius, z + 0.75 * radius + 0.5 * snout
    size = radius * rng.uniform(0.35, 0.5)
    parts.append(ball(pale, (x, low, far), (size, 0.8 * size, 0.35 * radius + 0.5 * snout)))
    tip = far + 0.3 * radius + 0.5 * snout
    parts.append(ball(dark, (x, low + 0.3 * size, tip), (0.35 * size, 0.28 * size, 0.25 * size)))
    for side in SIDES:
        eye = 0.09 * radius * rng.uniform(0.8, 1.6)
        parts.append(
            ball(dark, (x + side * 0.38 * wide, y + 0.2 * tall, z + 0.86 * deep), (eye,) * 3)
        )
    return parts + ears(rng, coat, centre, radius)


def ears(rng: np.random.Generator, coat: Finish, centre: Point, radius: float) -> list[Part]:
    """Return a pair of ears: round, pointed, long and upright, or hanging."""
    x, y, z = centre
    kind, size = rng.integers(4), radius * rng.uniform(0.3, 0.5)
    parts = []
    for side in SIDES:
        if kind == 0:
            place = x + side * 0.72 * radius, y + 0.75 * radius, z
            parts.append(ball(coat, place, (size, size, 0.5 * size)))
        elif kind == 1:
            foot = x + side * 0.5 * radius, y + 0.6 * radius, z
            top = x + side * 0.75 * radius, y + 0.9 * radius + size, z
            parts.append(rod(coat, foot, top, 0.8 * size, 0.05 * size))
        elif kind == 2:
            long = radius * rng.uniform(0.7, 1.2)
            place = x + side * 0.4 * radius, y + 0.8 * radius + 0.7 * long, z
            parts.append(ball(coat, place, (0.5 * size, long, 0.35 * size)))
        else:
            place = x + side * 1.0 * radius, y, z
            parts.append(ball(coat, place, (0.4 * size, 1.7 * size, 0.9 * size)))
    return parts


def plush(rng: np.random.Generator) -> list[Part]:
    """Return a plush animal that sits or stands upright, with or without clothes."""
    coat, girth = fur(rng), rng.uniform(0.07, 0.12)
    tall, deep = girth * rng.uniform(1.0, 1.7), girth * rng.uniform(0.7, 1.0)
    belly = palette.shaded(coat, rng) if rng.random() < 0.6 else fur(rng)
    sits = rng.random() < 0.65
    leg, thick = girth * rng.uniform(0.9, 1.5), girth * rng.uniform(0.28, 0.42)
    low = 0.85 * tall if sits else leg + 0.75 * tall
    parts = [ball(coat, (0, low, 0), (girth, tall, deep))]
    parts.append(
        ball(belly, (0, low - 0.1 * tall, 0.3 * deep), (0.7 * girth, 0.7 * tall, 0.76 * deep))
    )
    size = girth * rng.uniform(0.7, 1.1)
    parts += head(
        rng, coat, (0, low + tall + 0.55 * size, 0.1 * deep), size, size * rng.uniform(0, 0.4)
    )
    foot = palette.shaded(coat, rng)
    for side in SIDES:
        shoulder = side * 0.8 * girth, low + 0.5 * tall, 0.1 * deep
        swing = rng.uniform(-0.3, 1.0)
        hand = (
            side * girth * (1.2 + 0.3 * rng.random()),
            low - 0.3 * tall + 0.2 * swing * tall,
            swing * deep,
        )
        parts += limb(coat, shoulder, hand, 0.8 * thick, 0.7 * thick)
        if sits:
            knee = side * 0.65 * girth, thick, 0.2 * deep
            toe = side * girth * rng.uniform(0.7, 1.1), thick, 0.5 * deep + leg
            parts += limb(coat, knee, toe, thick, 0.9 * thick)
            parts.append(ball(foot, toe, (1.05 * thick, 1.2 * thick, 0.5 * thick)))
        else:
            hip, sole = (side * 0.5 * girth, low - 0.5 * tall, 0), (side * 0.55 * girth, thick, 0)
            parts += limb(coat, hip, sole, thick, thick)
            parts.append(
                ball(foot, (sole[0], 0.7 * thick, 0.5 * thick), (thick, 0.7 * thick, 1.5 * thick))
            )
    if rng.random() < 0.3:
        parts.append(hoop(fur(rng), (0, low + 0.9 * tall, 0), 0.45 * girth, 0.2 * girth))
    return parts


def animal(rng: np.random.Generator) -> list[Part]:
    """Return a four-legged animal that looks to the front, or turns its head."""
    coat, length = fur(rng), rng.uniform(0.15, 0.4)
    girth, leg = length * rng.uniform(0.28, 0.5), length * rng.uniform(0.3, 0.8)
    thick = girth * rng.uniform(0.25, 0.4)
    middle = leg + 0.8 * girth
    parts = [ball(coat, (0, middle, 0), (girth, girth, 0.62 * length))]
    parts.append(ball(coat, (0, middle, 0.35 * length), (0.95 * girth, 1.05 * girth, 0.8 * girth)))
    for side in SIDES:
        for end in (-0.38, 0.38):
            hip = side * 0.6 * girth, middle - 0.3 * girth, end * length
            sole = side * 0.62 * girth, thick, end * length * rng.uniform(0.9, 1.1)
            parts += limb(coat, hip, sole, 1.2 * thick, thick)
    size = girth * rng.uniform(0.6, 1.0)
    rise = girth * rng.uniform(0.3, 1.6)
    spot = 0.0, middle + 0.5 * girth + rise, 0.5 * length + 0.6 * size
    parts += limb(coat, (0, middle + 0.3 * girth, 0.4 * length), spot, 0.6 * girth, 0.6 * size)
    parts += head(rng, coat, spot, size, size * rng.uniform(0.1, 0.9))
    tail = (
        0.0,
        middle + girth * rng.uniform(-0.5, 1.3),
        -0.62 * length - girth * rng.uniform(0.1, 1.0),
    )
    return parts + limb(
        coat, (0, middle + 0.4 * girth, -0.5 * length), tail, 0.3 * girth, 0.2 * girth
    )


def bird(rng: np.random.Generator) -> list[Part]:
    """Return a sitting bird or a bath duck."""
    coat, beak, length = fur(rng), palette.paint(rng), rng.uniform(0.05, 0.15)
    girth, tall = length * rng.uniform(0.6, 0.9), length * rng.uniform(0.55, 0.9)
    parts = [pillow(coat, (-girth, 0, -length), (girth, 1.6 * tall, length), 2.0, 2.4)]
    size = girth * rng.uniform(0.6, 0.95)
    y, z = 1.5 * tall + 0.6 * size, 0.45 * length
    parts.append(ball(coat, (0, y, z), (size, size, size)))
    parts += limb(coat, (0, tall, 0.3 * length), (0, y, z), 0.75 * girth, 0.7 * size)
    wide = 0.45 * size
    parts.append(ball(beak, (0, y - 0.1 * size, z + size), (wide, 0.2 * size, 0.55 * size)))
    parts.append(
        ball(beak, (0, y - 0.25 * size, z + 0.95 * size), (0.8 * wide, 0.14 * size, 0.45 * size))
    )
    tail = ball(coat, (0, 0, 0), (0.5 * girth, 0.2 * tall, 0.5 * length))
    parts.append(
        tail.moved(about("x", rng.uniform(15, 50))).moved(at(0, 1.2 * tall, -0.95 * length))
    )
    wing = palette.shaded(coat, rng)
    for side in SIDES:
        eye = 0.12 * size
        parts.append(
            ball(palette.BLACK, (side * 0.45 * size, y + 0.25 * size, z + 0.84 * size), (eye,) * 3)
        )
        spread = ball(wing, (0, 0, 0), (0.22 * girth, 0.5 * tall, 0.65 * length))
        turn = about("z", side * rng.uniform(0, 20))
        parts.append(spread.moved(turn).moved(at(side * 0.92 * girth, 0.95 * tall, -0.1 * length)))
    return parts


def robot(rng: np.random.Generator) -> list[Part]:
    """Return a toy robot: boxes for head and body, rods for limbs."""
    shell, trim = palette.paint(rng), palette.metal(rng)
    x = rng.uniform(0.05, 0.09)
    tall, z, leg = x * rng.uniform(1.6, 2.6), x * rng.uniform(0.5, 0.9), x * rng.uniform(0.5, 1.6)
    soft, thick = 0.3 * z * rng.random() + 0.002, x * rng.uniform(0.16, 0.28)
    parts = [cushion(shell, (-x, leg, -z), (x, leg + tall, z), soft)]
    plate = (-0.6 * x, leg + 0.3 * tall, 0.9 * z), (0.6 * x, leg + 0.8 * tall, 1.06 * z)
    parts.append(block(palette.printed(rng, 0.1), *plate))
    top, wide, high = leg + tall, x * rng.uniform(0.6, 1.0), x * rng.uniform(0.8, 1.3)
    parts.append(disc(trim, (0, top - 0.1 * x, 0), 0.4 * x, 0.35 * x))
    base = top + 0.2 * x
    parts.append(cushion(shell, (-wide, base, -0.8 * z), (wide, base + high, 0.8 * z), soft))
    for side in SIDES:
        eye = disc(Finish.plain((240, 240, 230), 0.5), (0, -0.02, 0), 0.04, 0.24 * wide)
        spot = at(side * 0.45 * wide, base + 0.6 * high, 0.8 * z - 0.012)
        parts.append(eye.moved(about("x", 90)).moved(spot))
        hand = (
            side * x * rng.uniform(1.3, 1.8),
            leg + tall * rng.uniform(0.1, 0.7),
            z * rng.uniform(0, 1.5),
        )
        parts += limb(trim, (side * 0.9 * x, leg + 0.85 * tall, 0), hand, thick, thick)
        parts.append(ball(shell, hand, (1.5 * thick,) * 3))
        parts.append(rod(trim, (side * 0.5 * x, 0.02, 0), (side * 0.5 * x, leg + 0.02, 0), thick))
        foot = (
            (side * 0.5 * x - 0.38 * x, 0, -0.7 * z),
            (side * 0.5 * x + 0.38 * x, 0.3 * x, 1.1 * z),
        )
        parts.append(cushion(shell, *foot, 0.08 * x))
    if rng.random() < 0.5:
        tip = 0.0, base + high + x * rng.uniform(0.3, 0.7), 0.0
        parts.append(rod(trim, (0, base + 0.5 * high, 0), tip, 0.07 * x))
        parts.append(ball(palette.paint(rng), tip, (0.14 * x,) * 3))
    return parts


def sphere(rng: np.random.Generator) -> list[Part]:
    """Return a ball, plain, patterned or with seams, or a rugby ball."""
    finish = palette.patterned(rng) if rng.random() < 0.4 else palette.paint(rng)
    radius = rng.uniform(0.05, 0.15)
    if rng.random() < 0.2:
        return [ball(finish, (0, radius, 0), (1.5 * radius, radius, radius))]
    body = ball(finish, (0, 0, 0), (radius,) * 3)
    seam = palette.BLACK if rng.random() < 0.7 else palette.paint(rng)
    parts = [body]
    if rng.random() < 0.5:
        parts += [hoop(seam, (0, 0, 0), radius, 0.025 * radius, axis) for axis in "xyz"]
    turn = about("x", rng.uniform(0, 90)).then(about("y", rng.uniform(0, 90)))
    return [part.moved(turn).moved(at(0, radius, 0)) for part in parts]
