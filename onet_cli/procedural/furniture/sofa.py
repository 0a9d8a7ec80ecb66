"""Sofas: one to four seats, straight, with a chaise or around a corner."""

from itertools import pairwise

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import front, pillow, pipe
from onet_cli.procedural.furniture.sofa_plan import Plan
from onet_cli.procedural.joinery import SIDES, block, cushion, leg, rod
from onet_cli.procedural.solids.pose import about, at

FEET: tuple[legs.Maker, ...] = (
    legs.straight, legs.splayed, legs.lathed, bases.plinth, bases.plinth, bases.sled,
)  # fmt: skip


def sofa(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random sofa."""
    plan = Plan.draw(rng)
    pad = rng.uniform(0.1, 0.2)
    base = plan.seat - pad
    low = min(plan.foot, base - 0.06)
    x, z = plan.half, plan.depth / 2
    parts = [cushion(plan.body, (-x, low, -z), (x, base + 0.02, z * 0.97), plan.soft)]
    parts += back(rng, plan, low)
    parts += seat_pads(rng, plan, pad)
    if plan.chaise:
        parts += chaise(rng, plan, low, base)
    if plan.arm:
        parts += arms(rng, plan, low)
    parts += feet(rng, plan, low)
    if rng.random() < 0.4:
        parts += loose_pillows(rng, plan)
    return parts


def feet(rng: np.random.Generator, plan: Plan, low: float) -> list[Part]:
    """Return the legs, with two more under a chaise."""
    finish, thin = palette.material(rng), max(plan.thin, 0.03)
    top = max(low + 0.02, thin)
    under = legs.Footprint(2 * plan.half * 0.95, plan.depth * 0.92, top, thin)
    parts = legs.choose(rng, finish, under, FEET if low > 0.08 else (legs.straight, bases.plinth))
    for x in (0.93 * plan.half, 0.93 * plan.half - 0.8 * plan.pitch) if plan.chaise else ():
        spot = (plan.chaise * x, 0.0, plan.ahead - 0.1), (plan.chaise * x, top, plan.ahead - 0.1)
        parts.append(leg(finish, *spot, thin * 1.2))
    return parts


def chaise(rng: np.random.Generator, plan: Plan, low: float, base: float) -> list[Part]:
    """Return the body below the seat that reaches forward, sometimes a back along its side."""
    near, far = sorted((plan.chaise * plan.half, plan.chaise * (plan.inner - plan.pitch)))
    lower, upper = (near, low, -0.1), (far, base + 0.019, plan.ahead * 0.985)
    parts = [cushion(plan.body, lower, upper, plan.soft)]
    if not plan.walled:
        return parts
    inside = plan.half - max(plan.arm, plan.wall)
    near, far = sorted((plan.chaise * plan.half, plan.chaise * inside))
    wall = (near, low + 0.01, -plan.depth / 2), (far, plan.back - 0.02, plan.ahead * 0.98)
    parts.append(cushion(plan.body, *wall, plan.soft))
    count = max(1, round((plan.ahead + 0.1) / plan.pitch))
    steps = np.linspace(-0.1, plan.ahead * 0.97, count + 1).tolist()
    thick, edge = rng.uniform(0.1, 0.16), inside + 0.01
    for start, end in pairwise(steps):
        near, far = sorted((plan.chaise * edge, plan.chaise * (edge - thick)))
        lower = (near, plan.seat - 0.03, start + 0.006)
        parts.append(cushion(plan.pads, lower, (far, plan.back, end - 0.006), thick * 0.45))
    return parts


def seat_pads(rng: np.random.Generator, plan: Plan, pad: float) -> list[Part]:
    """Return a cushion a seat, or one for all."""
    rear, gap = -plan.depth / 2 + plan.wall * 0.8, 0.004
    count = 1 if not plan.chaise and rng.random() < 0.2 else plan.seats
    width = 2 * plan.inner / count
    radius, swollen = max(0.015, pad * rng.uniform(0.15, 0.5)), rng.random() < 0.25
    parts = []
    for k in range(count):
        left = -plan.inner + k * width
        long = plan.chaise and k == (0 if plan.chaise < 0 else count - 1)
        far = (plan.ahead if long else plan.depth / 2) + 0.01
        lower, upper = (left + gap, plan.seat - pad, rear), (left + width - gap, plan.seat, far)
        if swollen:
            parts.append(pillow(plan.pads, lower, upper, 12, 4))
        else:
            parts.append(cushion(plan.pads, lower, upper, radius))
    return parts


def back(rng: np.random.Generator, plan: Plan, low: float) -> list[Part]:
    """Return the wall behind, straight or crested, and sometimes leaning cushions before it."""
    rear, top = -plan.depth / 2, plan.back
    x = plan.half if rng.random() < 0.5 else plan.inner + 0.02
    loose = rng.random() < 0.6
    if not loose and rng.random() < 0.35:
        u, rise = np.linspace(1, -1, 21), rng.uniform(0.08, 0.2)
        crest = np.stack([u * x, top - rise * (1 - np.cos(np.pi * u / 2) ** 2)], axis=1)
        ring = np.vstack([[(-x, low + 0.01), (x, low + 0.01)], crest])
        return [front(plan.body, [ring], (0, 0, rear), plan.wall)]
    wall = (-x, low + 0.01, rear), (x, top - (0.06 if loose else 0.0), rear + plan.wall)
    parts = [cushion(plan.body, *wall, plan.soft)]
    if not loose:
        return parts
    count = plan.seats if rng.random() < 0.8 else 1
    width, thick = 2 * plan.inner / count, rng.uniform(0.1, 0.2)
    height, tilt = top - plan.seat + rng.uniform(0, 0.06), rng.uniform(4, 16)
    lean = about("x", -tilt).then(at(0, plan.seat - 0.03, rear + plan.wall * 0.95))
    swollen = rng.random() < 0.3
    for k in range(count):
        left = -plan.inner + k * width
        lower, upper = (left + 0.006, 0, 0), (left + width - 0.006, height, thick)
        pad = (
            pillow(plan.pads, lower, upper, 6, 5)
            if swollen
            else cushion(plan.pads, lower, upper, thick * 0.45)
        )
        parts += moved([pad], lean)
    return parts


def loose_pillows(rng: np.random.Generator, plan: Plan) -> list[Part]:
    """Return one to four small pillows that lean against the back."""
    finish = palette.fabric(rng)
    parts, edge = [], rng.uniform(0.34, 0.46)
    spots = plan.inner * np.array([-0.75, 0.75, -0.35, 0.35])[: int(rng.integers(1, 5))]
    for spot in spots.tolist():
        half = edge / 2
        # Thin along z: the superellipsoid's upright axis becomes the one that looks forward.
        one = pillow(finish, (-half, -0.08, -half), (half, 0.08, half), 5.0, 2.0)
        upright = one.moved(about("x", 90)).moved(about("z", float(rng.uniform(-12, 12))))
        lean = about("x", -rng.uniform(12, 25))
        y = plan.seat + half * 0.9
        place = at(spot, y, -plan.depth / 2 + plan.wall + 0.2)
        parts.append(upright.moved(lean).moved(place))
    return parts


def arms(rng: np.random.Generator, plan: Plan, low: float) -> list[Part]:
    """Return two arms: boxy, soft, swollen, rolled, of bent tube, or an open frame."""
    height, z = plan.seat + rng.uniform(0.08, 0.26), plan.depth / 2
    kind, thick = rng.integers(7), max(plan.arm, plan.thin)
    finish = plan.body if kind < 5 else palette.material(rng)
    parts: list[Part] = []
    for s in SIDES:
        near, far = sorted((s * plan.inner, s * (plan.inner + thick)))
        middle = (near + far) / 2
        if kind == 0:
            parts.append(block(finish, (near, low * 0.9, -z), (far, height, z)))
        elif kind in (1, 2):
            soft = plan.soft if kind == 1 else thick * 0.48
            parts.append(cushion(finish, (near, low, -z * 0.99), (far, height, z * 0.99), soft))
        elif kind == 3:
            roll = max(thick * 0.55, 0.05)
            body = (near + 0.01, low, -z * 0.98), (far - 0.01, height - roll, z * 0.96)
            parts.append(block(finish, *body))
            line = (middle, height - roll, -z * 0.99), (middle, height - roll, z * 0.99)
            parts.append(rod(finish, *line, roll))
        elif kind == 4:
            parts.append(pillow(finish, (near - 0.01, low, -z), (far, height, z), 8, 5))
        elif kind == 5:
            bar = max(plan.thin, 0.03) / 2
            loop = [(middle, bar, -z), (middle, height, -z), (middle, height, z), (middle, bar, z)]
            parts += pipe(finish, loop, bar, 0.08, closed=True)
            brace = sorted((s * (plan.inner - 0.05), middle))
            lower = (brace[0], low + 0.02, -z * 0.8)
            parts.append(block(finish, lower, (brace[1], low + 0.05, z * 0.8)))
            parts.append(rod(finish, (middle, low + 0.035, -z), (middle, low + 0.035, z), bar))
        else:
            bar = max(plan.thin, 0.04)
            parts.append(block(finish, (near, height - bar, -z), (far, height, z)))
            for end in SIDES:
                lower = (middle - bar / 2, 0, end * (z - bar) - bar / 2)
                upper = (middle + bar / 2, height - bar / 2, end * (z - bar) + bar / 2)
                parts.append(block(finish, lower, upper))
            inside = sorted((s * (plan.inner - 0.05), middle))
            lower = (inside[0], low + 0.02, -z + bar * 0.6)
            parts.append(block(finish, lower, (inside[1], low + 0.05, z - bar * 0.6)))
    return parts
