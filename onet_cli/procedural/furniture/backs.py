"""Backs of chairs and benches, and headboards: upright, standing on y = 0, centred at z = 0."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import bow, front, pillow, pipe, plate, strip
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, block, cushion, panel, rod
from onet_cli.procedural.solids.pose import Array, at
from onet_cli.procedural.solids.prism import arch, oval
from onet_cli.procedural.turnery import spindle_profile, turned


@dataclass(frozen=True)
class Panel:
    """A back's dimensions in metres and its finishes; `thin` is its minimum thickness."""

    width: float
    height: float
    thin: float
    frame: Finish
    cover: Finish


Maker = Callable[[np.random.Generator, Panel], list[Part]]


def outline(rng: np.random.Generator, width: float, height: float) -> Array:
    """Return the outline (M, 2) of a board, centred: straight, arched, round, waved or crowned."""
    kind = rng.integers(5)
    if kind == 0:
        return arch(width, height, 0.002)
    if kind == 1:
        return arch(width, height, height * rng.uniform(0.05, 0.45))
    if kind == 2:
        return oval(width, height, power=rng.uniform(2.5, 8))
    u = np.linspace(1, -1, 25)
    waves = rng.integers(1, 4)
    crest = rng.uniform(0.04, 0.16) * (np.cos(np.pi * waves * u) + 1) / 2
    top = np.stack([u * width / 2, height * (0.34 + crest)], axis=1)
    foot = width / 2 * (rng.uniform(0.6, 1.0) if kind == 3 else 1.0)
    return np.vstack([[(-foot, -height / 2), (foot, -height / 2)], top])


def plain(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return one flat board of some outline, sometimes with a hole to grip."""
    thick = back.thin * rng.uniform(1.0, 2.2)
    edge = outline(rng, back.width, back.height)
    rings = [edge]
    if rng.random() < 0.2 and back.height > 0.25:
        hole = oval(back.width * rng.uniform(0.2, 0.35), back.height * 0.12, 3, 16)
        rings.append(hole + np.array([0.0, back.height * 0.15]))
    board = front(back.cover, rings, (0, back.height / 2, -thick / 2), thick)
    return [board]


def curved(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return a board that bends around the sitter, from the seat up or held by two posts."""
    deep = back.width * rng.uniform(0.06, 0.25)
    band = strip(bow(back.width, deep), max(back.thin, back.width * rng.uniform(0.03, 0.08)))
    low = float(rng.choice([0.0, 0.0, rng.uniform(0.3, 0.6)])) * back.height
    parts = [
        plate(back.cover, [band + np.array([0.0, deep * 0.7])], (0, low, 0), back.height - low)
    ]
    if low:
        half = back.thin * rng.uniform(0.55, 0.8)
        x, top = 0.32 * back.width, low + 0.5 * (back.height - low)
        bend = -deep * (1 - (2 * x / back.width) ** 2) + deep * 0.7
        for s in SIDES:
            parts.append(rod(back.frame, (s * x, 0, 0), (s * x, top, bend), half))
    return parts


def padded(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return a cushion from the seat up."""
    half, x = back.thin * rng.uniform(1.2, 3.5), back.width / 2
    if rng.random() < 0.3:
        return [pillow(back.cover, (-x, -0.02, -half), (x, back.height, half), 5, 6)]
    return [cushion(back.cover, (-x, 0, -half), (x, back.height, half), half * 0.9)]


def medallion(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return an upholstered shield or oval in a wooden frame."""
    low, thick = back.height * rng.uniform(0.0, 0.25), back.thin * rng.uniform(1.0, 1.6)
    height = back.height - low
    edge = outline(rng, back.width, height)
    middle = edge.mean(axis=0)
    board = front(back.frame, [edge], (0, low + height / 2, -thick / 2), thick)
    inner = (edge - middle) * 0.84 + middle
    pad = front(back.cover, [inner], (0, low + height / 2, -thick * 0.8), thick * 1.6)
    parts = [board, pad]
    for s in SIDES if low else ():
        spot, half = 0.25 * back.width, back.thin * 0.6
        top = low + 0.3 * height
        low_corner = (s * spot - half, 0, -half)
        parts.append(block(back.frame, low_corner, (s * spot + half, top, half)))
    return parts


def floating(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return a panel or cushion held high by two posts or one."""
    low, half = back.height * rng.uniform(0.3, 0.6), back.thin * rng.uniform(0.6, 1.8)
    x = back.width / 2
    rest = (-x, low, -half), (x, back.height, half)
    parts = [
        cushion(back.cover, *rest, half * 0.8) if rng.random() < 0.6 else block(back.cover, *rest)
    ]
    places = [0.0] if rng.random() < 0.35 else [-x * 0.75, x * 0.75]
    width = back.thin * (rng.uniform(1.5, 3) if len(places) == 1 else 0.55)
    top, deep = (low + back.height) / 2, max(half * 0.5, back.thin * 0.5)
    return parts + [
        block(back.frame, (p - width, 0, -deep * 0.9), (p + width, top, deep * 0.9)) for p in places
    ]


def bent(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return a tube bent to an arch, filled with cloth, a pad, spindles or cross bars."""
    radius = max(back.thin * 0.55, rng.uniform(0.009, 0.016))
    x, top = back.width / 2 - radius, back.height - radius
    line = [(-x, 0.0, 0.0), (-x, top, 0.0), (x, top, 0.0), (x, 0.0, 0.0)]
    parts = pipe(back.frame, line, radius, rng.uniform(0.15, 0.95) * x)
    kind, half = rng.integers(3), max(back.thin * 0.5, radius * 0.7)
    if kind == 0:
        low = back.height * rng.uniform(0, 0.4)
        rest = (-x, low, -half), (x, back.height * 0.8, half)
        return [*parts, cushion(back.cover, *rest, half * 0.9)]
    if kind == 1:
        count = int(rng.integers(3, 8))
        spots = x * np.linspace(-0.8, 0.8, count)
        return parts + [rod(back.frame, (s, 0, 0), (s, top * 0.97, 0), half) for s in spots]
    for y in back.height * np.linspace(0.25, 0.75, int(rng.integers(2, 5))):
        low_corner, high = (-x, float(y) - half, -half), (x, float(y) + half * 2, half)
        parts.append(block(back.cover, low_corner, high))
    return parts


def posts(rng: np.random.Generator, back: Panel) -> tuple[list[Part], float]:
    """Return two side posts with a rail on top, and the clear half width between them."""
    half = back.thin * rng.uniform(0.55, 1.2)
    x = back.width / 2 - half
    rail = max(back.thin, rng.uniform(0.06, 0.25) * back.height)
    parts = []
    round_ = rng.random() < 0.25
    for s in SIDES:
        if round_:
            profile = spindle_profile(rng, back.height, half, back.thin * 0.5, 3)
            parts.append(turned(back.frame, profile, (s * x, 0, 0), segments=14))
            continue
        post = (s * x - half, 0, -half), (s * x + half, back.height - rail / 2, half)
        parts.append(block(back.frame, *post))
    over = rng.choice([0.0, 0.06]) * back.width
    deep = half * 1.02
    if rng.random() < 0.4:
        width, rise = 2 * (x + half + over), rail * rng.uniform(0.3, 0.9)
        crest = panel(back.frame, arch(width, rail + rise, rise), 2 * deep)
        parts += moved([crest], at(0, back.height - rail / 2 + rise / 2, 0))
        return parts, x - half
    low, high = (-x - half - over, back.height - rail, -deep), (x + half + over, back.height, deep)
    return [*parts, block(back.frame, low, high)], x - half
