"""Open containers: bins, baskets, trays."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pipe, plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball, block
from onet_cli.procedural.solids.prism import rectangle
from onet_cli.procedural.turnery import hoop, smooth, turned, vessel


def hollow(finish: Finish, x: float, height: float, z: float, wall: float) -> list[Part]:
    """Return an open box: four walls and a floor."""
    rings = [rectangle(2 * x, 2 * z), rectangle(2 * (x - wall), 2 * (z - wall))]
    floor = block(finish, (-x, 0, -z), (x, wall, z))
    return [plate(finish, rings, (0, 0, 0), height), floor]


def bin_(rng: np.random.Generator) -> list[Part]:
    """Return a waste bin or bucket, open or with a lid, sometimes with a bail."""
    height, finish = rng.uniform(0.25, 0.7), palette.paint(rng)
    if rng.random() < 0.4:
        finish = palette.metal(rng)
    low, high = height * rng.uniform(0.25, 0.4), height * rng.uniform(0.32, 0.46)
    wall = 0.02 * height
    outer = np.vstack([smooth([(low, 0), (high, height)], 5), [(high * 1.001, height * 1.0001)]])
    parts = [vessel(finish, outer, wall), hoop(finish, (0, 0.97 * height, 0), high, wall)]
    choice = rng.random()
    if choice < 0.4:
        lid = smooth([(1.02 * high, 0.02), (0.9 * high, 0.12), (0.05 * high, 0.2)], 4) * [1, height]
        parts.append(turned(palette.shaded(finish, rng), lid, (0, 0.96 * height, 0)))
        parts.append(ball(palette.BLACK, (0, 1.16 * height, 0), (0.05 * height,) * 3))
    elif choice < 0.65:
        bail = [
            (-high, 0.93 * height, 0.0),
            (-high, 1.5 * height, 0.0),
            (high, 1.5 * height, 0.0),
            (high, 0.93 * height, 0.0),
        ]
        parts += pipe(palette.metal(rng), bail, 0.011 * 1.5 * height, 0.9 * high)
    return parts


def basket(rng: np.random.Generator) -> list[Part]:
    """Return a wicker basket, round or square, with or without a handle."""
    cane, height = palette.cane(rng), rng.uniform(0.15, 0.5)
    radius = rng.uniform(0.15, 0.3)
    if rng.random() < 0.35:
        x, z = radius, radius * rng.uniform(0.7, 1)
        parts = hollow(cane, x, height, z, 0.02)
        rim = [(-x, height, -z), (x, height, -z), (x, height, z), (-x, height, z)]
        return parts + pipe(palette.shaded(cane, rng), rim, 0.017, 0.03, closed=True)
    outer = smooth(
        [(0.75 * radius, 0), (radius, 0.5 * height), (radius * rng.uniform(0.95, 1.15), height)], 4
    )
    top, tube = float(outer[-1, 0]), 0.022 * max(2 * radius, height) + 0.004
    parts = [
        vessel(cane, outer, 0.02),
        hoop(palette.shaded(cane, rng), (0, height, 0), top - 0.01, tube),
    ]
    if rng.random() < 0.5:
        y = height + radius * rng.uniform(0.7, 1.2)
        bail = [
            (0.01 - top, height, 0.0),
            (0.01 - top, y, 0.0),
            (top - 0.01, y, 0.0),
            (top - 0.01, height, 0.0),
        ]
        parts += pipe(cane, bail, tube, 0.9 * top)
    return parts


def tray(rng: np.random.Generator) -> list[Part]:
    """Return a plastic tub or drawer, open, with a rim and grips."""
    x, z = rng.uniform(0.18, 0.32), rng.uniform(0.13, 0.24)
    height, finish = rng.uniform(0.08, 0.3), palette.paint(rng)
    wall = 0.0145 * max(2 * x, height) + 0.002
    parts = hollow(finish, x, height, z, wall)
    rings = [rectangle(2 * x + 0.03, 2 * z + 0.03), rectangle(2 * (x - wall), 2 * (z - wall))]
    parts.append(plate(finish, rings, (0, height - 0.02, 0), 0.02))
    shade = palette.shaded(finish, rng)
    for k in range(int(rng.integers(0, 4))):
        spot = -x + (k + 1) * 2 * x / 4
        parts.append(
            block(shade, (spot - 0.01, 0.01, -z - 0.01), (spot + 0.01, height - 0.01, -z + wall))
        )
        parts.append(
            block(shade, (spot - 0.01, 0.01, z - wall), (spot + 0.01, height - 0.01, z + 0.01))
        )
    return parts
