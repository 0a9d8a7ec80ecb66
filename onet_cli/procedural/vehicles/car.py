"""Cars: saloons, hatchbacks, vans, pick-ups, buses, lorries, from a profile and four wheels."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.joinery import SIDES, block, cushion
from onet_cli.procedural.solids.pose import at
from onet_cli.procedural.solids.prism import Prism, rectangle
from onet_cli.procedural.vehicles.chassis import (
    GLASS,
    Chassis,
    cabin,
    hull,
    mirrors,
    wheels,
)
from onet_cli.procedural.vehicles.heavy import bus, lorry, van


def car(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random car."""
    makers = (saloon, saloon, saloon, hatchback, hatchback, van, pickup, bus, lorry, open_)
    return makers[rng.integers(len(makers))](rng)


def saloon(rng: np.random.Generator) -> list[Part]:
    """Return a three-box car or a coupé."""
    frame = Chassis.draw(rng, (4.0, 4.9), (1.65, 1.85))
    half, belt = frame.length / 2, rng.uniform(0.82, 0.95)
    nose, roof = belt - rng.uniform(0.1, 0.25), belt + rng.uniform(0.4, 0.55)
    cowl, deck = frame.front - rng.uniform(0.45, 0.8), frame.rear - rng.uniform(-0.1, 0.3)
    upper = np.array([(half, nose - 0.1), (half - 0.25, nose), (cowl, belt), (deck, belt),
                      (-half + 0.15, belt - 0.05), (-half, belt - 0.15)])  # fmt: skip
    parts = hull(rng, frame, upper, [frame.rear, frame.front])
    top = (deck + rng.uniform(0.4, 0.7), cowl - rng.uniform(0.55, 0.8))
    parts += cabin(frame, belt, roof, (deck + 0.1, cowl + 0.05), top)
    parts += mirrors(frame, belt - 0.02, cowl - 0.3)
    return parts + wheels(rng, frame, [frame.rear, frame.front])


def hatchback(rng: np.random.Generator) -> list[Part]:
    """Return a two-box car: small, estate or off-roader."""
    frame = Chassis.draw(rng, (2.7, 4.6), (1.55, 1.9))
    half, belt = frame.length / 2, rng.uniform(0.85, 1.1)
    nose, roof = belt - rng.uniform(0.08, 0.25), belt + rng.uniform(0.45, 0.65)
    cowl = frame.front - rng.uniform(0.2, 0.55)
    upper = np.array([(half, nose - 0.12), (half - 0.2, nose), (cowl, belt), (-half + 0.1, belt),
                      (-half, belt - 0.1)])  # fmt: skip
    parts = hull(rng, frame, upper, [frame.rear, frame.front])
    top = (-half + rng.uniform(0.15, 0.5), cowl - rng.uniform(0.4, 0.7))
    parts += cabin(frame, belt, roof, (-half + 0.08, cowl + 0.05), top)
    parts += mirrors(frame, belt - 0.02, cowl - 0.25)
    return parts + wheels(rng, frame, [frame.rear, frame.front])


def open_(rng: np.random.Generator) -> list[Part]:
    """Return a roadster: a windscreen and seats, no roof."""
    frame = Chassis.draw(rng, (3.6, 4.4), (1.6, 1.8))
    half, belt = frame.length / 2, rng.uniform(0.78, 0.88)
    cowl, deck = frame.front - rng.uniform(0.5, 0.8), frame.rear + 0.1
    well = belt - 0.3
    upper = np.array(
        [
            (half, belt - 0.25),
            (half - 0.3, belt - 0.1),
            (cowl, belt),
            (cowl - 0.05, well),
            (deck, well),
            (deck - 0.1, belt),
            (-half + 0.1, belt),
            (-half, belt - 0.15),
        ]
    )
    parts = hull(rng, frame, upper, [frame.rear, frame.front])
    seat = palette.fabric(rng)
    for s in SIDES:
        x = s * frame.width * 0.22
        parts.append(
            cushion(
                seat, (x - 0.23, well - 0.05, deck + 0.1), (x + 0.23, well + 0.15, deck + 0.6), 0.06
            )
        )
        parts.append(
            cushion(seat, (x - 0.23, well, deck + 0.02), (x + 0.23, belt + 0.3, deck + 0.2), 0.07)
        )
        near, far = sorted((s * frame.width / 2, s * (frame.width / 2 - 0.12)))
        parts.append(block(frame.paint, (near, well - 0.05, deck - 0.1), (far, belt, cowl + 0.02)))
    pane = Prism(
        outline=rectangle(frame.width * 0.85, 0.08), height=0.48, scale=(0.85, 0.9), shift=(0, -0.3)
    )
    parts.append(Part(pane.moved(at(0, belt - 0.11, cowl + 0.05)), GLASS))
    parts += mirrors(frame, belt - 0.02, cowl - 0.1)
    return parts + wheels(rng, frame, [frame.rear, frame.front])


def pickup(rng: np.random.Generator) -> list[Part]:
    """Return a pick-up with an open bed behind the cabin."""
    frame = Chassis.draw(rng, (4.6, 5.4), (1.75, 1.95))
    half, belt = frame.length / 2, rng.uniform(0.98, 1.12)
    cowl, back = frame.front - 0.35, rng.uniform(-0.5, 0.0)
    floor = belt - 0.4
    upper = np.array([(half, belt - 0.15), (half - 0.15, belt - 0.08), (cowl, belt), (back, belt),
                      (back, floor), (-half, floor)])  # fmt: skip
    parts = hull(rng, frame, upper, [frame.rear, frame.front])
    top = (back + 0.15, cowl - rng.uniform(0.5, 0.7))
    parts += cabin(frame, belt, belt + rng.uniform(0.5, 0.62), (back + 0.05, cowl + 0.05), top)
    x = frame.width / 2
    for s in SIDES:
        near, far = sorted((s * x, s * (x - 0.12)))
        parts.append(block(frame.paint, (near, floor - 0.05, -half), (far, belt, back + 0.05)))
    parts.append(block(frame.paint, (-x, floor - 0.05, -half), (x, belt, -half + 0.1)))
    parts += mirrors(frame, belt - 0.02, cowl - 0.3)
    return parts + wheels(rng, frame, [frame.rear, frame.front], 0.25)
