"""Shelves: bookcases, étagères, ladder shelves, grids of cubes."""

import numpy as np

from onet_cli.preprocessing.procedural import palette
from onet_cli.preprocessing.procedural.assembly import Colour, Part
from onet_cli.preprocessing.procedural.joinery import SIDES, block, leg, rod


def shelf(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some shelf."""
    makers = (bookcase, bookcase, bookcase, rack, leaning)
    return makers[rng.integers(len(makers))](rng)


def books(
    rng: np.random.Generator, spot: tuple[float, float], y: float, room: float, depth: float
) -> list[Part]:
    """Return a row of thick books between x = `spot`, on the board at `y`, `room` high."""
    left, right = spot
    x, parts = left, []
    while rng.random() < 0.88:
        width = rng.uniform(0.04, 0.12)
        if x + width > right:
            break
        high = room * rng.uniform(0.55, 0.9)
        lower = (x, y - 0.003, -depth * 0.45)
        parts.append(
            block(palette.fabric(rng), lower, (x + width, y + high, depth * rng.uniform(0.1, 0.42)))
        )
        x += width
    return parts


def bookcase(rng: np.random.Generator) -> list[Part]:
    """Return boards in a grid, with or without a back, at times with books."""
    width, height = rng.uniform(0.5, 1.6), rng.uniform(0.7, 2.1)
    depth, colour = rng.uniform(0.24, 0.42), palette.wood(rng)
    board = 0.024 * max(width, height) * rng.uniform(1.0, 1.4)
    columns = max(1, round(width / rng.uniform(0.35, 0.8)))
    rows = max(2, round(height / rng.uniform(0.26, 0.45)))
    x, z, filled = width / 2, depth / 2, rng.random() < 0.35
    xs = np.linspace(-x + board / 2, x - board / 2, columns + 1)
    ys = np.linspace(board / 2 + rng.choice([0.0, 0.06]), height - board / 2, rows + 1)
    parts = [
        block(colour, (float(s) - board / 2, 0, -z), (float(s) + board / 2, height, z)) for s in xs
    ]
    for y in ys.tolist():
        lower = (-x + 0.002, y - board * 0.49, -z + 0.002)
        parts.append(block(colour, lower, (x - 0.002, y + board * 0.49, z - 0.002)))
    if rng.random() < 0.6:
        back = (-x + 0.003, float(ys[0]), -z + 0.003), (x - 0.003, height - 0.003, -z + board)
        parts.append(block(palette.shaded(colour, rng), *back))
    if filled:
        for left, right in zip(xs[:-1].tolist(), xs[1:].tolist(), strict=True):
            for low, high in zip(ys[:-1].tolist(), ys[1:].tolist(), strict=True):
                span = (left + board * 0.55, right - board * 0.55)
                parts += books(rng, span, low + board * 0.49, high - low - board, depth)
    return parts


def rack(rng: np.random.Generator) -> list[Part]:
    """Return boards between four posts, square or round."""
    width, height = rng.uniform(0.4, 1.3), rng.uniform(0.6, 1.9)
    depth, thin = rng.uniform(0.28, 0.5), 0.024 * max(width, height)
    colour = palette.material(rng)
    board = colour if rng.random() < 0.4 else palette.material(rng)
    x, z, half = width / 2 - thin / 2, depth / 2 - thin / 2, thin * rng.uniform(0.5, 0.7)
    parts = uprights(rng, colour, (x, z), height, half)
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
            parts.append(rod(colour, start, end, bar))
    return parts


def uprights(
    rng: np.random.Generator,
    colour: Colour,
    corner: tuple[float, float],
    height: float,
    half: float,
) -> list[Part]:
    """Return four posts at the corners (x, z)."""
    x, z = corner
    round_ = bool(rng.random() < 0.4)
    return [
        leg(colour, (sx * x, 0, sz * z), (sx * x, height, sz * z), 2 * half, round_=round_)
        for sx in SIDES
        for sz in SIDES
    ]


def leaning(rng: np.random.Generator) -> list[Part]:
    """Return a ladder shelf: the front posts lean back, the boards grow downwards."""
    width, height = rng.uniform(0.45, 0.9), rng.uniform(1.2, 1.9)
    deep, shallow = rng.uniform(0.35, 0.55), rng.uniform(0.1, 0.2)
    thin, colour = 0.024 * height, palette.wood(rng)
    x, rear = width / 2 - thin / 2, -deep / 2 + thin / 2
    parts = []
    for side in SIDES:
        parts.append(leg(colour, (side * x, 0, rear), (side * x, height, rear), thin))
        foot, top = (side * x, 0.0, rear + deep), (side * x, height, rear + shallow)
        parts.append(leg(colour, foot, top, thin))
    count = int(rng.integers(3, 6))
    board = palette.shaded(colour, rng)
    for y in np.linspace(height * 0.1, height * 0.92, count).tolist():
        reach = deep + (shallow - deep) * y / height
        lower, upper = (-x, y - thin, rear), (x, y, rear + reach + thin * 0.3)
        parts.append(block(board, lower, upper))
    return parts
