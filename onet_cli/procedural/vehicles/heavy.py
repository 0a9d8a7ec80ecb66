"""Vans, buses and lorries."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import side
from onet_cli.procedural.joinery import block, rod
from onet_cli.procedural.solids.pose import at
from onet_cli.procedural.solids.prism import Prism, rectangle
from onet_cli.procedural.vehicles.chassis import (
    GLASS,
    Chassis,
    hull,
    mirrors,
    wheels,
    windows,
)


def van(rng: np.random.Generator) -> list[Part]:
    """Return a van with a short nose, with or without side windows."""
    frame = Chassis.draw(rng, (4.2, 5.8), (1.75, 2.0))
    half, roof, belt = frame.length / 2, rng.uniform(1.75, 2.5), rng.uniform(1.0, 1.2)
    cowl = half - rng.uniform(0.5, 0.9)
    brow = cowl - rng.uniform(0.5, 0.8)
    upper = np.array(
        [
            (half, belt - 0.35),
            (half - 0.1, belt - 0.2),
            (cowl, belt),
            (brow, roof - 0.05),
            (brow - 0.2, roof),
            (-half + 0.1, roof),
            (-half, roof - 0.1),
        ]
    )
    parts = hull(rng, frame, upper, [frame.rear, frame.front])
    rise, slope = roof - 0.05 - belt, brow - cowl
    ends = [cowl + slope * share for share in (0.1, 0.9)]
    screen = Prism(
        outline=rectangle(frame.width * 0.86, 0.14),
        height=0.8 * rise,
        scale=(0.92, 1.0),
        shift=(0, ends[1] - ends[0]),
    )
    parts.append(Part(screen.moved(at(0, belt + 0.1 * rise, ends[0] - 0.03)), GLASS))
    parts += windows(frame, (brow - 0.7, brow - 0.05), belt + 0.05, belt + 0.5)
    if rng.random() < 0.5:
        for k in range(2):
            start = -half + 0.2 + k * (brow - 0.8 + half) / 2
            parts += windows(
                frame,
                (start, start + (brow - 1.0 + half) / 2),
                belt + 0.05,
                min(belt + 0.5, roof - 0.15),
            )
    parts += mirrors(frame, belt, brow)
    return parts + wheels(rng, frame, [frame.rear, frame.front])


def bus(rng: np.random.Generator) -> list[Part]:
    """Return a bus or coach with a row of windows."""
    frame = Chassis.draw(rng, (7.0, 12.0), (2.2, 2.5))
    half, roof = frame.length / 2, rng.uniform(2.6, 3.4)
    lean, belt = rng.uniform(0.0, 0.4), rng.uniform(1.1, 1.6)
    upper = np.array(
        [
            (half, 0.9),
            (half - 0.03, belt),
            (half - lean - 0.05, roof - 0.2),
            (half - lean - 0.2, roof),
            (-half + 0.15, roof),
            (-half, roof - 0.15),
        ]
    )
    frame = Chassis(frame.length, frame.width, 0.28, 0.48, frame.front, frame.rear, frame.paint)
    axles = (
        [frame.rear, frame.front]
        if frame.length < 10
        else [frame.rear, frame.rear + 1.1, frame.front]
    )
    parts = hull(rng, frame, upper, axles)
    count = int(rng.integers(4, 9))
    edges = np.linspace(-half + 0.2, half - lean - 0.5, count + 1)
    for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        parts += windows(frame, (a + 0.05, b - 0.05), belt, roof - 0.35)
    screen = Prism(
        outline=rectangle(frame.width * 0.9, 0.1), height=roof - 0.3 - belt, shift=(0, -lean)
    )
    parts.append(Part(screen.moved(at(0, belt, half - 0.06)), GLASS))
    return parts + wheels(rng, frame, axles, 0.3)


def lorry(rng: np.random.Generator) -> list[Part]:
    """Return a lorry: a cab and a box, tank or flat bed on a frame."""
    frame = Chassis.draw(rng, (5.5, 9.5), (2.1, 2.5))
    frame = Chassis(
        frame.length, frame.width, 0.5, 0.48, frame.length / 2 - 0.9, frame.rear, frame.paint
    )
    half, x, roof = frame.length / 2, frame.width / 2, rng.uniform(2.4, 3.0)
    cab = half - rng.uniform(1.6, 2.2)
    ring = np.array(
        [
            (cab, 0.55),
            (half - 0.02, 0.45),
            (half, 1.4),
            (half - 0.2, roof - 0.15),
            (half - 0.4, roof),
            (cab, roof),
        ]
    )
    parts = [side(frame.paint, [ring], (-x * 0.95, 0, 0), 1.9 * x)]
    parts.append(block(palette.BLACK, (-0.4 * x, 0.55, -half), (0.4 * x, 0.95, half - 0.3)))
    slim = Chassis(frame.length, 1.9 * x, frame.clear, frame.wheel, 0, 0, frame.paint)
    parts += windows(slim, (cab + 0.3, half - 0.45), 1.5, roof - 0.35)
    screen = Prism(
        outline=rectangle(frame.width * 0.85, 0.08), height=roof - 1.75, shift=(0, -0.17)
    )
    parts.append(Part(screen.moved(at(0, 1.5, half - 0.045)), GLASS))
    rear, kind = cab - rng.uniform(0.1, 0.4), rng.integers(3)
    load = palette.paint(rng) if rng.random() < 0.6 else palette.white(rng)
    if kind == 0:
        parts.append(block(load, (-x, 0.9, -half), (x, rng.uniform(2.8, 3.6), rear)))
    elif kind == 1:
        parts.append(block(load, (-x, 0.9, -half), (x, 1.15, rear)))
        for lower, upper in (
            ((-x, 1.0, -half), (-x + 0.12, 1.6, rear)),
            ((x - 0.12, 1.0, -half), (x, 1.6, rear)),
            ((-x, 1.0, -half), (x, 1.6, -half + 0.12)),
            ((-x, 1.0, rear - 0.12), (x, 1.6, rear)),
        ):
            parts.append(block(load, lower, upper))
    else:
        parts.append(rod(load, (0, 0.85 + x * 0.9, -half), (0, 0.85 + x * 0.9, rear), 0.95 * x))
    axles = (
        [frame.rear, frame.front]
        if frame.length < 7
        else [frame.rear - 0.1, frame.rear + 1.0, frame.front]
    )
    return parts + wheels(rng, frame, axles, 0.34)
