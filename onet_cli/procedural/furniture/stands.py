"""Bases of lamps."""

import numpy as np

from onet_cli.procedural.assembly import Part
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball, block, disc, rod
from onet_cli.procedural.turnery import smooth, turned

THIN = 0.0145


def foot(
    rng: np.random.Generator, finish: Finish, radius: float, thin: float, *, legged: bool = True
) -> list[Part]:
    """Return a base on the floor: disc, cone, square, dome, turned or, if `legged`, a tripod."""
    kind, high = rng.integers(6 if legged else 5), max(thin, radius * rng.uniform(0.1, 0.25))
    if kind == 0:
        return [disc(finish, (0, 0, 0), high, radius)]
    if kind == 1:
        return [disc(finish, (0, 0, 0), high * 1.6, radius, radius * rng.uniform(0.2, 0.6))]
    if kind == 2:
        return [block(finish, (-radius, 0, -radius), (radius, high, radius))]
    if kind == 3:
        knots = [(1.0, 0.12), (0.9, 0.22), (0.45, 0.35), (0.3, 0.6), (0.12, 0.9)]
        curve = smooth([(r * radius, h * radius) for r, h in knots], 3)
        return [turned(finish, np.vstack([[(radius, 0.0)], curve]))]
    if kind == 4:
        u = np.linspace(0, np.pi / 2, 9)
        dome = np.stack([0.6 * radius * np.cos(u), thin + 0.35 * radius * np.sin(u)], axis=1)
        rim = [(radius, 0.0), (radius, thin), (0.6 * radius, thin)]
        return [turned(finish, np.vstack([rim, dome]))]
    return tripod(rng, finish, radius * 1.4, radius * rng.uniform(0.8, 1.6) + thin, thin)


def tripod(
    rng: np.random.Generator, finish: Finish, reach: float, height: float, thin: float
) -> list[Part]:
    """Return three legs that meet on the axis at `height`."""
    turn, parts = rng.uniform(0, 360), [ball(finish, (0, height, 0), (thin * 1.1,) * 3)]
    for k in range(3):
        angle = np.radians(turn + 120 * k)
        tip = (reach * float(np.cos(angle)), thin * 0.5, reach * float(np.sin(angle)))
        parts.append(rod(finish, tip, (0, height, 0), thin * 0.55, thin))
    return parts
