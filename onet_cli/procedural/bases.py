"""Bases of furniture other than four legs: sleds, columns, stars, trestles, panels."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, block, disc, leg, rod
from onet_cli.procedural.legs import Footprint
from onet_cli.procedural.solids.pose import Pose, about, at
from onet_cli.procedural.turnery import smooth, spindle_profile, turned, wheel


def sled(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return two closed frames, left and right, of square bar or bent tube."""
    half = max(under.thin, rng.uniform(0.016, 0.05) * (under.top + 0.3)) / 2
    x, z = under.width / 2 - half - rng.uniform(0, 0.08) * under.width, under.depth / 2 - half
    parts = []
    if rng.random() < 0.5:
        level = under.top - half * 0.5
        for s in SIDES:
            loop = [(s * x, level, -z), (s * x, half, -z), (s * x, half, z), (s * x, level, z)]
            parts += pipe(finish, loop, half, rng.uniform(2, 6) * half, closed=True)
        return parts
    for s in SIDES:
        low, high = s * x - half, s * x + half
        parts.append(block(finish, (low, 0, -z - half), (high, 2 * half, z + half)))
        for end in SIDES:
            post = (low + 0.001, half, end * z - half), (high - 0.001, under.top, end * z + half)
            parts.append(block(finish, *post))
    return parts


def cube_frame(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return the twelve edges of a box of square bar."""
    half = max(under.thin, rng.uniform(0.014, 0.035) * (under.top + 0.4)) / 2
    x, z = under.width / 2 - half, under.depth / 2 - half
    parts = [leg(finish, (a, 0, b), (a, under.top, b), 2 * half) for a, b in under.corners(half)]
    for y in (half, under.top - half * 1.2):
        for s in SIDES:
            parts.append(block(finish, (s * x - half, y - half, -z), (s * x + half, y + half, z)))
            parts.append(block(finish, (-x, y - half, s * z - half), (x, y + half, s * z + half)))
    return parts


def crossed(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return an X of two bars on either side."""
    thick = max(under.thin, rng.uniform(0.025, 0.05) * (under.top + 0.3))
    x, z = under.width / 2 - thick, under.depth / 2 - thick
    parts = []
    for s in SIDES:
        for end in SIDES:
            foot = (s * (x - 0.01 * end * thick), 0.0, end * z)
            parts.append(leg(finish, foot, (s * x, under.top, -end * z), thick))
    bar = under.thin * 0.55
    return [*parts, rod(finish, (-x, under.top / 2, 0), (x, under.top / 2, 0), bar)]


def pedestal(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return one column: on a plate, on a flaring tulip foot, turned, or with bent feet."""
    reach = min(under.width, under.depth) / 2 * rng.uniform(0.6, 0.95)
    column = max(under.thin / 2, rng.uniform(0.06, 0.2) * reach)
    plate = max(under.thin, rng.uniform(0.02, 0.04) * under.top)
    kind = rng.integers(5)
    if kind == 0:
        waist, top = under.top * rng.uniform(0.25, 0.6), under.top
        head = column * rng.uniform(1, 2.5)
        flare = [(reach, plate * 0.7), (0.5 * reach, plate * 1.6), (column, waist)]
        curve = smooth([*flare, (column, 0.5 * (waist + top)), (head, top)], 4)
        return [turned(finish, np.vstack([[(reach, 0.0)], curve]))]
    if kind == 1:
        return claw(rng, finish, under, reach, column)
    parts = [disc(finish, (0, plate / 2, 0), under.top - plate / 2, column)]
    if kind == 2:
        parts.append(block(finish, (-reach, 0, -reach), (reach, plate, reach)))
    elif kind == 3:
        parts.append(disc(finish, (0, 0, 0), under.top * rng.uniform(0.1, 0.4), reach, column))
    else:
        parts.append(disc(finish, (0, 0, 0), plate, reach, reach * rng.uniform(0.85, 1.0)))
    return parts


def claw(
    rng: np.random.Generator, finish: Finish, under: Footprint, reach: float, column: float
) -> list[Part]:
    """Return a turned column on three or four bent feet."""
    foot = max(under.thin * 0.6, 0.5 * column)
    low = under.top * rng.uniform(0.12, 0.2)
    profile = spindle_profile(rng, under.top - low, max(column, foot) * 1.4, foot, 2)
    parts = [turned(finish, profile, (0, low, 0))]
    count = int(rng.integers(3, 5))
    for k in range(count):
        angle = 2 * np.pi * (k + 0.5) / count
        c, s = float(np.cos(angle)), float(np.sin(angle))
        knee = (0.55 * reach * c, low * 1.25, 0.55 * reach * s)
        line = [(0.0, low * 1.5, 0.0), knee, (reach * c, foot, reach * s)]
        parts += pipe(finish, line, foot, 0.5 * reach)
    return parts


def star(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return one column on three to five arms, sometimes with castors."""
    arms = int(rng.choice([3, 4, 4, 5, 5, 5]))
    reach = min(under.width, under.depth) / 2 * rng.uniform(0.9, 1.1)
    thick = max(under.thin, 0.03 * under.top + 0.014)
    castor = float(rng.choice([0.0, max(0.026, under.thin)]))
    tip, hub = castor * 2 + thick * 0.5, castor * 2 + thick * rng.uniform(0.7, 2.5)
    parts = [disc(finish, (0, castor, 0), under.top - castor, thick * rng.uniform(0.5, 0.8))]
    if rng.random() < 0.6:
        middle = hub + (under.top - hub) * rng.uniform(0.3, 0.6)
        parts.append(disc(palette.BLACK, (0, hub * 0.6, 0), middle - hub * 0.6, thick * 0.95))
    turn = rng.uniform(0, 2 * np.pi)
    for k in range(arms):
        angle = turn + 2 * np.pi * k / arms
        x, z = reach * float(np.cos(angle)), reach * float(np.sin(angle))
        parts.append(rod(finish, (0.0, hub, 0.0), (x, tip, z), thick * 0.62, thick / 2))
        if castor:
            spot = (x, castor, z)
            parts.append(rod(palette.BLACK, spot, (x, tip, z), thick * 0.5))
            pieces = wheel(palette.BLACK, palette.BLACK, (0, 0, 0), castor, castor * 1.1)
            parts += [piece.moved(_rolling(angle, spot)) for piece in pieces]
    return parts


def _rolling(angle: float, spot: tuple[float, float, float]) -> Pose:
    return about("y", float(np.degrees(-angle)) + 40).then(at(*spot))


def trestle(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return two uprights on feet, left and right, joined by a beam."""
    thick = max(under.thin, rng.uniform(0.05, 0.12) * under.top)
    x, z = under.width / 2 * rng.uniform(0.6, 0.9), under.depth / 2 * rng.uniform(0.75, 0.95)
    post = z * rng.uniform(0.15, 0.6)
    parts = []
    for s in SIDES:
        low, high = s * x - thick / 2, s * x + thick / 2
        parts.append(block(finish, (low, 0, -z), (high, thick, z)))
        upright = (low + 0.002, thick / 2, -post), (high - 0.002, under.top, post)
        parts.append(block(finish, *upright))
        if rng.random() < 0.5:
            head = (low + 0.001, under.top - thick, -0.9 * z), (high - 0.001, under.top, 0.9 * z)
            parts.append(block(finish, *head))
    y = under.top * rng.uniform(0.25, 0.7)
    half = thick * 0.4
    return [*parts, block(finish, (-x, y - half, -half), (x, y + half, half))]


def trestles(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return two loose trestles, each of two leaning frames."""
    thick = max(under.thin, rng.uniform(0.03, 0.05) * under.top)
    x, z = under.width / 2 * rng.uniform(0.6, 0.85), under.depth / 2 * 0.9
    spread = under.top * rng.uniform(0.15, 0.3)
    parts = []
    for s in SIDES:
        beam = (s * x - thick, under.top - 1.4 * thick, -z), (s * x + thick, under.top, z)
        parts.append(block(finish, *beam))
        for out in SIDES:
            line = s * x + out * spread
            for end in SIDES:
                top = (s * x + out * thick * 0.3, under.top - thick / 2, end * (z - thick))
                parts.append(leg(finish, (line, 0, end * (z - thick)), top, thick))
            middle = (line + s * x + out * thick * 0.3) / 2
            bar = (middle - thick / 2, under.top / 2 - thick / 2, thick - z)
            parts.append(
                block(finish, bar, (middle + thick / 2, under.top / 2 + thick / 2, z - thick))
            )
    return parts


def panels(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return two closed side panels, sometimes with a back panel."""
    thick = max(under.thin, rng.uniform(0.02, 0.06))
    x, z = under.width / 2 - rng.choice([0.0, 0.05]) * under.width, under.depth / 2
    parts = []
    for s in SIDES:
        near, far = sorted((s * x, s * (x - thick)))
        parts.append(block(finish, (near, 0, -z), (far, under.top, z)))
    if rng.random() < 0.5:
        low = under.top * rng.uniform(0.0, 0.7)
        parts.append(block(finish, (-x, low, -z * 0.9), (x, under.top, -z * 0.9 + thick)))
    return parts


def plinth(rng: np.random.Generator, finish: Finish, under: Footprint) -> list[Part]:
    """Return one solid block, recessed on all sides."""
    inset = rng.uniform(0.02, 0.08) * min(under.width, under.depth)
    x, z = under.width / 2 - inset, under.depth / 2 - inset
    return [block(finish, (-x, 0, -z), (x, under.top, z))]
