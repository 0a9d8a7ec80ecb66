"""Vases, jugs and urns, turned and hollow."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.solids.pose import Array, about
from onet_cli.procedural.turnery import hoop, smooth, turned, vessel


def vase(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random vase, with up to two handles, sometimes with a lid."""
    height = rng.uniform(0.15, 0.6)
    profile = silhouette(rng, height)
    wall = rng.uniform(0.02, 0.03) * height
    finish = palette.ceramic(rng) if rng.random() < 0.8 else palette.glass(rng)
    parts = [vessel(finish, profile, wall, segments=32)]
    choice = rng.random()
    if choice < 0.3:
        parts += handles(rng, finish, profile, height, int(rng.integers(1, 3)))
    elif choice < 0.45:
        reach = float(profile[-1, 0])
        knots = [(1.06, 0), (1.0, 0.04), (0.6, 0.1), (0.12, 0.13), (0.2, 0.2), (0.05, 0.24)]
        lid = smooth([(r * reach, h * height) for r, h in knots], 3)
        parts.append(turned(palette.shaded(finish, rng), lid, (0, height - 0.01 * height, 0)))
    if rng.random() < 0.3:
        accent = palette.metal(rng)
        for share in rng.uniform(0.2, 0.8, int(rng.integers(1, 4))):
            girth = float(np.interp(share * height, profile[:, 1], profile[:, 0]))
            parts.append(hoop(accent, (0, float(share) * height, 0), girth, 0.016 * height))
    return parts


def silhouette(rng: np.random.Generator, height: float) -> Array:
    """Return the outline of a vase: belly high or low, neck narrow or wide, ribs sometimes."""
    widest = height * rng.uniform(0.18, 0.48)
    kind = rng.integers(4)
    if kind == 0:  # a beaker
        radii = widest * np.array([rng.uniform(0.55, 1.0), 0.0, 1.0])
        radii[1] = (radii[0] + radii[2]) / 2 * rng.uniform(0.85, 1.1)
        knots = np.stack([radii, [0, 0.5, 1]], axis=1)
    else:
        belly, foot, neck = rng.uniform(0.25, 0.7), rng.uniform(0.35, 0.7), rng.uniform(0.3, 0.7)
        throat = belly + (1 - belly) * rng.uniform(0.4, 0.75)
        lip = neck * rng.uniform(1.0, 1.6)
        knots = np.array([(foot, 0), (1.0, belly), (neck, throat), (min(lip, 1.0), 1)]) * [
            widest,
            1,
        ]
    curve = smooth(knots * [1, height], 8)
    if rng.random() < 0.2:
        ribs = int(rng.integers(6, 16))
        curve = smooth(curve, 3)
        curve[:, 0] *= 1 + 0.02 * np.cos(2 * np.pi * ribs * curve[:, 1] / height)
    return curve


def handles(
    rng: np.random.Generator, finish: Finish, profile: Array, height: float, count: int
) -> list[Part]:
    """Return one or two ears beside the neck."""
    low, high = rng.uniform(0.35, 0.6) * height, rng.uniform(0.8, 0.95) * height
    start, end = (float(np.interp(y, profile[:, 1], profile[:, 0])) for y in (low, high))
    tube = rng.uniform(0.016, 0.03) * height
    out = max(start, end) + rng.uniform(0.12, 0.3) * height
    line = [(start - 0.5 * tube, low, 0.0), (out, low + 0.1 * height, 0.0), (out, high, 0.0),
            (end - 0.5 * tube, high, 0.0)]  # fmt: skip
    one = pipe(finish, line, tube, 0.15 * height)
    return one + (moved(one, about("y", 180)) if count == 2 else [])
