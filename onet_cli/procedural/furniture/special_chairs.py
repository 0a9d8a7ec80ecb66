"""Chairs of other constructions: tubs, shells, office and cantilever chairs."""

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pillow, pipe, side, strip
from onet_cli.procedural.furniture.frame import Frame
from onet_cli.procedural.joinery import SIDES, block, cushion, slab
from onet_cli.procedural.solids.pose import Array, about, at
from onet_cli.procedural.solids.prism import oval
from onet_cli.procedural.turnery import shell, smooth

STANDS: tuple[legs.Maker, ...] = (
    legs.splayed, legs.splayed, legs.straight, legs.tubes, legs.hairpin, bases.sled, bases.star,
    bases.pedestal, bases.pedestal,
)  # fmt: skip


def tub(rng: np.random.Generator) -> list[Part]:
    """Return a chair whose back wraps around the seat."""
    frame = Frame.draw(rng)
    radius, base = rng.uniform(0.28, 0.38), rng.uniform(0.38, 0.46)
    wall = max(frame.thin, rng.uniform(0.025, 0.09))
    low = base - rng.uniform(0.05, 0.14)
    foot = float(rng.choice([0.0, low * 0.97])) if low > 0.2 else low * 0.97
    rise = base + rng.uniform(0.2, 0.4)
    back = shell(
        frame.cover,
        radius,
        (foot if rng.random() < 0.5 else low, rise),
        wall,
        rng.uniform(180, 270),
        rng.uniform(0.95, 1.15),
    )
    plan = oval(2 * (radius - wall * 0.6), 2 * (radius - wall * 0.6))
    seat = slab(palette.shaded(frame.cover, rng), plan, (0, low, 0), base - low)
    parts = [back, seat]
    if foot:
        side_ = 1.3 * radius
        under = legs.Footprint(side_, side_, low + 0.3 * (base - low), frame.thin * 1.2)
        return parts + legs.choose(rng, frame.frame, under, STANDS)
    return [*parts, slab(frame.cover, plan * 0.99, (0, 0, 0), low + 0.01)]


def cantilever(rng: np.random.Generator) -> list[Part]:
    """Return a chair on one bent tube without rear legs."""
    frame, metal = Frame.draw(rng), palette.metal(rng)
    radius = max(frame.thin * 0.5, rng.uniform(0.009, 0.016))
    x, z = frame.width / 2 - radius, frame.depth / 2 - radius
    drop = float(np.tan(np.radians(frame.recline))) * frame.back
    thick = max(frame.thin, rng.uniform(0.02, 0.07))
    level = frame.seat - thick / 2
    # One line: up the left back, under the seat, to the floor, around behind, and the same again.
    half = [(x, frame.seat + frame.back, -z - drop), (x, level, -z), (x, level, z),
            (x, radius, z * 0.97), (x, radius, -z)]  # fmt: skip
    line = [(-a, b, c) for a, b, c in half] + half[::-1]
    parts = pipe(metal, line, radius, rng.uniform(2.5, 6) * radius)
    lower, upper = (-x, frame.seat - thick, -z), (x, frame.seat, z)
    parts.append(cushion(frame.cover, lower, upper, thick * 0.4))
    low = frame.back * rng.uniform(0.1, 0.6)
    lean = about("x", -frame.recline).then(at(0, level, -z))
    rest = cushion(frame.cover, (-x, low, -thick / 2), (x, frame.back, thick / 2), thick * 0.4)
    parts += moved([rest], lean)
    if rng.random() < 0.4:
        high = frame.seat + rng.uniform(0.16, 0.24)
        rear = -z - drop * (high - frame.seat) / frame.back
        for s in SIDES:
            arm = [(s * x, high, rear), (s * x, high, z * 0.7), (s * x, level, z * 0.8)]
            parts += pipe(metal, arm, radius, 4 * radius)
    return parts


def bucket(rng: np.random.Generator) -> list[Part]:
    """Return a moulded shell, seat and back in one sweep, on a stand; sometimes with a pad."""
    frame = Frame.draw(rng)
    finish = palette.paint(rng) if rng.random() < 0.5 else palette.wood(rng, 0.1)
    deep, rise = frame.depth, frame.back
    lean = rng.uniform(0.08, 0.28) * rise
    knots = [
        (deep / 2, -0.035),
        (deep * 0.42, 0.0),
        (deep * 0.1, -0.02),
        (-deep * 0.3, 0.0),
        (-deep / 2, 0.09),
        (-deep / 2 - lean * 0.5, rise * 0.55),
        (-deep / 2 - lean, rise),
    ]
    line = _curve(np.array(knots))
    thick = max(frame.thin, rng.uniform(0.012, 0.04))
    x = frame.width / 2
    parts = [side(finish, [strip(line, thick)], (-x, frame.seat, 0), 2 * x)]
    if rng.random() < 0.45:
        raise_ = rng.uniform(0.05, 0.2)
        edge = np.stack([line[:, 0], line[:, 1] + raise_ * _hump(len(line))], axis=1)
        ring = np.vstack([line - [0, thick * 0.2], edge[1:-1][::-1]])
        for s in SIDES:
            near = min(s * x, s * (x - thick))
            parts.append(side(finish, [ring], (near, frame.seat, 0), thick))
    if rng.random() < 0.3:
        pad = (
            (-x * 0.85, frame.seat - 0.02, -deep * 0.35),
            (x * 0.85, frame.seat + 0.035, deep * 0.42),
        )
        parts.append(pillow(palette.fabric(rng), *pad, 5, 3))
    stand = palette.material(rng)
    under = legs.Footprint(2 * x * 0.9, deep * 0.75, frame.seat - 0.012, frame.thin)
    return parts + legs.choose(rng, stand, under, STANDS)


def _curve(knots: Array) -> Array:
    shift = np.array([10.0, 10.0])  # `smooth` keeps away from the axis
    return np.asarray(smooth(knots + shift, 4) - shift)


def _hump(count: int) -> Array:
    return np.asarray(np.sin(np.linspace(0, np.pi, count)) ** 0.8 + 0.02)


def office(rng: np.random.Generator) -> list[Part]:
    """Return a swivel chair on castors, with a high or low back, with or without arms."""
    frame, cover = Frame.draw(rng), palette.fabric(rng)
    base = palette.metal(rng) if rng.random() < 0.5 else palette.BLACK
    x, z = frame.width / 2, frame.depth / 2
    thick = rng.uniform(0.05, 0.11)
    seat = rng.uniform(0.44, 0.52)
    under = legs.Footprint(0.62, 0.62, seat - thick * 0.7, max(frame.thin, 0.02))
    parts = bases.star(rng, base, under)
    parts.append(cushion(cover, (-x, seat - thick, -z), (x, seat, z), thick * 0.42))
    rise, half = rng.uniform(0.35, 0.75), rng.uniform(0.02, 0.05)
    gap = float(rng.choice([-0.02, rng.uniform(0.08, 0.2)]))
    lean = about("x", -frame.recline).then(at(0, seat - thick * 0.3, -z + 0.01))
    wide = x * rng.uniform(0.8, 1.0)
    rest = pillow(cover, (-wide, gap, -half), (wide, gap + rise, half), 5, 5)
    spine = block(base, (-0.03, -0.01, -0.02), (0.03, gap + 0.4 * rise, -half * 0.2))
    back = [rest, spine]
    if rng.random() < 0.25:
        head = (-0.12, gap + rise + 0.03, -half), (0.12, gap + rise + 0.17, half)
        back.append(cushion(cover, *head, half * 0.9))
        neck = (-0.02, gap + rise * 0.8, -0.012), (0.02, gap + rise + 0.1, 0.012)
        back.append(block(base, *neck))
    parts += moved(back, lean)
    if rng.random() < 0.6:
        high = seat + rng.uniform(0.17, 0.24)
        for s in SIDES:
            out = s * (x + 0.03)
            post = [
                (s * x * 0.5, seat - thick * 0.7, 0),
                (out, seat - thick * 0.7, 0),
                (out, high, 0),
            ]
            parts += pipe(base, post, 0.014, 0.05)
            rest_ = (out - 0.03, high - 0.01, -0.13), (out + 0.03, high + 0.02, 0.13)
            parts.append(cushion(palette.BLACK, *rest_, 0.013))
    return parts
