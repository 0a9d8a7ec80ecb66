"""Legs in the four corners of furniture."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe, side, strip
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, block, leg, rod
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.turnery import smooth, spindle_profile, turned


@dataclass(frozen=True)
class Footprint:
    """The footprint of the furniture that legs carry.

    `width` and `depth` span the corners where legs meet the underside at height `top`; `thin` is
    the minimum thickness of any piece of this shape. Metres.
    """

    width: float
    depth: float
    top: float
    thin: float

    def corners(self, inset: float) -> list[tuple[float, float]]:
        """Return the four corners (x, z), inset by `inset`."""
        x, z = self.width / 2 - inset, self.depth / 2 - inset
        return [(sx * x, sz * z) for sx in SIDES for sz in SIDES]


Maker = Callable[[np.random.Generator, Finish, Footprint], list[Part]]


def straight(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return four upright legs, square or round, sometimes tapered, sometimes with stretchers."""
    thick = max(under.thin, rng.uniform(0.02, 0.075) * (under.top + 0.35))
    taper = float(rng.choice([1.0, 1.0, rng.uniform(0.55, 0.9)]))
    thick = max(thick, under.thin / taper)
    round_ = bool(rng.random() < 0.35)
    inset = thick / 2 + float(
        rng.choice([0.0, rng.uniform(0, 0.12) * min(under.width, under.depth)])
    )
    parts = [
        leg(finish, (x, 0, z), (x, under.top, z), thick, taper=taper, round_=round_)
        for x, z in under.corners(inset)
    ]
    if rng.random() < 0.3:
        parts += stretchers(rng, finish, under, inset)
    return parts


def stretchers(
    rng: np.random.Generator, finish: Finish, under: Footprint, inset: float
) -> list[Part]:
    """Return bars between upright legs: an H, a ring, a double ring or an X."""
    x, z = under.width / 2 - inset, under.depth / 2 - inset
    y, half = under.top * rng.uniform(0.15, 0.5), under.thin * rng.uniform(0.5, 0.75)
    kind = rng.integers(4)
    if kind == 3:
        ends = [((-x, -z), (x, z)), ((-x, z), (x, -z))]
        return [rod(finish, (a, y, b), (c, y, d), half) for (a, b), (c, d) in ends]
    parts = []
    for level in (y, y + 0.22 * under.top)[: 2 if kind == 2 else 1]:
        for s in SIDES:
            low, high = (s * x - half, level - half, -z), (s * x + half, level + half, z)
            parts.append(block(finish, low, high))
    for place in [0.0] if kind == 0 else [-z, z]:
        low, high = (-x, y - half, place - half * 0.99), (x, y + half * 0.99, place + half * 0.99)
        parts.append(block(finish, low, high))
    return parts


def splayed(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return four legs that lean outwards, tapered, round or square, sometimes joined."""
    taper = rng.uniform(0.45, 1.0)
    thick = max(under.thin / taper, rng.uniform(0.028, 0.05) * (under.top + 0.35))
    round_ = bool(rng.random() < 0.7)
    inset = thick / 2 + rng.uniform(0.06, 0.2) * min(under.width, under.depth)
    lean = min(inset, under.top * np.tan(np.radians(rng.uniform(4, 18)))) - thick * taper / 2
    feet = [(x + np.sign(x) * lean, x, z + np.sign(z) * lean, z) for x, z in under.corners(inset)]
    parts = [
        leg(finish, (x0, 0.0, z0), (x1, under.top, z1), thick, taper=taper, round_=round_)
        for x0, x1, z0, z1 in feet
    ]
    if rng.random() < 0.25 and under.top > 0.3:
        share = rng.uniform(0.3, 0.6)
        at_ = [(x0 + (x1 - x0) * share, z0 + (z1 - z0) * share) for x0, x1, z0, z1 in feet]
        y, bar = under.top * share, max(under.thin * 0.5, 0.3 * thick * taper)
        for a, b in ((0, 1), (2, 3), (0, 2), (1, 3)):
            start, end = (at_[a][0], y, at_[a][1]), (at_[b][0], y, at_[b][1])
            parts.append(rod(finish, start, end, bar))
    return parts


def lathed(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return four legs turned with beads, a square block above, sometimes with stretchers."""
    girth = max(under.thin, rng.uniform(0.02, 0.045) * (under.top + 0.35)) * 0.7
    inset = girth + rng.uniform(0, 0.06) * min(under.width, under.depth)
    head = under.top * rng.uniform(0.1, 0.3)
    beads = int(rng.integers(1, 5))
    profile = spindle_profile(rng, under.top - head * 0.9, girth, under.thin * 0.5, beads)
    parts = []
    for x, z in under.corners(inset):
        parts.append(turned(finish, profile, (x, 0, z), segments=14))
        low = (x - girth, under.top - head, z - girth)
        parts.append(block(finish, low, (x + girth, under.top, z + girth)))
    if rng.random() < 0.3:
        parts += stretchers(rng, finish, under, inset)
    return parts


def cabriole(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return four legs in the shape of an S, their knees turned outwards."""
    thick = max(under.thin * 1.2, rng.uniform(0.035, 0.06) * (under.top + 0.3))
    knee, ankle = rng.uniform(0.4, 0.9) * thick, rng.uniform(0.3, 0.8) * thick
    out = [(0.25 * thick, 0), (-ankle * 0.5, 0.2), (-0.1 * ankle, 0.45), (knee, 0.78), (0, 1)]
    spine = smooth(np.array([(0.4 + u, v * under.top) for u, v in out]), 4) - [0.4, 0]
    width = thick * np.interp(spine[:, 1] / under.top, [0, 0.15, 0.8, 1], [0.8, 0.6, 1.1, 1.0])
    outline = np.vstack([spine + width[:, None] / 2 * [1, 0],
                         (spine - width[:, None] / 2 * [1, 0])[::-1]])  # fmt: skip
    piece = side(finish, [outline], (-thick * 0.35, 0, 0), thick * 0.7)
    parts = []
    for x, z in under.corners(thick * 0.8 + knee * 0.4):
        turn = float(np.degrees(np.arctan2(np.sign(x), np.sign(z))))
        parts += moved([piece], about("y", turn).then(at(x, 0, z)))
    return parts


def hairpin(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return four bent rods, narrow loops that stand on the floor."""
    radius = under.thin * rng.uniform(0.5, 0.6)
    spread = rng.uniform(0.1, 0.2) * min(under.depth, under.width, 1.5 * under.top)
    parts = []
    for x, z in under.corners(radius + 0.05 * under.width):
        ends = [(x - np.sign(x) * spread, under.top, z), (x, under.top, z - np.sign(z) * spread)]
        foot = [(x, radius, z - np.sign(z) * 1.5 * radius)]
        foot.insert(0, (x - np.sign(x) * 1.5 * radius, radius, z))
        parts += pipe(finish, [ends[0], *foot, ends[1]], radius, 2.5 * radius)
    return parts


def tubes(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return two bent tubes, each a front and a rear leg with a bar under the seat or top."""
    radius = max(under.thin * 0.5, rng.uniform(0.009, 0.02))
    lean = rng.uniform(0, 0.15) * min(under.depth, under.top)
    x, z = under.width / 2 - radius - rng.uniform(0, 0.1) * under.width, under.depth / 2 - radius
    level, across = under.top - radius * 0.7, rng.random() < 0.3
    parts = []
    for s in SIDES:
        frame = [(s * x, 0, -z), (s * x, level, lean - z), (s * x, level, z - lean), (s * x, 0, z)]
        if across:
            frame = [
                (-x, 0, s * z),
                (lean - x, level, s * z),
                (x - lean, level, s * z),
                (x, 0, s * z),
            ]
        parts += pipe(finish, frame, radius, rng.uniform(2, 5) * radius)
    if rng.random() < 0.3:
        parts.append(
            rod(finish, (-x, under.top * 0.35, -z), (x, under.top * 0.35, -z), radius)
            if not lean
            else rod(finish, (-x, level, 0), (x, level, 0), radius)
        )
    return parts


def sabre(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return four flat legs that sweep outwards to the front and the rear."""
    thick = max(under.thin * 1.1, rng.uniform(0.03, 0.05) * (under.top + 0.3))
    flare = rng.uniform(0.05, 0.25) * under.top
    height = np.linspace(0, 1, 8)
    spine = np.stack([flare * (1 - height) ** 2, height * under.top], axis=1)
    outline = strip(spine, thick)
    outline[:, 1] = np.clip(outline[:, 1], 0.0, under.top)
    parts = []
    for x, z in under.corners(thick * 0.6 + 0.02):
        piece = side(finish, [outline * [np.sign(z), 1]], (-thick / 2, 0, 0), thick)
        parts += moved([piece], at(x, 0, z - np.sign(z) * min(flare, 0.3 * under.depth) * 0.5))
    return parts


def choose(
    rng: np.random.Generator, finish: Finish, under: Footprint, makers: tuple[Maker, ...]
) -> list[Part]:
    """Return legs by one of `makers`."""
    return makers[rng.integers(len(makers))](rng, finish, under)
