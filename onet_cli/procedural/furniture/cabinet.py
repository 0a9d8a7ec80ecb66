"""Cabinets: chests of drawers, sideboards, wardrobes, kitchen units, bedside tables."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pipe, plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.furniture.fronts import Front, door, drawer
from onet_cli.procedural.joinery import block, disc
from onet_cli.procedural.solids.prism import rectangle

KINDS = {
    "chest": ((0.6, 1.4), (0.38, 0.6), (0.65, 1.2)),
    "sideboard": ((1.1, 2.0), (0.36, 0.55), (0.5, 0.95)),
    "wardrobe": ((0.6, 2.2), (0.5, 0.7), (1.6, 2.3)),
    "bedside": ((0.35, 0.6), (0.32, 0.5), (0.4, 0.7)),
    "filing": ((0.38, 0.5), (0.45, 0.65), (0.6, 1.4)),
    "kitchen": ((0.4, 1.2), (0.55, 0.65), (0.8, 0.92)),
    "wall": ((0.4, 1.0), (0.3, 0.4), (0.5, 0.8)),
}
"""Ranges of width, depth and height in metres."""

FEET: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.splayed, legs.cabriole, legs.hairpin, bases.sled,
    bases.panels,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A cabinet's body from (-x, low, -z) to (x, top, z) and the style of its fronts."""

    x: float
    low: float
    top: float
    z: float
    body: Finish
    style: Front


def cabinet(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random cabinet."""
    kind = list(KINDS)[rng.integers(len(KINDS))]
    width, depth, height = (float(rng.uniform(*span)) for span in KINDS[kind])
    thin, body = max(0.016, 0.0135 * max(width, height)), palette.material(rng)
    low = float(rng.choice([0.0, rng.uniform(0.04, 0.1), rng.uniform(0.1, 0.25)]))
    low = 0.0 if kind == "wall" else min(low, 0.3 * height)
    face = palette.shaded(body, rng) if rng.random() < 0.5 else palette.material(rng)
    case = Case(width / 2, low, height, depth / 2, body, Front.draw(rng, face, thin))
    parts = feet(rng, case)
    columns = max(1, round(width / rng.uniform(0.4, 0.75)))
    rows = max(1, round((height - low) / rng.uniform(0.18, 0.5)))
    if kind in ("wardrobe", "wall"):
        rows = 1 if rng.random() < 0.6 else 2
    if rng.random() < 0.25 and kind not in ("filing", "kitchen"):
        parts += open_case(rng, case, columns, max(rows, 2))
    else:
        parts.append(block(body, (-case.x, low, -case.z), (case.x, height, case.z)))
        parts += fronts(rng, case, columns, rows)
    if kind == "kitchen":
        return parts + worktop(rng, case)
    if rng.random() < 0.35:
        over = rng.uniform(0.005, 0.03)
        lower = (-case.x - over, height - 0.01, -case.z)
        upper = (case.x + over, height + max(thin, 0.02), case.z + over + thin)
        parts.append(block(case.style.finish, lower, upper))
    return parts


def feet(rng: np.random.Generator, case: Case) -> list[Part]:
    """Return the base of the body, if it does not stand on the floor."""
    if case.low == 0:
        return []
    thin = max(case.style.thin, 0.022)
    under = legs.Footprint(2 * case.x, 2 * case.z, case.low + 0.01, thin)
    finish = palette.shaded(case.body, rng) if rng.random() < 0.5 else palette.material(rng)
    if case.low < 0.1:
        return legs.choose(rng, finish, under, (bases.plinth, bases.plinth, legs.straight))
    return legs.choose(rng, finish, under, FEET)


def worktop(rng: np.random.Generator, case: Case) -> list[Part]:
    """Return a worktop, sometimes with a sink and a tap or a low wall behind."""
    over, thick = rng.uniform(0.0, 0.02), rng.uniform(0.025, 0.05)
    x, z, y = case.x + over, case.z + 0.02 + over, case.top
    stone = palette.stone(rng) if rng.random() < 0.5 else palette.wood(rng)
    steel = palette.metal(rng)
    parts = []
    if rng.random() < 0.35:
        basin = rectangle(min(1.1 * case.x, 0.5), 1.1 * case.z)
        deep = rng.uniform(0.08, 0.13)
        # The sink is a raised rim and a tap: its bowl shows by its dark floor.
        rim = plate(steel, [basin, basin * 0.86], (0, y + thick * 0.9, 0), 0.02)
        floor = plate(
            palette.shaded(steel, rng), [basin * 0.9], (0, y + thick * 0.5, 0), thick * 0.52
        )
        up, out = y + thick + deep + 0.12, case.z * 0.3
        tap = [(0.0, y + thick * 0.5, -case.z * 0.75), (0.0, up, -case.z * 0.75),
               (0.0, up, out * 0.2), (0.0, up - 0.05, out * 0.2)]  # fmt: skip
        parts += [rim, floor, *pipe(steel, tap, 0.013, 0.06)]
        parts.append(disc(steel, (0, y + thick * 0.9, -case.z * 0.75), 0.03, 0.025))
    if rng.random() < 0.3:
        parts.append(block(stone, (-x, y, -case.z), (x, y + thick + 0.07, -case.z + 0.02)))
    return [*parts, block(stone, (-x, y - 0.005, -case.z), (x, y + thick, z))]


def fronts(rng: np.random.Generator, case: Case, columns: int, rows: int) -> list[Part]:
    """Return doors and drawers that protrude from the body, each with a handle."""
    gap = rng.uniform(0.002, 0.012)
    parts: list[Part] = []
    widths = np.linspace(-case.x, case.x, columns + 1)
    glazed = rng.random() < 0.15
    for column in range(columns):
        here = rows if rng.random() < 0.8 else 1
        edges = _edges(rng, case.low, case.top, here)
        for low, high in pairwise(edges):
            left, right = float(widths[column]) + gap, float(widths[column + 1]) - gap
            cell = (left, low + gap, right, high - gap)
            parts += close(case.style, cell, case.z, opens_left=bool(column % 2), glazed=glazed)
    return parts


def close(
    style: Front,
    cell: tuple[float, float, float, float],
    z: float,
    *,
    opens_left: bool,
    glazed: bool,
) -> list[Part]:
    """Return a door where the cell is tall, else a drawer."""
    left, low, right, high = cell
    if high - low > 1.05 * (right - left) or high - low > 0.6:
        return door(style, cell, z, opens_left=opens_left, glazed=glazed)
    return drawer(style, cell, z)


def _edges(rng: np.random.Generator, low: float, high: float, rows: int) -> list[float]:
    """Return `rows + 1` heights, evenly spaced or with smaller rows further up."""
    shares = np.ones(rows)
    if rng.random() < 0.4:
        shares = np.linspace(rng.uniform(1.2, 2.0), 1.0, rows)
    if rows > 1 and rng.random() < 0.25:
        shares[:-1] = rng.uniform(1.5, 3.0)  # doors below one row of drawers
    steps = np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
    return [float(low + (high - low) * step) for step in steps]


def open_case(rng: np.random.Generator, case: Case, columns: int, rows: int) -> list[Part]:
    """Return a body of boards, some cells closed by fronts and the others open."""
    board, x, z = case.style.thin * rng.uniform(1.0, 1.4), case.x, case.z
    rear = (-x + 0.002, case.low + 0.002, -z + 0.002)
    parts = [block(case.body, rear, (x - 0.002, case.top - 0.002, -z + 0.002 + board))]
    for y in (case.low, case.top - board):
        parts.append(block(case.body, (-x, y, -z), (x, y + board, z)))
    spots = np.linspace(-x + board / 2, x - board / 2, columns + 1).tolist()
    for spot in spots:
        lower = (spot - board / 2, case.low + 0.003, -z)
        parts.append(block(case.body, lower, (spot + board / 2, case.top - 0.003, z - 0.001)))
    edges = np.linspace(case.low + board / 2, case.top - board / 2, rows + 1).tolist()
    for left, right in pairwise(spots):
        for row, (low, high) in enumerate(pairwise(edges)):
            if row:
                shelf = (left, low - board / 2, -z + 0.004), (right, low + board / 2, z - 0.004)
                parts.append(block(case.body, *shelf))
            if rng.random() < 0.5:
                inner = (left + board * 0.3, low + board * 0.3, right - board * 0.3)
                # A closed cell is solid: invisible interiors are not hollow.
                lower, upper = (left, low, -z + 0.01), (right, high, z - 0.005)
                parts.append(block(case.body, lower, upper))
                side = bool(rng.random() < 0.5)
                cell = (*inner, high - board * 0.3)
                parts += close(case.style, cell, z, opens_left=side, glazed=False)
    return parts
