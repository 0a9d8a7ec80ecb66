"""Pots, kettles, teapots and pans."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball
from onet_cli.procedural.solids.pose import about
from onet_cli.procedural.turnery import smooth, turned, vessel


def ear(
    finish: Finish, radius: float, low: float, high: float, tube: float, reach: float
) -> list[Part]:
    """Return a handle on the +x side of a wall of `radius`, between two heights."""
    inside = radius - 0.5 * tube
    line = [
        (inside, high, 0.0),
        (radius + reach, high, 0.0),
        (radius + reach, low, 0.0),
        (inside, low, 0.0),
    ]
    return pipe(finish, line, tube, 0.5 * (high - low))


def pot(rng: np.random.Generator) -> list[Part]:
    """Return a cooking pot with two handles and a lid with a knob, or open."""
    radius, finish = rng.uniform(0.09, 0.16), palette.metal(rng)
    height, dark = radius * rng.uniform(0.8, 1.8), palette.BLACK
    parts = [
        vessel(
            finish,
            [
                (0.95 * radius, 0),
                (radius, 0.05 * height),
                (radius, 0.5 * height),
                (radius, 0.95 * height),
                (radius, height),
            ],
            0.045 * radius,
        )
    ]
    one = [
        (radius * 0.97, 0.82 * height, -0.3 * radius),
        (1.3 * radius, 0.85 * height, -0.3 * radius),
        (1.3 * radius, 0.85 * height, 0.3 * radius),
        (radius * 0.97, 0.82 * height, 0.3 * radius),
    ]
    tube = 0.05 * radius
    grip = pipe(
        dark,
        [(x * (0.96 if k in (0, 3) else 1), y, z) for k, (x, y, z) in enumerate(one)],
        tube,
        0.1 * radius,
    )
    parts += grip + moved(grip, about("y", 180))
    if rng.random() < 0.7:
        lid = smooth(
            [
                (1.03 * radius, 0.02 * radius),
                (0.75 * radius, 0.1 * radius),
                (0.05 * radius, 0.18 * radius),
            ],
            4,
        )
        parts.append(
            turned(finish, np.vstack([[(1.03 * radius, -0.03 * radius)], lid]), (0, height, 0))
        )
        parts.append(
            ball(dark, (0, height + 0.26 * radius, 0), (0.16 * radius, 0.1 * radius, 0.16 * radius))
        )
    return parts


def teapot(rng: np.random.Generator) -> list[Part]:
    """Return a teapot, coffee pot or kettle: a body with a spout, a handle and a lid."""
    height = rng.uniform(0.12, 0.24)
    radius = height * rng.uniform(0.35, 0.6)
    finish = palette.ceramic(rng) if rng.random() < 0.6 else palette.metal(rng)
    knots = [(0.75, 0), (1, 0.3), (0.9, 0.65), (0.5, 0.92), (0.4, 1)]
    outer = smooth([(r * radius, h * height) for r, h in knots], 4)
    parts = [turned(finish, outer, segments=28)]
    shade = palette.shaded(finish, rng)
    lid = smooth([(0.45, 0), (0.4, 0.05), (0.08, 0.09), (0.12, 0.14), (0.02, 0.18)], 3)
    parts.append(turned(shade, lid * [radius, height], (0, 0.99 * height, 0)))
    tube = 0.05 * height
    spout = [
        (-0.7 * radius, 0.3 * height, 0.0),
        (-1.5 * radius, 0.45 * height, 0.0),
        (-1.7 * radius, 0.9 * height, 0.0),
    ]
    parts += pipe(finish, spout, 1.5 * tube, 0.3 * radius)
    dark = finish if rng.random() < 0.6 else palette.BLACK
    if rng.random() < 0.4:
        over = [(-0.7 * radius, 0.75 * height, 0.0), (-0.7 * radius, 1.5 * height, 0.0),
                (0.7 * radius, 1.5 * height, 0.0), (0.7 * radius, 0.75 * height, 0.0)]  # fmt: skip
        return parts + pipe(dark, over, tube, 0.5 * radius)
    return parts + ear(dark, 0.82 * radius, 0.25 * height, 0.75 * height, tube, 0.75 * radius)


def pan(rng: np.random.Generator) -> list[Part]:
    """Return a frying pan or a saucepan with one long handle."""
    radius, finish = rng.uniform(0.08, 0.15), palette.metal(rng)
    height = radius * rng.uniform(0.35, 1.0)
    flare = rng.uniform(0.75, 1.0)
    parts = [vessel(finish, smooth([(flare * radius, 0), (radius, height)], 5), 0.05 * radius)]
    tip = radius * rng.uniform(2.2, 3.2)
    line = [
        (0.95 * radius, 0.75 * height, 0.0),
        (1.3 * radius, 0.9 * height, 0.0),
        (tip, 0.9 * height + 0.15 * radius, 0.0),
    ]
    return parts + pipe(palette.BLACK, line, 0.075 * radius, 0.3 * radius)
