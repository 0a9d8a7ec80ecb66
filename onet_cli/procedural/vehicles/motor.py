"""Motor scooters and motorcycles."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pillow, side
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, ball, block, cushion, rod
from onet_cli.procedural.turnery import wheel
from onet_cli.procedural.vehicles.handlebar import handlebar


def moped(rng: np.random.Generator) -> list[Part]:
    """Return a motor scooter: a leg shield, a step, a body under the seat."""
    paint, steel = palette.paint(rng), palette.metal(rng)
    radius, z, wide = rng.uniform(0.2, 0.27), rng.uniform(0.6, 0.7), rng.uniform(0.14, 0.19)
    parts: list[Part] = []
    for end in (-z, z):
        parts += wheel(palette.RUBBER, steel, (0, radius, end), radius, 0.11)
    floor, seat = radius + 0.08, rng.uniform(0.72, 0.82)
    parts.append(block(paint, (-wide, floor - 0.08, -0.3), (wide, floor, z * 0.55)))
    body = np.array(
        [
            (-z - 0.2, seat - 0.12),
            (-z - 0.1, seat - 0.3),
            (-z + 0.25, floor - 0.05),
            (-0.05, floor - 0.05),
            (-0.12, seat - 0.05),
            (-0.6 * z, seat),
        ]
    )
    parts.append(side(paint, [body], (-wide, 0, 0), 2 * wide))
    parts.append(
        cushion(palette.BLACK, (-wide, seat - 0.06, -z - 0.1), (wide, seat + 0.06, -0.1), 0.05)
    )
    shield = np.array(
        [
            (z * 0.5, floor - 0.06),
            (z * 0.62, floor - 0.06),
            (z * 0.68, 0.6),
            (z * 0.52, 1.0),
            (z * 0.42, 1.0),
            (z * 0.52, 0.6),
        ]
    )
    parts.append(side(paint, [shield], (-wide * 1.2, 0, 0), 2.4 * wide))
    parts.append(rod(steel, (0, 0.98, z * 0.46), (0, radius + 0.12, z * 0.92), 0.045))
    for s in SIDES:
        parts.append(
            rod(steel, (s * 0.085, radius, z), (s * 0.05, 2 * radius + 0.1, z * 0.85), 0.022)
        )
    parts.append(
        rod(steel, (-0.09, 2 * radius + 0.08, z * 0.86), (0.09, 2 * radius + 0.08, z * 0.86), 0.03)
    )
    parts.append(rod(steel, (-0.1, radius, z), (0.1, radius, z), 0.02))
    parts.append(rod(steel, (-0.1, radius, -z), (0.1, radius, -z), 0.03))
    for s in SIDES:
        parts.append(rod(steel, (s * 0.09, radius, -z), (s * 0.09, floor + 0.15, -z + 0.22), 0.025))
    parts.append(ball(Finish.plain((238, 236, 222), 0.8), (0, 0.92, z * 0.56), (0.09, 0.09, 0.07)))
    guard = cushion(
        paint,
        (-0.085, 1.7 * radius, z - 0.85 * radius),
        (0.085, 2.25 * radius, z + 0.6 * radius),
        0.05,
    )
    parts.append(guard)
    return parts + handlebar(palette.BLACK, 1.0, z * 0.46, 0.33, 0.05, 0.018)


def motorcycle(rng: np.random.Generator) -> list[Part]:
    """Return a motorcycle: tank, engine, seat, fork and exhaust."""
    paint, steel = palette.paint(rng), palette.metal(rng)
    radius, z = rng.uniform(0.29, 0.33), rng.uniform(0.68, 0.78)
    parts: list[Part] = []
    for end, broad in ((-z, 0.17), (z, 0.12)):
        parts += wheel(palette.RUBBER, steel, (0, radius, end), radius, broad)
        parts.append(rod(steel, (-0.14, radius, end), (0.14, radius, end), 0.025))
    seat = rng.uniform(0.72, 0.8)
    for s in SIDES:
        parts.append(rod(steel, (s * 0.11, radius, z), (s * 0.1, 0.92, z * 0.46), 0.025))
        parts.append(rod(steel, (s * 0.11, radius, -z), (s * 0.11, radius + 0.05, -0.15), 0.03))
        parts.append(
            rod(
                steel,
                (s * 0.12, radius + 0.02, -z * 0.95),
                (s * 0.1, seat - 0.02, -z * 0.55),
                0.022,
            )
        )
    parts.append(block(steel, (-0.13, 0.8, z * 0.44), (0.13, 0.9, z * 0.56)))
    parts.append(
        cushion(Finish.plain((70, 72, 76), 0.4), (-0.16, 0.25, -0.22), (0.16, 0.62, 0.22), 0.06)
    )
    parts.append(pillow(paint, (-0.15, 0.58, -0.12), (0.15, 0.95, z * 0.5), 2.5, 2.5))
    parts.append(cushion(palette.BLACK, (-0.13, seat - 0.1, -z * 0.95), (0.13, seat, 0.02), 0.05))
    tail = np.array(
        [
            (0.0, 0.5),
            (-0.3, 0.5),
            (-z * 1.2, seat),
            (-z * 1.15, seat + 0.08),
            (-z * 0.6, seat - 0.02),
            (0.0, seat - 0.03),
        ]
    )
    parts.append(side(paint, [tail], (-0.1, 0, 0), 0.2))
    parts.append(rod(steel, (0.17, 0.34, 0.1), (0.19, 0.4, -z * 1.1), 0.035, 0.05))
    parts.append(block(steel, (0.0, 0.3, -0.1), (0.18, 0.4, 0.1)))
    if rng.random() < 0.5:
        parts.append(pillow(paint, (-0.2, 0.5, z * 0.35), (0.2, 1.05, z * 0.85), 2.2, 2.5))
    parts.append(ball(Finish.plain((238, 236, 222), 0.8), (0, 0.88, z * 0.66), (0.09, 0.09, 0.12)))
    parts.append(
        cushion(
            paint,
            (-0.07, 1.9 * radius, z - 0.6 * radius),
            (0.07, 2.12 * radius, z + 0.4 * radius),
            0.03,
        )
    )
    return parts + handlebar(palette.BLACK, 0.92, z * 0.46, 0.36, 0.06, 0.019)
