"""Backs of chairs and benches, and headboards: upright, standing on y = 0, centred at z = 0."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from onet_cli.preprocessing.procedural.assembly import Colour, Part, moved
from onet_cli.preprocessing.procedural.joinery import SIDES, block, cushion, leg, panel, rod
from onet_cli.preprocessing.procedural.solids.pose import at
from onet_cli.preprocessing.procedural.solids.prism import arch, oval


@dataclass(frozen=True)
class Panel:
    """A back's measures in metres and its colours; `thin` is its smallest thickness."""

    width: float
    height: float
    thin: float
    frame: Colour
    cover: Colour


Maker = Callable[[np.random.Generator, Panel], list[Part]]


def plain(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return one flat panel: rectangular, arched or nearly oval."""
    thick = back.thin * rng.uniform(1.0, 2.5)
    kind = rng.integers(3)
    outline = (
        arch(back.width, back.height, back.height * rng.uniform(0.05, 0.45)),
        oval(back.width, back.height, power=rng.uniform(2.5, 8)),
        arch(back.width, back.height, 0.002),
    )[kind]
    return moved([panel(back.cover, outline, thick)], at(0, back.height / 2, 0))


def padded(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return a cushion from the seat up."""
    half, x = back.thin * rng.uniform(0.9, 2.2), back.width / 2
    return [cushion(back.cover, (-x, 0, -half), (x, back.height, half), half * 0.9)]


def floating(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return a panel or cushion held high by two posts or one."""
    low, half = back.height * rng.uniform(0.3, 0.6), back.thin * rng.uniform(0.6, 1.4)
    x = back.width / 2
    rest = (-x, low, -half), (x, back.height, half)
    parts = [
        cushion(back.cover, *rest, half * 0.8) if rng.random() < 0.6 else block(back.cover, *rest)
    ]
    places = [0.0] if rng.random() < 0.35 else [-x * 0.75, x * 0.75]
    width = back.thin * (rng.uniform(1.5, 3) if len(places) == 1 else 0.55)
    top = (low + back.height) / 2
    return parts + [
        block(back.frame, (p - width, 0, -half * 0.9), (p + width, top, half * 0.9)) for p in places
    ]


def posts(rng: np.random.Generator, back: Panel) -> tuple[list[Part], float]:
    """Return two side posts with a rail on top, and the clear half width between them."""
    half = back.thin * rng.uniform(0.5, 0.9)
    x = back.width / 2 - half
    rail = max(back.thin, rng.uniform(0.06, 0.25) * back.height)
    parts = [
        block(back.frame, (s * x - half, 0, -half), (s * x + half, back.height - rail / 2, half))
        for s in SIDES
    ]
    over = rng.choice([0.0, 0.06]) * back.width
    deep = half * 1.02
    low, high = (-x - half - over, back.height - rail, -deep), (x + half + over, back.height, deep)
    return [*parts, block(back.frame, low, high)], x - half


def slats(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with upright boards between them."""
    parts, clear = posts(rng, back)
    room = max(2, int(2 * clear / (2.6 * back.thin)))
    count = int(rng.integers(2, min(room, 6) + 1))
    width = max(back.thin, 2 * clear / count * rng.uniform(0.25, 0.6))
    for k in range(count):
        x = clear * ((2 * k + 1) / count - 1)
        top = back.height - back.thin / 2
        low = (x - width / 2, 0, -back.thin * 0.5)
        parts.append(block(back.frame, low, (x + width / 2, top, back.thin * 0.5)))
    return parts


def spindles(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with round bars between them, at times fanning out."""
    parts, clear = posts(rng, back)
    count, fan = int(rng.integers(3, 7)), rng.choice([1.0, rng.uniform(0.5, 0.9)])
    for k in range(count):
        x = clear * ((2 * k + 1) / count - 1)
        top = back.height - back.thin / 2
        parts.append(rod(back.frame, (x * fan, 0, 0), (x, top, 0), back.thin * 0.52))
    return parts


def ladder(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with level boards between them."""
    parts, clear = posts(rng, back)
    count = int(rng.integers(1, 5))
    pitch = back.height * 0.85 / (count + 1)
    height = max(back.thin, pitch * rng.uniform(0.25, 0.6))
    for k in range(count):
        y = pitch * (k + 1)
        low, high = (-clear * 1.02, y - height / 2, -back.thin / 2), (y + height / 2)
        parts.append(block(back.cover, low, (clear * 1.02, high, back.thin / 2)))
    return parts


def cross(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with an X of bars between them."""
    parts, clear = posts(rng, back)
    width = back.thin * rng.uniform(1.0, 1.5)
    for side in SIDES:
        foot, top = (side * clear, back.thin, 0.0), (-side * clear, back.height - back.thin, 0.0)
        parts.append(leg(back.frame, foot, top, width * (1 + 0.03 * side)))
    return parts


def framed(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts and rail around a panel or pad."""
    parts, clear = posts(rng, back)
    low, half = back.height * rng.uniform(0, 0.3), back.thin * rng.uniform(0.5, 0.8)
    lower, upper = (-clear * 1.02, low, -half), (clear * 1.02, back.height - back.thin / 2, half)
    if rng.random() < 0.5:
        return [*parts, cushion(back.cover, lower, upper, half * 0.8)]
    return [*parts, block(back.cover, lower, upper)]


def choose(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return some back."""
    makers: tuple[Maker, ...] = (
        plain, plain, padded, padded, floating, slats, spindles, ladder, cross, framed,
    )  # fmt: skip
    return makers[rng.integers(len(makers))](rng, back)
