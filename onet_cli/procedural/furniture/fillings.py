"""Fillings of backs between their posts: slats, spindles, rungs, crosses, splats, pads."""

import numpy as np

from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import front
from onet_cli.procedural.furniture import backs
from onet_cli.procedural.furniture.backs import Panel, posts
from onet_cli.procedural.joinery import SIDES, block, cushion, leg, rod
from onet_cli.procedural.turnery import smooth, spindle_profile, turned


def slats(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with upright boards between them."""
    parts, clear = posts(rng, back)
    room = max(2, int(2 * clear / (2.6 * back.thin)))
    count = int(rng.integers(2, min(room, 9) + 1))
    width = max(back.thin, 2 * clear / count * rng.uniform(0.25, 0.6))
    for k in range(count):
        x = clear * ((2 * k + 1) / count - 1)
        low = (x - width / 2, 0, -back.thin * 0.5)
        high = (x + width / 2, back.height - back.thin / 2, back.thin * 0.5)
        parts.append(block(back.frame, low, high))
    return parts


def spindles(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with round bars between them, plain or turned, sometimes fanning out."""
    parts, clear = posts(rng, back)
    room = max(3, int(2 * clear / (2.2 * back.thin)))
    count, fan = int(rng.integers(3, min(room, 10) + 1)), rng.choice([1.0, rng.uniform(0.5, 0.9)])
    profile = None
    if rng.random() < 0.3 and fan == 1.0:
        high = back.height - back.thin / 2
        profile = spindle_profile(rng, high, back.thin * 0.9, back.thin * 0.5, 2)
    for k in range(count):
        x = clear * ((2 * k + 1) / count - 1)
        if profile is not None:
            parts.append(turned(back.frame, profile, (x, 0, 0), segments=10))
            continue
        top = (x, back.height - back.thin / 2, 0)
        parts.append(rod(back.frame, (x * fan, 0, 0), top, back.thin * 0.52))
    return parts


def ladder(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with level boards between them."""
    parts, clear = posts(rng, back)
    count = int(rng.integers(1, 5))
    pitch = back.height * 0.85 / (count + 1)
    height = max(back.thin, pitch * rng.uniform(0.25, 0.6))
    for k in range(count):
        y = pitch * (k + 1)
        low = (-clear * 1.06, y - height / 2, -back.thin / 2)
        high = (clear * 1.06, y + height / 2, back.thin / 2)
        parts.append(block(back.cover, low, high))
    return parts


def cross(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with an X of bars between them."""
    parts, clear = posts(rng, back)
    width = back.thin * rng.uniform(1.0, 1.5)
    for s in SIDES:
        foot, top = (s * clear, back.thin, 0.0), (-s * clear, back.height - back.thin, 0.0)
        parts.append(leg(back.frame, foot, top, width * (1 + 0.03 * s)))
    return parts


def framed(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts and rail around a panel or pad."""
    parts, clear = posts(rng, back)
    low, half = back.height * rng.uniform(0, 0.3), back.thin * rng.uniform(0.5, 1.2)
    lower, upper = (-clear * 1.06, low, -half), (clear * 1.06, back.height - back.thin / 2, half)
    if rng.random() < 0.5:
        return [*parts, cushion(back.cover, lower, upper, half * 0.8)]
    return [*parts, block(back.cover, lower, upper)]


def splat(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return posts with one board between them, cut like a vase."""
    parts, _ = posts(rng, back)
    y = np.linspace(0, 1, 5) * (back.height - back.thin / 2)
    half = np.maximum(back.width * rng.uniform(0.06, 0.2, 5), back.thin * 0.6)
    edge = smooth(np.stack([half, y], axis=1), 4)
    ring = np.vstack([edge, (edge * [-1, 1])[::-1]])
    return [*parts, front(back.frame, [ring], (0, 0, -back.thin / 2), back.thin)]


MAKERS: tuple[backs.Maker, ...] = (
    backs.plain, backs.plain, backs.curved, backs.curved, backs.padded, backs.padded,
    backs.medallion, backs.floating, backs.bent, slats, slats, spindles, spindles, ladder, ladder,
    cross, framed, framed, splat,
)  # fmt: skip


def choose(rng: np.random.Generator, back: Panel) -> list[Part]:
    """Return a random back."""
    return MAKERS[rng.integers(len(MAKERS))](rng, back)
