"""What furniture stands on: legs, sleds, pedestals, trestles."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from onet_cli.preprocessing.procedural.assembly import Colour, Part
from onet_cli.preprocessing.procedural.joinery import SIDES, ball, block, disc, leg, path, rod


@dataclass(frozen=True)
class Footprint:
    """What legs have to carry.

    `width` and `depth` span the corners where legs meet the underside at height `top`; `thin` is
    the smallest thickness that any piece of this shape may have. Metres.
    """

    width: float
    depth: float
    top: float
    thin: float

    def corners(self, inset: float) -> list[tuple[float, float]]:
        """Return the four corners (x, z), drawn in by `inset`."""
        x, z = self.width / 2 - inset, self.depth / 2 - inset
        return [(sx * x, sz * z) for sx in SIDES for sz in SIDES]


Maker = Callable[[np.random.Generator, Colour, Footprint], list[Part]]


def straight(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return four upright legs, square or round, at times tapered, at times with stretchers."""
    thick = max(under.thin, rng.uniform(0.022, 0.065) * (under.top + 0.35))
    taper = float(rng.choice([1.0, 1.0, rng.uniform(0.55, 0.9)]))
    thick = max(thick, under.thin / taper)
    round_ = bool(rng.random() < 0.4)
    inset = thick / 2 + float(
        rng.choice([0.0, rng.uniform(0, 0.12) * min(under.width, under.depth)])
    )
    parts = [
        leg(colour, (x, 0, z), (x, under.top, z), thick, taper=taper, round_=round_)
        for x, z in under.corners(inset)
    ]
    if rng.random() < 0.3:
        parts += stretchers(rng, colour, under, inset)
    return parts


def stretchers(
    rng: np.random.Generator, colour: Colour, under: Footprint, inset: float
) -> list[Part]:
    """Return bars between upright legs: on both sides and across, or all around."""
    x, z = under.width / 2 - inset, under.depth / 2 - inset
    y, half = under.top * rng.uniform(0.15, 0.55), under.thin * rng.uniform(0.5, 0.65)
    parts = [
        block(colour, (s * x - half, y - half, -z), (s * x + half, y + half, z)) for s in SIDES
    ]
    places = [0.0] if rng.random() < 0.5 else [-z, z]
    return parts + [
        block(colour, (-x, y - half, p - half * 0.99), (x, y + half * 0.99, p + half * 0.99))
        for p in places
    ]


def splayed(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return four legs that lean outwards, tapered, round or square."""
    taper = rng.uniform(0.5, 1.0)
    thick = max(under.thin / taper, rng.uniform(0.03, 0.05) * (under.top + 0.35))
    round_ = bool(rng.random() < 0.7)
    inset = thick / 2 + rng.uniform(0.06, 0.2) * min(under.width, under.depth)
    lean = min(inset, under.top * np.tan(np.radians(rng.uniform(4, 18)))) - thick * taper / 2
    parts = []
    for x, z in under.corners(inset):
        foot = (x + np.sign(x) * lean, 0.0, z + np.sign(z) * lean)
        parts.append(leg(colour, foot, (x, under.top, z), thick, taper=taper, round_=round_))
    return parts


def hairpin(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return four pairs of thin rods that meet at the floor."""
    radius = under.thin * rng.uniform(0.5, 0.6)
    inset, spread = radius + 0.05 * under.width, rng.uniform(0.12, 0.2) * under.depth
    parts = []
    for x, z in under.corners(inset):
        foot = (x, radius, z)
        parts.append(ball(colour, foot, (radius,) * 3))
        parts.append(rod(colour, foot, (x - np.sign(x) * spread, under.top, z), radius))
        parts.append(rod(colour, foot, (x, under.top, z - np.sign(z) * spread), radius))
    return parts


def sled(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return two closed frames, left and right, of square bar or tube."""
    half = max(under.thin, rng.uniform(0.02, 0.05) * (under.top + 0.3)) / 2
    x, z = under.width / 2 - half - rng.uniform(0, 0.08) * under.width, under.depth / 2 - half
    parts = []
    tube = rng.random() < 0.5
    for side in SIDES:
        if tube:
            corners = [
                (side * x, under.top, -z),
                (side * x, half, -z),
                (side * x, half, z),
                (side * x, under.top, z),
            ]
            parts += path(colour, corners, half)
            continue
        low, high = side * x - half, side * x + half
        parts.append(block(colour, (low, 0, -z - half), (high, 2 * half, z + half)))
        for end in SIDES:
            post = (low + 0.001, half, end * z - half), (high - 0.001, under.top, end * z + half)
            parts.append(block(colour, *post))
    return parts


def crossed(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return an X of two bars on either side."""
    thick = max(under.thin, rng.uniform(0.03, 0.05) * (under.top + 0.3))
    x, z = under.width / 2 - thick, under.depth / 2 - thick
    parts = []
    for side in SIDES:
        for end in SIDES:
            foot = (side * (x - 0.01 * end * thick), 0.0, end * z)
            parts.append(leg(colour, foot, (side * x, under.top, -end * z), thick))
    bar = under.thin * 0.55
    return [*parts, rod(colour, (-x, under.top / 2, 0), (x, under.top / 2, 0), bar)]


def pedestal(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return one column on a disc, a cone or a square plate."""
    reach = min(under.width, under.depth) / 2 * rng.uniform(0.6, 0.95)
    column = max(under.thin / 2, rng.uniform(0.05, 0.2) * reach)
    plate = max(under.thin, rng.uniform(0.02, 0.05) * under.top)
    parts = [disc(colour, (0, plate / 2, 0), under.top - plate / 2, column)]
    kind = rng.integers(3)
    if kind == 0:
        parts.append(disc(colour, (0, 0, 0), plate, reach))
    elif kind == 1:
        parts.append(disc(colour, (0, 0, 0), under.top * rng.uniform(0.1, 0.4), reach, column))
    else:
        parts.append(block(colour, (-reach, 0, -reach), (reach, plate, reach)))
    return parts


def star(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return one column on three to five arms, at times with castors."""
    arms = int(rng.choice([3, 4, 4, 5, 5, 5]))
    reach = min(under.width, under.depth) / 2 * rng.uniform(0.85, 1.05)
    thick = max(under.thin, 0.045 * under.top + 0.02)
    wheel = float(rng.choice([0.0, max(0.03, under.thin)]))
    hub = wheel * 1.6 + thick
    parts = [disc(colour, (0, wheel, 0), under.top - wheel, thick * rng.uniform(0.5, 0.9))]
    turn = rng.uniform(0, 2 * np.pi)
    for k in range(arms):
        angle = turn + 2 * np.pi * k / arms
        x, z = reach * float(np.cos(angle)), reach * float(np.sin(angle))
        start, end = (0.0, hub, 0.0), (x, wheel * 1.6 + thick / 2, z)
        parts.append(rod(colour, start, end, thick * 0.6, thick / 2))
        if wheel:
            parts.append(ball((34, 34, 36), (x, wheel, z), (wheel,) * 3))
    return parts


def trestle(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return two uprights on feet, left and right, joined by a beam."""
    thick = max(under.thin, rng.uniform(0.05, 0.12) * under.top)
    x, z = under.width / 2 * rng.uniform(0.6, 0.9), under.depth / 2 * rng.uniform(0.75, 0.95)
    post = z * rng.uniform(0.2, 0.6)
    parts = []
    for side in SIDES:
        low, high = side * x - thick / 2, side * x + thick / 2
        parts.append(block(colour, (low, 0, -z), (high, thick, z)))
        parts.append(
            block(colour, (low + 0.002, thick / 2, -post), (high - 0.002, under.top, post))
        )
    y = under.top * rng.uniform(0.25, 0.7)
    half = thick * 0.4
    return [*parts, block(colour, (-x, y - half, -half), (x, y + half, half))]


def slabs(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return two closed side panels, at times with a panel at the back."""
    thick = max(under.thin, rng.uniform(0.02, 0.06))
    x, z = under.width / 2 - rng.choice([0.0, 0.05]) * under.width, under.depth / 2
    parts = [
        block(
            colour,
            (side * x - (side > 0) * thick, 0, -z),
            (side * x + (side < 0) * thick, under.top, z),
        )
        for side in SIDES
    ]
    if rng.random() < 0.5:
        low = under.top * rng.uniform(0.0, 0.7)
        parts.append(block(colour, (-x, low, -z * 0.9), (x, under.top, -z * 0.9 + thick)))
    return parts


def plinth(rng: np.random.Generator, colour: Colour, under: Footprint) -> list[Part]:
    """Return one solid block, drawn in all around."""
    inset = rng.uniform(0.02, 0.08) * min(under.width, under.depth)
    x, z = under.width / 2 - inset, under.depth / 2 - inset
    return [block(colour, (-x, 0, -z), (x, under.top, z))]


def choose(
    rng: np.random.Generator, colour: Colour, under: Footprint, makers: tuple[Maker, ...]
) -> list[Part]:
    """Return legs by one of `makers`."""
    return makers[rng.integers(len(makers))](rng, colour, under)
