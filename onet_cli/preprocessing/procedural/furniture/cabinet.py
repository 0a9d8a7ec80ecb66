"""Cabinets: chests of drawers, sideboards, wardrobes, bedside tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from onet_cli.preprocessing.procedural import legs, palette
from onet_cli.preprocessing.procedural.assembly import Colour, Part
from onet_cli.preprocessing.procedural.joinery import ball, block, rod

KINDS = {
    "chest": ((0.6, 1.2), (0.38, 0.6), (0.65, 1.2)),
    "sideboard": ((1.1, 2.0), (0.36, 0.55), (0.5, 0.95)),
    "wardrobe": ((0.7, 1.9), (0.5, 0.7), (1.6, 2.3)),
    "bedside": ((0.35, 0.6), (0.32, 0.5), (0.4, 0.7)),
    "filing": ((0.38, 0.5), (0.45, 0.65), (0.6, 1.4)),
}
"""Ranges of width, depth and height in metres."""

FEET: tuple[legs.Maker, ...] = (legs.straight, legs.splayed, legs.hairpin, legs.sled)


@dataclass(frozen=True)
class Case:
    """A cabinet's body from (-x, low, -z) to (x, top, z), its piece thickness and colours."""

    x: float
    low: float
    top: float
    z: float
    thin: float
    body: Colour
    front: Colour
    knob: Colour
    handle: int


def cabinet(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some cabinet."""
    kind = list(KINDS)[rng.integers(len(KINDS))]
    width, depth, height = (float(rng.uniform(*span)) for span in KINDS[kind])
    thin = 0.022 * max(width, height)
    body = palette.material(rng)
    low = float(rng.choice([0.0, rng.uniform(0.04, 0.1), rng.uniform(0.12, 0.25)]))
    low = min(low, 0.3 * height)
    case = Case(
        x=width / 2,
        low=low,
        top=height,
        z=depth / 2,
        thin=thin,
        body=body,
        front=palette.shaded(body, rng) if rng.random() < 0.55 else palette.material(rng),
        knob=palette.metal(rng),
        handle=int(rng.integers(4)),
    )
    parts = feet(rng, case)
    columns = max(1, round(width / rng.uniform(0.4, 0.75)))
    rows = max(1, round((height - low) / rng.uniform(0.2, 0.5)))
    if kind == "wardrobe":
        rows = 1 if rng.random() < 0.6 else 2
    if rng.random() < 0.3 and kind != "filing":
        parts += open_case(rng, case, columns, rows)
    else:
        parts.append(block(body, (-case.x, low, -case.z), (case.x, height, case.z)))
        parts += fronts(rng, case, columns, rows)
    if rng.random() < 0.35:
        over = rng.uniform(0.01, 0.03)
        lower, upper = (-case.x - over, height - 0.01, -case.z), (case.x + over, height + thin, 0)
        parts.append(block(case.front, lower, (upper[0], upper[1], case.z + over + thin)))
    return parts


def feet(rng: np.random.Generator, case: Case) -> list[Part]:
    """Return what carries the body, if it does not stand on the floor."""
    if case.low == 0:
        return []
    under = legs.Footprint(2 * case.x, 2 * case.z, case.low + 0.01, max(case.thin, 0.025))
    colour = palette.shaded(case.body, rng) if rng.random() < 0.5 else palette.material(rng)
    if case.low < 0.11:
        return legs.choose(rng, colour, under, (legs.plinth, legs.straight))
    return legs.choose(rng, colour, under, FEET)


def fronts(rng: np.random.Generator, case: Case, columns: int, rows: int) -> list[Part]:
    """Return doors and drawers that stand proud of the body, each with a handle."""
    gap = case.thin * 0.35
    parts: list[Part] = []
    widths = np.linspace(-case.x, case.x, columns + 1)
    for column in range(columns):
        here = rows if rng.random() < 0.8 else 1
        edges = _edges(rng, case.low, case.top, here)
        for low, high in pairwise(edges):
            cell = (
                float(widths[column]) + gap,
                low + gap,
                float(widths[column + 1]) - gap,
                high - gap,
            )
            parts += front(case, cell, opens_left=bool(column % 2))
    return parts


def _edges(rng: np.random.Generator, low: float, high: float, rows: int) -> list[float]:
    """Return `rows + 1` heights, evenly spaced or with smaller rows further up."""
    shares = np.ones(rows)
    if rng.random() < 0.4:
        shares = np.linspace(rng.uniform(1.2, 2.0), 1.0, rows)
    steps = np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
    return [float(low + (high - low) * step) for step in steps]


def front(case: Case, cell: Sequence[float], *, opens_left: bool) -> list[Part]:
    """Return one door or drawer front within `cell` (left, low, right, high)."""
    left, low, right, high = cell
    face = case.z + case.thin * 0.6
    parts = [block(case.front, (left, low, case.z - case.thin), (right, high, face))]
    half, out = case.thin * 0.55, face + case.thin * 1.3
    door = high - low > right - left
    x = (left + (right - left) * (0.12 if opens_left else 0.88)) if door else (left + right) / 2
    y = (low + high) / 2
    if case.handle == 0:
        parts.append(ball(case.knob, (x, y, face + half * 0.6), (half * 1.4,) * 3))
    elif case.handle == 1:
        reach = 0.18 * max(right - left, high - low)
        dx, dy = (half, reach) if door else (reach, half)
        parts.append(block(case.knob, (x - dx, y - dy, face - 0.005), (x + dx, y + dy, out)))
    elif case.handle == 2:
        reach = 0.15 * max(right - left, high - low)
        dx, dy = (0.0, reach) if door else (reach, 0.0)
        ends = (x - dx, y - dy, face + half * 0.7), (x + dx, y + dy, face + half * 0.7)
        parts.append(rod(case.knob, *ends, half))
    return parts


def open_case(rng: np.random.Generator, case: Case, columns: int, rows: int) -> list[Part]:
    """Return a body of boards, some cells closed by fronts and the others open."""
    board, x, z = case.thin * rng.uniform(1.0, 1.4), case.x, case.z
    back = (
        (-x + 0.002, case.low + 0.002, -z + 0.002),
        (x - 0.002, case.top - 0.002, -z + 0.002 + board),
    )
    parts = [block(case.body, *back)]
    for y in (case.low, case.top - board):
        parts.append(block(case.body, (-x, y, -z), (x, y + board, z)))
    spots = np.linspace(-x + board / 2, x - board / 2, columns + 1)
    for spot in spots:
        lower = (float(spot) - board / 2, case.low + 0.003, -z)
        parts.append(
            block(case.body, lower, (float(spot) + board / 2, case.top - 0.003, z - 0.001))
        )
    edges = np.linspace(case.low + board / 2, case.top - board / 2, rows + 1)
    for left, right in pairwise(spots):
        for row in range(rows):
            low, high = float(edges[row]), float(edges[row + 1])
            if row:
                shelf = (
                    (float(left), low - board / 2, -z + 0.004),
                    (float(right), low + board / 2, z - 0.004),
                )
                parts.append(block(case.body, *shelf))
            if rng.random() < 0.55:
                inner = (float(left) + board * 0.3, low + board * 0.3, float(right) - board * 0.3)
                cell = (*inner, high - board * 0.3)
                # A closed cell is solid: what nobody sees inside a cabinet is not left hollow.
                lower, upper = (float(left), low, -z + 0.01), (float(right), high, z - 0.005)
                parts.append(block(case.body, lower, upper))
                parts += front(case, cell, opens_left=bool(rng.random() < 0.5))
    return parts
