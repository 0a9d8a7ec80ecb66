"""Two-wheelers: bicycles, kick scooters, motor scooters, motorcycles, tricycles."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pillow, pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, block, cushion, disc, rod
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.turnery import spoked, wheel
from onet_cli.procedural.vehicles.handlebar import handlebar
from onet_cli.procedural.vehicles.motor import moped, motorcycle


def two_wheeler(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random two-wheeler."""
    return (bicycle, bicycle, kick, moped, motorcycle, tricycle)[rng.integers(6)](rng)


def bicycle(rng: np.random.Generator) -> list[Part]:
    """Return a bicycle: a frame of tubes, two spoked wheels, saddle, bar, pedals."""
    paint, steel = palette.paint(rng), palette.metal(rng)
    radius = rng.uniform(0.25, 0.35)
    base, bar = rng.uniform(0.92, 1.08) * (0.55 + 1.3 * radius), rng.uniform(0.0135, 0.018)
    z = base / 2
    tube = rng.uniform(0.014, 0.026)
    parts: list[Part] = []
    for end in (-z, z):
        parts += spoked(
            palette.RUBBER, steel, (0, radius, end), radius, tube, int(rng.integers(8, 15)), 0.0085
        )
    crank = np.array([0, radius * 0.85, -0.05])
    head_low = np.array([0, 2 * radius + 0.1, z * 0.72])
    head = np.array([0, 2 * radius + 0.28, z * 0.64])
    seat = np.array([0, 2 * radius + rng.uniform(0.12, 0.3), -z * 0.42])
    lug = crank + 0.85 * (seat - crank)
    step = rng.random() < 0.3
    brace = crank + 0.35 * (lug - crank) if step else lug
    for start, stop in ((crank, seat), (head_low, crank), (brace, head), (head_low, head)):
        girth = bar * (1.2 if start is head_low else 1.0)
        parts.append(rod(paint, start.tolist(), stop.tolist(), girth))
    gap, crown = max(0.045, 1.6 * tube), head_low + 0.04 * (head_low - head)
    for s in SIDES:
        hub = (s * gap, radius, -z)
        parts.append(rod(paint, (s * 0.02, *lug[1:]), hub, bar * 0.75))
        parts.append(rod(paint, (s * 0.02, *crank[1:]), hub, bar * 0.75))
        parts.append(rod(paint, (s * gap, *crown[1:]), (s * gap, radius, z), bar * 0.8))
    parts.append(rod(paint, (-gap, *crown[1:]), (gap, *crown[1:]), bar))
    for end in (-z, z):
        parts.append(rod(steel, (-gap * 1.15, radius, end), (gap * 1.15, radius, end), bar))
    saddle = (
        (-0.075, float(seat[1]) - 0.01, float(seat[2]) - 0.14),
        (0.075, float(seat[1]) + 0.05, float(seat[2]) + 0.12),
    )
    parts.append(pillow(palette.BLACK, *saddle, 2.5, 3))
    parts += handlebar(
        steel,
        float(head[1]),
        float(head[2]),
        rng.uniform(0.24, 0.33),
        rng.uniform(0.02, 0.16),
        bar * 0.9,
    )
    return parts + _pedals(steel, crank, bar)


def _pedals(steel: Finish, crank: NDArray[np.float64], bar: float) -> list[Part]:
    """Return a bicycle's chain wheel and pedals."""
    gear = (
        disc(steel, (0, 0, 0), 0.02, 0.085)
        .moved(about("z", -90))
        .moved(at(0.02, *crank[1:].tolist()))
    )
    parts = [gear, rod(steel, (-0.09, *crank[1:]), (0.09, *crank[1:]), bar)]
    for s in SIDES:
        tip = crank + np.array([s * 0.08, s * 0.12, s * 0.1])
        parts.append(rod(steel, (s * 0.08, *crank[1:]), tip.tolist(), bar * 0.8))
        near = sorted((s * 0.07, s * 0.18))
        parts.append(
            block(
                palette.BLACK,
                (near[0], tip[1] - 0.014, tip[2] - 0.04),
                (near[1], tip[1] + 0.014, tip[2] + 0.04),
            )
        )
    return parts


def kick(rng: np.random.Generator) -> list[Part]:
    """Return a kick scooter: a deck, two small wheels, a tall bar."""
    paint, steel = palette.paint(rng), palette.metal(rng)
    radius, z, tall = rng.uniform(0.06, 0.12), rng.uniform(0.35, 0.45), rng.uniform(0.75, 1.0)
    bar, deck = max(0.0085 * tall * 1.6, 0.012), radius + 0.005
    parts: list[Part] = []
    for end in (-z, z):
        parts += wheel(palette.RUBBER, paint, (0, radius, end), radius, 0.04)
        parts.append(rod(steel, (-0.05, radius, end), (0.05, radius, end), 0.012))
        for s in SIDES:
            near = sorted((s * 0.03, s * 0.05))
            inner = -0.14 if end > 0 else 0.14
            low = (near[0], radius - 0.015, min(end, end + inner) - 0.012)
            parts.append(block(steel, low, (near[1], radius + 0.02, max(end, end + inner) + 0.012)))
    parts.append(block(steel, (-0.06, deck - 0.02, -z + 0.11), (0.06, deck + 0.015, z - 0.11)))
    head = [(0.0, deck, z - 0.13), (0.0, 2 * radius + 0.06, z - 0.03), (0.0, tall, z - 0.12)]
    parts += pipe(steel, head, bar * 1.3, 0.06)
    parts.append(
        rod(steel, (0, 2 * radius + 0.06, z - 0.03), (0, 2 * radius + 0.01, z - 0.02), bar * 1.5)
    )
    for s in SIDES:
        parts.append(
            rod(steel, (s * 0.045, radius, z), (s * 0.03, 2 * radius + 0.035, z - 0.02), 0.012)
        )
    parts.append(
        rod(
            steel,
            (-0.04, 2 * radius + 0.035, z - 0.022),
            (0.04, 2 * radius + 0.035, z - 0.022),
            0.014,
        )
    )
    return parts + handlebar(steel, tall, z - 0.12, rng.uniform(0.18, 0.25), 0.02, bar)


def tricycle(rng: np.random.Generator) -> list[Part]:
    """Return a child's tricycle."""
    paint, other = palette.paint(rng), palette.paint(rng)
    front, rear, z = rng.uniform(0.12, 0.16), rng.uniform(0.08, 0.11), rng.uniform(0.2, 0.27)
    bar, wide = 0.016, rng.uniform(0.15, 0.2)
    parts = wheel(palette.RUBBER, other, (0, front, z), front, 0.045)
    for s in SIDES:
        parts += wheel(palette.RUBBER, other, (s * wide, rear, -z), rear, 0.045)
        parts.append(
            rod(paint, (s * 0.045, front, z), (s * 0.045, 2 * front + 0.05, z - 0.04), bar * 0.8)
        )
        near = sorted((s * 0.05, s * 0.13))
        y = front + s * 0.06
        parts.append(rod(paint, (s * 0.05, front, z), (s * 0.06, y, z), 0.012))
        parts.append(
            block(palette.BLACK, (near[0], y - 0.012, z - 0.03), (near[1], y + 0.012, z + 0.03))
        )
    parts.append(rod(paint, (-0.06, front, z), (0.06, front, z), bar * 0.8))
    parts.append(rod(paint, (-wide, rear, -z), (wide, rear, -z), bar))
    parts.append(
        rod(paint, (-0.05, 2 * front + 0.05, z - 0.04), (0.05, 2 * front + 0.05, z - 0.04), bar)
    )
    stem = (0.0, 2 * front + 0.04, z - 0.04), (0.0, 0.52, z - 0.1)
    parts.append(rod(paint, *stem, bar))
    seat = rng.uniform(0.27, 0.33)
    parts += pipe(
        paint,
        [(0.0, 2 * front + 0.06, z - 0.05), (0.0, rear + 0.06, -0.05), (0.0, rear, -z)],
        bar * 1.2,
        0.1,
    )
    parts.append(rod(paint, (0, rear + 0.03, -0.1), (0, seat, -0.1), bar * 1.2))
    parts.append(pillow(other, (-0.1, seat - 0.015, -0.2), (0.1, seat + 0.03, 0.02), 3, 3))
    if rng.random() < 0.5:
        parts += moved(
            [cushion(other, (-0.09, 0, -0.012), (0.09, 0.15, 0.012), 0.011)], at(0, seat, -0.19)
        )
    return parts + handlebar(paint, 0.52, z - 0.1, 0.16, 0.03, bar * 0.8)
