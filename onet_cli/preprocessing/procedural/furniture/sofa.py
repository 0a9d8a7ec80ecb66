"""Sofas: one to four seats, straight or with a chaise, and club chairs' larger kin."""

from dataclasses import dataclass

import numpy as np

from onet_cli.preprocessing.procedural import legs, palette
from onet_cli.preprocessing.procedural.assembly import Colour, Part, moved
from onet_cli.preprocessing.procedural.joinery import SIDES, block, cushion, leg, rod
from onet_cli.preprocessing.procedural.solids.pose import about, at

FEET: tuple[legs.Maker, ...] = (
    legs.straight, legs.splayed, legs.plinth, legs.plinth, legs.sled, legs.hairpin,
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A sofa's measures in metres and its colours. The seats lie between -inner and inner."""

    seats: int
    inner: float
    arm: float
    depth: float
    seat: float
    back: float
    wall: float
    foot: float
    soft: float
    body: Colour
    pads: Colour

    @property
    def half(self) -> float:
        """Half the whole width."""
        return self.inner + self.arm

    @property
    def thin(self) -> float:
        """The smallest thickness of any piece."""
        return 0.025 * 2 * self.half

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Plan":
        """Return the plan of some sofa."""
        seats = int(rng.choice([1, 2, 2, 3, 3, 3, 4]))
        seat = rng.uniform(0.36, 0.48)
        body = palette.fabric(rng)
        return cls(
            seats=seats,
            inner=seats * rng.uniform(0.48, 0.72) / 2,
            arm=float(
                rng.choice(
                    [0.0, rng.uniform(0.06, 0.14), rng.uniform(0.12, 0.28)], p=[0.1, 0.35, 0.55]
                )
            ),
            depth=rng.uniform(0.7, 1.02),
            seat=seat,
            back=seat + rng.uniform(0.25, 0.5),
            wall=rng.uniform(0.1, 0.24),
            foot=float(rng.choice([0.02, rng.uniform(0.05, 0.1), rng.uniform(0.1, 0.2)])),
            soft=float(rng.choice([0.012, rng.uniform(0.02, 0.06), rng.uniform(0.04, 0.09)])),
            body=body,
            pads=palette.shaded(body, rng) if rng.random() < 0.7 else palette.fabric(rng),
        )


def sofa(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some sofa."""
    plan = Plan.draw(rng)
    pad = rng.uniform(0.1, 0.2)
    base = plan.seat - pad
    low = min(plan.foot, base - 0.04)
    x, z = plan.half, plan.depth / 2
    parts = [cushion(plan.body, (-x, low, -z), (x, base + 0.02, z * 0.97), plan.soft)]
    parts += back(rng, plan, low)
    front, chaise = z, None
    if plan.seats >= 2 and rng.random() < 0.25:
        chaise = int(rng.choice(SIDES))
        front = z + rng.uniform(0.5, 0.8)
    parts += seat_pads(rng, plan, pad, chaise, front)
    if chaise is not None:
        parts.append(chaise_base(plan, low, base, chaise, front))
    if plan.arm:
        parts += arms(rng, plan, low)
    if low > 0.01:
        parts += feet(rng, plan, low, chaise, front)
    return parts


def feet(
    rng: np.random.Generator, plan: Plan, low: float, chaise: int | None, front: float
) -> list[Part]:
    """Return the legs, with two more under a chaise."""
    colour = palette.material(rng)
    thin = max(plan.thin, 0.035)
    under = legs.Footprint(2 * plan.half * 0.95, plan.depth * 0.92, max(low + 0.02, thin), thin)
    parts = legs.choose(rng, colour, under, FEET if low > 0.08 else (legs.straight, legs.plinth))
    if chaise is not None:
        for x in (0.93 * plan.half, 0.93 * plan.half - 0.8 * pitch(plan)):
            top = max(low + 0.02, thin)
            spot = (chaise * x, 0.0, front - 0.1), (chaise * x, top, front - 0.1)
            parts.append(leg(colour, *spot, thin * 1.2))
    return parts


def pitch(plan: Plan) -> float:
    """Return the width of one seat."""
    return 2 * plan.inner / plan.seats


def chaise_base(plan: Plan, low: float, base: float, side: int, front: float) -> Part:
    """Return the body below the longer seat."""
    near, far = sorted((side * plan.half, side * (plan.inner - pitch(plan))))
    return cushion(plan.body, (near, low, -0.1), (far, base + 0.019, front * 0.985), plan.soft)


def seat_pads(
    rng: np.random.Generator, plan: Plan, pad: float, chaise: int | None, front: float
) -> list[Part]:
    """Return a cushion a seat, or one for all."""
    rear, gap = -plan.depth / 2 + plan.wall * 0.8, 0.004
    count = 1 if chaise is None and rng.random() < 0.2 else plan.seats
    width = 2 * plan.inner / count
    radius = max(0.015, pad * rng.uniform(0.15, 0.5))
    parts = []
    for k in range(count):
        left = -plan.inner + k * width
        long = chaise is not None and k == (0 if chaise < 0 else count - 1)
        far = (front if long else plan.depth / 2) + 0.01
        lower, upper = (left + gap, plan.seat - pad, rear), (left + width - gap, plan.seat, far)
        parts.append(cushion(plan.pads, lower, upper, radius))
    return parts


def back(rng: np.random.Generator, plan: Plan, low: float) -> list[Part]:
    """Return the wall behind, and at times leaning cushions before it."""
    rear = -plan.depth / 2
    x = plan.half if rng.random() < 0.5 else plan.inner + 0.02
    top = plan.back
    loose = rng.random() < 0.6
    wall = (-x, low + 0.01, rear), (x, top - (0.06 if loose else 0.0), rear + plan.wall)
    parts = [cushion(plan.body, *wall, plan.soft)]
    if not loose:
        return parts
    count = plan.seats if rng.random() < 0.8 else 1
    width, thick = 2 * plan.inner / count, rng.uniform(0.1, 0.2)
    height, tilt = top - plan.seat + rng.uniform(0, 0.06), rng.uniform(4, 16)
    for k in range(count):
        left = -plan.inner + k * width
        pad = cushion(
            plan.pads, (left + 0.006, 0, 0), (left + width - 0.006, height, thick), thick * 0.45
        )
        lean = about("x", -tilt).then(at(0, plan.seat - 0.03, rear + plan.wall * 0.95))
        parts += moved([pad], lean)
    return parts


def arms(rng: np.random.Generator, plan: Plan, low: float) -> list[Part]:
    """Return two arms: boxy, soft, sloping, rolled, or an open frame."""
    height = plan.seat + rng.uniform(0.08, 0.26)
    z, kind = plan.depth / 2, rng.integers(5)
    thick = max(plan.arm, plan.thin)
    colour = plan.body if kind != 4 else palette.material(rng)
    parts = []
    for side in SIDES:
        near, far = sorted((side * plan.inner, side * (plan.inner + thick)))
        middle = (near + far) / 2
        if kind == 0:
            parts.append(block(colour, (near, low * 0.9, -z), (far, height, z)))
        elif kind in (1, 2):
            soft = plan.soft if kind == 1 else thick * 0.48
            parts.append(cushion(colour, (near, low, -z * 0.99), (far, height, z * 0.99), soft))
        elif kind == 3:
            roll = max(thick * 0.55, 0.05)
            body = (near + 0.01, low, -z * 0.98), (far - 0.01, height - roll, z * 0.96)
            parts.append(block(colour, *body))
            line = (middle, height - roll, -z * 0.99), (middle, height - roll, z * 0.99)
            parts.append(rod(colour, *line, roll))
        else:
            bar = max(plan.thin, 0.04)
            parts.append(block(colour, (near, height - bar, -z), (far, height, z)))
            for end in SIDES:
                lower = (middle - bar / 2, 0, end * (z - bar) - bar / 2)
                upper = (middle + bar / 2, height - bar / 2, end * (z - bar) + bar / 2)
                parts.append(block(colour, lower, upper))
    return parts
