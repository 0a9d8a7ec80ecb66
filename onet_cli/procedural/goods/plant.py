"""Plants in pots: bushes, small trees, cacti, leaves, flowers, and the pot alone."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pillow, pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball, block, disc, rod
from onet_cli.procedural.solids.pose import about, along, at
from onet_cli.procedural.turnery import shell, smooth, vessel


def plant(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random plant in its pot."""
    height, radius = rng.uniform(0.12, 0.4), rng.uniform(0.09, 0.2)
    parts, soil = pot(rng, radius, height)
    makers = (bush, tree, cactus, leaves, leaves, flowers, None)
    maker = makers[rng.integers(len(makers))]
    return parts + (moved(maker(rng, radius), at(0, soil, 0)) if maker else [])


def green(rng: np.random.Generator) -> Finish:
    """Return the colour of leaves."""
    red, high = rng.uniform(20, 120), rng.uniform(80, 170)
    return Finish.plain((int(red), int(high), int(rng.uniform(20, 70))))


def pot(rng: np.random.Generator, radius: float, height: float) -> tuple[list[Part], float]:
    """Return a pot with soil in it and the height of the soil."""
    finish = palette.ceramic(rng) if rng.random() < 0.6 else Finish.plain((176, 98, 62))
    soil, fill = Finish.plain((62, 46, 36)), height * rng.uniform(0.82, 0.92)
    wall = 0.06 * radius + 0.01
    if rng.random() < 0.25:
        x = radius * 0.9
        walls = [block(finish, (-x, 0, -x), (x, height * 0.9, x))]
        walls.append(
            block(
                palette.shaded(finish, rng),
                (-x * 1.05, height * 0.8, -x * 1.05),
                (x * 1.05, height, x * 1.05),
            )
        )
        walls.append(
            block(soil, (-x * 0.9, height * 0.9, -x * 0.9), (x * 0.9, height * 1.004, x * 0.9))
        )
        return walls, height
    foot = rng.uniform(0.6, 1.0)
    knots = [(foot, 0), ((foot + 1) / 2 * rng.uniform(0.98, 1.2), 0.5), (1.0, 0.85), (1.0, 1.0)]
    outer = smooth([(r * radius, h * height) for r, h in knots], 4)
    parts = [vessel(finish, outer, wall, segments=28)]
    if rng.random() < 0.4:
        parts.append(shell(finish, radius + wall, (height * 0.85, height), 1.8 * wall, 360.0))
    inner = float(np.interp(fill, outer[:, 1], outer[:, 0])) - 0.5 * wall
    parts.append(disc(soil, (0, wall * 0.5, 0), fill - wall * 0.5, foot * radius * 0.8, inner))
    return parts, fill


def bush(rng: np.random.Generator, radius: float) -> list[Part]:
    """Return a ball of foliage, or several, on a short stem."""
    leaf, stem = green(rng), rng.uniform(0.05, 0.5)
    size = radius * rng.uniform(0.9, 1.6)
    middle = stem + size * 0.8
    parts = [rod(palette.wood(rng, 0), (0, -0.04, 0), (0, middle, 0), 0.08 * radius + 0.008)]
    count = int(rng.choice([1, 6, 10]))
    for _ in range(count):
        away = rng.normal(0, 0.4 * size, 3) if count > 1 else np.zeros(3)
        girth = size * (rng.uniform(0.55, 0.8) if count > 1 else 1.0)
        away = away / max(1.0, float(np.linalg.norm(away)) / (0.8 * girth))
        x, y, z = (away + np.array([0.0, middle, 0.0])).tolist()
        parts.append(
            ball(
                palette.shaded(leaf, rng), (x, y, z), (girth, girth * rng.uniform(0.8, 1.1), girth)
            )
        )
    return parts


def tree(rng: np.random.Generator, radius: float) -> list[Part]:
    """Return a stem with branches that end in clumps of leaves, or a cone."""
    bark, leaf = palette.wood(rng, 0), green(rng)
    tall, thin = rng.uniform(0.6, 1.4), 0.012 + 0.05 * radius
    if rng.random() < 0.3:
        parts = [rod(bark, (0, -0.04, 0), (0, 0.3 * tall, 0), thin * 1.3)]
        tiers = int(rng.integers(1, 4))
        for k in range(tiers):
            low = tall * (0.15 + 0.6 * k / tiers)
            parts.append(
                disc(
                    leaf,
                    (0, low, 0),
                    tall * 0.75 / tiers + 0.1,
                    0.35 * tall * (1 - 0.7 * k / tiers),
                    0.01,
                )
            )
        return parts
    parts = [rod(bark, (0, -0.04, 0), (0, tall, 0), thin * 1.2, thin * 0.8)]
    parts.append(ball(leaf, (0, tall, 0), (0.16 * tall, 0.12 * tall, 0.16 * tall)))
    for _ in range(int(rng.integers(3, 8))):
        start, angle = tall * rng.uniform(0.4, 0.9), rng.uniform(0, 2 * np.pi)
        reach, rise = tall * rng.uniform(0.15, 0.3), tall * rng.uniform(0.05, 0.25)
        tip = (reach * float(np.cos(angle)), start + rise, reach * float(np.sin(angle)))
        parts.append(rod(bark, (0, start, 0), tip, thin * 0.7))
        size = tall * rng.uniform(0.08, 0.15)
        parts.append(ball(palette.shaded(leaf, rng), tip, (size, size * 0.8, size)))
    return parts


def cactus(rng: np.random.Generator, radius: float) -> list[Part]:
    """Return a column or ball with arms."""
    leaf, tall = green(rng), rng.uniform(0.15, 0.6)
    girth = min(radius * 0.6, tall * rng.uniform(0.18, 0.4))
    parts = [pillow(leaf, (-girth, -0.05, -girth), (girth, tall, girth), 2, rng.uniform(2, 5))]
    for _ in range(int(rng.integers(0, 4))):
        low, angle = tall * rng.uniform(0.25, 0.5), rng.uniform(0, 360)
        out = girth * rng.uniform(1.5, 2.2)
        arm = [(0.0, low, 0.0), (out, low, 0.0), (out, low + tall * rng.uniform(0.2, 0.4), 0.0)]
        piece = pipe(leaf, arm, girth * 0.35, girth * 0.6)
        piece.append(ball(leaf, arm[-1], (girth * 0.35,) * 3))
        parts += moved(piece, about("y", angle))
    return parts


def leaves(rng: np.random.Generator, radius: float) -> list[Part]:
    """Return long leaves that rise from the soil and lean outwards, each on a stalk."""
    leaf, count = green(rng), int(rng.integers(7, 18))
    tall, wide = rng.uniform(0.25, 0.8), rng.uniform(0.05, 0.2)
    parts = []
    for k in range(count):
        angle, lean = 2 * np.pi * k * 0.382, rng.uniform(0.1, 0.9)
        out = np.array([np.cos(angle), 0.0, np.sin(angle)])
        start = 0.25 * radius * out - [0, 0.03, 0]
        stalk = tall * rng.uniform(0.35, 0.6)
        middle = start + stalk * (np.array([0, 1.0, 0]) + 0.4 * lean * out) / 1.1
        parts.append(rod(leaf, start.tolist(), middle.tolist(), 0.007 + 0.007 * tall))
        length = tall * rng.uniform(0.4, 0.6)
        blade = pillow(
            leaf, (-wide * length, -0.05 * length, -0.012), (wide * length, length, 0.012), 2, 2
        )
        tip = middle + np.array([0, np.cos(1.2 * lean), 0]) + np.sin(1.2 * lean) * out
        parts.append(Part(blade.solid, palette.shaded(leaf, rng)).moved(along(middle, tip)))
    return parts


def flowers(rng: np.random.Generator, radius: float) -> list[Part]:
    """Return stems with blossoms: a disc of petals or a cup."""
    leaf, parts = green(rng), []
    petal, tall = Finish.plain(palette.vivid(rng)), rng.uniform(0.2, 0.5)
    for k in range(int(rng.integers(3, 9))):
        angle, lean = 2 * np.pi * k * 0.382, rng.uniform(0.1, 0.5)
        out = np.array([np.cos(angle), 0.0, np.sin(angle)])
        start, tip = (
            0.3 * radius * out - [0, 0.03, 0],
            lean * tall * out + [0, tall * rng.uniform(0.7, 1), 0],
        )
        parts.append(rod(leaf, start.tolist(), tip.tolist(), 0.005 + 0.007 * tall))
        size = tall * rng.uniform(0.08, 0.14)
        pose = along(tip, tip + (tip - start))
        head = [disc(petal, (0, -0.1 * size, 0), 0.8 * size, 0.4 * size, size)]
        head.append(
            ball(
                Finish.plain((230, 190, 60)),
                (0, 0.6 * size, 0),
                (0.5 * size, 0.3 * size, 0.5 * size),
            )
        )
        parts += moved(head, pose)
    return parts
