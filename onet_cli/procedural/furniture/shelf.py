"""Shelves: bookcases, étagères, ladder shelves, grids of cubes."""

from itertools import pairwise

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, ball, block, leg, rod
from onet_cli.procedural.turnery import smooth, turned


def shelf(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random shelf."""
    makers = (bookcase, bookcase, bookcase, staggered, rack, leaning)
    return makers[rng.integers(len(makers))](rng)


def books(
    rng: np.random.Generator, spot: tuple[float, float], y: float, room: float, depth: float
) -> list[Part]:
    """Return a row of thick books between x = `spot`, on the board at `y`, `room` high."""
    left, right = spot
    if rng.random() < 0.3:
        return thing(rng, spot, y, room, depth)
    x, parts = left, []
    while rng.random() < 0.9:
        width = rng.uniform(0.025, 0.09)
        if x + width > right:
            break
        high = room * rng.uniform(0.55, 0.9)
        lower = (x, y - 0.003, -depth * 0.45)
        cover = Finish.plain(palette.cloth_colour(rng))
        parts.append(block(cover, lower, (x + width, y + high, depth * rng.uniform(0.1, 0.42))))
        x += width
    return parts


def thing(
    rng: np.random.Generator, spot: tuple[float, float], y: float, room: float, depth: float
) -> list[Part]:
    """Return another object on a shelf: a box, a vase, a ball, or nothing."""
    left, right = spot
    x, wide, high = (left + right) / 2, (right - left) * rng.uniform(0.4, 0.9), room * 0.8
    kind, z = rng.integers(4), 0.4 * depth
    if kind == 0:
        box = (x - wide / 2, y - 0.003, -z), (x + wide / 2, y + high * rng.uniform(0.4, 1), z)
        return [block(palette.fabric(rng), *box)]
    radius = min(wide / 2, z, high / 2)
    if kind == 1:
        knots = [(0.5, 0), (1, 0.4), (0.35, 0.8), (0.5, 1)]
        profile = smooth([(radius * r, high * h) for r, h in knots])
        return [turned(palette.ceramic(rng), profile, (x, y - 0.003, 0), segments=16)]
    if kind == 2:
        return [ball(palette.paint(rng), (x, y - 0.003 + radius * 0.97, 0), (radius,) * 3)]
    return []


def bookcase(rng: np.random.Generator) -> list[Part]:
    """Return boards in a grid, with or without a back, sometimes with books."""
    width, height = rng.uniform(0.5, 1.6), rng.uniform(0.7, 2.1)
    depth, finish = rng.uniform(0.24, 0.42), palette.wood(rng)
    board = 0.0145 * max(width, height) * rng.uniform(1.0, 1.4)
    columns = max(1, round(width / rng.uniform(0.35, 0.8)))
    rows = max(2, round(height / rng.uniform(0.26, 0.45)))
    x, z, filled = width / 2, depth / 2, rng.random() < 0.35
    xs = np.linspace(-x + board / 2, x - board / 2, columns + 1)
    ys = np.linspace(board / 2 + rng.choice([0.0, 0.06]), height - board / 2, rows + 1)
    parts = [
        block(finish, (float(s) - board / 2, 0, -z), (float(s) + board / 2, height, z)) for s in xs
    ]
    for y in ys.tolist():
        lower = (-x + 0.002, y - board * 0.49, -z + 0.002)
        parts.append(block(finish, lower, (x - 0.002, y + board * 0.49, z - 0.002)))
    if rng.random() < 0.6:
        back = (-x + 0.003, float(ys[0]), -z + 0.003), (x - 0.003, height - 0.003, -z + board)
        parts.append(block(palette.shaded(finish, rng), *back))
    if filled:
        for left, right in zip(xs[:-1].tolist(), xs[1:].tolist(), strict=True):
            for low, high in zip(ys[:-1].tolist(), ys[1:].tolist(), strict=True):
                span = (left + board * 0.55, right - board * 0.55)
                parts += books(rng, span, low + board * 0.49, high - low - board, depth)
    return parts


def rack(rng: np.random.Generator) -> list[Part]:
    """Return boards between four posts, square or round."""
    width, height = rng.uniform(0.4, 1.3), rng.uniform(0.6, 1.9)
    depth, thin = rng.uniform(0.28, 0.5), 0.0145 * max(width, height)
    finish = palette.material(rng)
    board = finish if rng.random() < 0.4 else palette.material(rng)
    x, z, half = width / 2 - thin / 2, depth / 2 - thin / 2, thin * rng.uniform(0.5, 0.7)
    parts = uprights(rng, finish, (x, z), height, half)
    count = int(rng.integers(2, 6))
    for y in np.linspace(height * rng.uniform(0.05, 0.2), height * rng.uniform(0.9, 1.0), count):
        low, high = float(y) - thin, float(y)
        parts.append(block(board, (-x, low, -z), (x, high, z)))
    if rng.random() < 0.25:
        bar = thin * 0.5
        for side in SIDES:
            start, end = (-x, height * 0.1, -z), (x, height * 0.85, -z)
            if side > 0:
                start, end = (x, height * 0.1, -z), (-x, height * 0.85, -z)
            parts.append(rod(finish, start, end, bar))
    return parts


def staggered(rng: np.random.Generator) -> list[Part]:
    """Return long boards with uprights offset from row to row, open on both sides."""
    width, height = rng.uniform(0.7, 1.8), rng.uniform(0.7, 2.0)
    depth, finish = rng.uniform(0.25, 0.4), palette.material(rng)
    board = 0.0145 * max(width, height) * rng.uniform(1.0, 1.6)
    rows, x, z = max(2, round(height / rng.uniform(0.28, 0.42))), width / 2, depth / 2
    ys = np.linspace(board / 2, height - board / 2, rows + 1).tolist()
    parts = [block(finish, (-x, y - board / 2, -z), (x, y + board / 2, z)) for y in ys]
    for row, (low, high) in enumerate(pairwise(ys)):
        stops = [-x + board / 2, x - board / 2]
        if rng.random() < 0.4:
            stops = stops[row % 2 :][:1]
        inside = rng.uniform(-0.8, 0.8, int(rng.integers(1, 4))) * x
        shift = 0.6 * x * (-1) ** row
        for spot in [*stops, *inside.tolist(), shift]:
            lower = (spot - board / 2, low, -z * 0.99)
            parts.append(block(finish, lower, (spot + board / 2, high, z * 0.99)))
        if rng.random() < 0.3:
            near, far = sorted((shift, x - board))
            parts += books(
                rng, (near + board * 0.6, far), low + board * 0.49, high - low - board, depth
            )
    return parts


def uprights(
    rng: np.random.Generator,
    finish: Finish,
    corner: tuple[float, float],
    height: float,
    half: float,
) -> list[Part]:
    """Return four posts at the corners (x, z)."""
    x, z = corner
    round_ = bool(rng.random() < 0.4)
    return [
        leg(finish, (sx * x, 0, sz * z), (sx * x, height, sz * z), 2 * half, round_=round_)
        for sx in SIDES
        for sz in SIDES
    ]


def leaning(rng: np.random.Generator) -> list[Part]:
    """Return a ladder shelf: the front posts lean back, the boards grow downwards."""
    width, height = rng.uniform(0.45, 0.9), rng.uniform(1.2, 1.9)
    deep, shallow = rng.uniform(0.35, 0.55), rng.uniform(0.1, 0.2)
    thin, finish = 0.0145 * height, palette.wood(rng)
    x, rear = width / 2 - thin / 2, -deep / 2 + thin / 2
    parts = []
    for side in SIDES:
        parts.append(leg(finish, (side * x, 0, rear), (side * x, height, rear), thin))
        foot, top = (side * x, 0.0, rear + deep), (side * x, height, rear + shallow)
        parts.append(leg(finish, foot, top, thin))
    count = int(rng.integers(3, 6))
    board = palette.shaded(finish, rng)
    for y in np.linspace(height * 0.1, height * 0.92, count).tolist():
        reach = deep + (shallow - deep) * y / height
        lower, upper = (-x, y - thin, rear), (x, y, rear + reach + thin * 0.3)
        parts.append(block(board, lower, upper))
    return parts
