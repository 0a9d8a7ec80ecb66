"""Easy chairs: club, wing and lounge chairs, folding and slung ones, loungers."""

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pillow, pipe, side, strip
from onet_cli.procedural.joinery import SIDES, block, cushion, leg, rod
from onet_cli.procedural.solids.pose import about, at

FEET: tuple[legs.Maker, ...] = (legs.splayed, legs.straight, legs.cabriole, bases.plinth)


def club(rng: np.random.Generator) -> list[Part]:
    """Return a heavy armchair: seat, back and arms upholstered."""
    cover, arm = palette.fabric(rng), rng.uniform(0.1, 0.24)
    pads = cover if rng.random() < 0.6 else palette.fabric(rng)
    inner, depth, seat = rng.uniform(0.46, 0.6), rng.uniform(0.7, 0.9), rng.uniform(0.38, 0.46)
    high, low = seat + rng.uniform(0.12, 0.25), rng.uniform(0.03, 0.16)
    top, soft = seat + rng.uniform(0.3, 0.5), rng.uniform(0.03, 0.1)
    x, z, wall = inner / 2, depth / 2, rng.uniform(0.14, 0.24)
    pad = rng.uniform(0.12, 0.18)
    parts = [
        cushion(
            cover, (-x - arm * 0.5, low, -z), (x + arm * 0.5, seat - pad + 0.02, z * 0.95), 0.03
        )
    ]
    lower, upper = (-x * 0.99, seat - pad, -z + wall * 0.5), (x * 0.99, seat, z)
    parts.append(cushion(pads, lower, upper, pad * rng.uniform(0.25, 0.49)))
    lean = about("x", -rng.uniform(3, 15)).then(at(0, low + 0.02, -z))
    width = x + (arm * 0.9 if rng.random() < 0.4 else 0.01)
    back = cushion(pads, (-width, 0, 0), (width, top - low, wall), wall * rng.uniform(0.3, 0.49))
    parts += moved([back], lean)
    kind = rng.integers(3)
    for s in SIDES:
        near, far = sorted((s * x, s * (x + arm)))
        front = z * rng.uniform(0.9, 1.02)
        if kind == 0:
            parts.append(cushion(cover, (near, low, -z), (far, high, front), min(soft, arm * 0.49)))
        elif kind == 1:
            roll, middle = max(arm * 0.55, 0.05), (near + far) / 2
            parts.append(
                block(cover, (near + 0.01, low, -z), (far - 0.01, high - roll, front * 0.96))
            )
            line = (middle, high - roll, -z * 0.99), (middle, high - roll, front)
            parts.append(rod(cover, *line, roll))
        else:
            body = pillow(cover, (near - 0.01, low, -z), (far + 0.02, high, front + 0.02), 6, 4)
            parts.append(body)
    under = legs.Footprint(inner + arm, depth * 0.8, low + 0.05, 0.03)
    return parts + legs.choose(rng, palette.wood(rng), under, FEET)


def wing(rng: np.random.Generator) -> list[Part]:
    """Return a high-backed armchair with wings beside the head."""
    cover, wood = palette.fabric(rng), palette.wood(rng)
    x, depth, seat = rng.uniform(0.27, 0.33), rng.uniform(0.62, 0.75), rng.uniform(0.42, 0.48)
    low, tall = rng.uniform(0.14, 0.24), rng.uniform(0.6, 0.75)
    z, tilt = depth / 2, rng.uniform(4, 12)
    parts = [cushion(cover, (-x, low, -z), (x, seat - 0.08, z), 0.03)]
    parts.append(
        cushion(cover, (-x * 0.98, seat - 0.11, -z * 0.8), (x * 0.98, seat, z * 1.02), 0.05)
    )
    back = [cushion(cover, (-x, -0.05, 0), (x, tall, 0.12), 0.05)]
    deep = rng.uniform(0.15, 0.26)
    u = np.linspace(0, np.pi / 2, 7)
    edge = np.stack([0.1 + deep * np.cos(u) ** 0.6, tall * (0.45 + 0.55 * np.sin(u))], axis=1)
    ring = np.vstack([[(0.03, 0.25 * tall), (0.1 + deep * 0.8, 0.25 * tall)], edge, [(0.03, tall)]])
    for s in SIDES:
        near = s * x - (0.05 if s > 0 else 0.01)
        back.append(side(cover, [ring], (near, 0, 0), 0.06))
    parts += moved(back, about("x", -tilt).then(at(0, seat - 0.06, -z)))
    high = seat + rng.uniform(0.16, 0.22)
    for s in SIDES:
        near, far = sorted((s * (x - 0.01), s * (x + 0.09)))
        parts.append(block(cover, (near, low, -z * 0.98), (far, high - 0.05, z * 0.9)))
        line = (s * (x + 0.045), high - 0.05, -z * 0.99), (s * (x + 0.045), high - 0.05, z * 0.92)
        parts.append(rod(cover, *line, 0.055))
    under = legs.Footprint(2 * x + 0.08, depth * 0.92, low + 0.02, 0.028)
    return parts + legs.choose(rng, wood, under, (legs.straight, legs.splayed, legs.cabriole))


def lounge(rng: np.random.Generator) -> list[Part]:
    """Return a low open frame of wood or steel with two loose cushions."""
    frame, cover = palette.material(rng), palette.fabric(rng)
    x, depth, seat = rng.uniform(0.26, 0.34), rng.uniform(0.6, 0.8), rng.uniform(0.3, 0.4)
    bar, z, tilt = rng.uniform(0.02, 0.05), depth / 2, rng.uniform(12, 28)
    thick, tall = rng.uniform(0.07, 0.14), rng.uniform(0.45, 0.65)
    parts = [block(frame, (-x, seat - 0.03, -z), (x, seat, z))]
    parts += [
        cushion(cover, (-x * 0.96, seat - 0.01, -z), (x * 0.96, seat + thick, z), thick * 0.4)
    ]
    rest = [block(frame, (-x, 0, -0.02), (x, tall * 0.9, 0.005))]
    rest.append(
        cushion(cover, (-x * 0.96, thick * 0.6, 0), (x * 0.96, tall + thick, thick), thick * 0.4)
    )
    parts += moved(rest, about("x", -tilt).then(at(0, seat - 0.03, -z + 0.03)))
    high = seat + rng.uniform(0.2, 0.3)
    rear = -z - np.tan(np.radians(tilt)) * (high - seat) + 0.02
    curved = rng.random() < 0.4
    for s in SIDES:
        out = s * (x + bar / 2)
        if curved:
            line = [(out, high, rear), (out, high, z), (out, bar / 2, z), (out, bar / 2, -z)]
            parts += pipe(frame, line, bar / 2, 0.12)
            brace = (s * (x + bar), seat - 0.03, z - bar), (s * (x - 0.02), seat, z)
            low, far = np.minimum(*brace).tolist(), np.maximum(*brace).tolist()
            parts.append(block(frame, low, far))
            parts.append(rod(frame, (out, bar / 2, -z), (out, high, rear + 0.01), bar / 2))
            continue
        for end, slant in ((z - bar, 0.0), (-z + bar, rear + z)):
            foot, top = (out, 0.0, end), (out, high, end + slant * 0.8)
            parts.append(leg(frame, foot, top, bar * 1.02))
        parts.append(
            block(frame, (out - bar * 0.7, high - bar / 2, rear), (out + bar * 0.7, high, z))
        )
    return parts


def folding(rng: np.random.Generator) -> list[Part]:
    """Return a folding chair: two crossed pairs of tubes, a seat and a short back."""
    metal, cover = palette.metal(rng), palette.paint(rng)
    x, seat, tall = rng.uniform(0.19, 0.23), rng.uniform(0.43, 0.47), rng.uniform(0.76, 0.86)
    radius, reach = rng.uniform(0.01, 0.013), rng.uniform(0.2, 0.26)
    lean = 0.5 * reach
    long = [(-x, radius, reach), (-x, tall, -lean), (x, tall, -lean), (x, radius, reach)]
    parts = pipe(metal, long, radius, 0.08)
    inner = x - 2 * radius
    short = [(-inner, radius, -reach), (-inner, seat - 0.018, reach * 0.6)]
    short += [(inner, seat - 0.018, reach * 0.6), (inner, radius, -reach)]
    parts += pipe(metal, short, radius, 0.05)
    slope = (lean + reach) / (tall - radius)
    middle = reach - slope * (seat - radius)
    pad = (-x, seat - 0.026, middle - 0.17), (x, seat, reach * 0.6 + 0.06)
    parts.append(cushion(cover, *pad, 0.01))
    y = tall - 0.19
    back = cushion(cover, (-x, 0, -0.014), (x, 0.17, 0.014), 0.012)
    tilt = float(np.degrees(np.arctan(slope)))
    parts += moved([back], about("x", -tilt).then(at(0, y, reach - slope * (y - radius))))
    if rng.random() < 0.6:
        bar = (-x, 0.15, reach - slope * 0.15), (x, 0.15, reach - slope * 0.15)
        parts.append(rod(metal, *bar, radius))
    return parts


def slung(rng: np.random.Generator) -> list[Part]:
    """Return a deck chair: cloth hung in two crossing wooden frames."""
    wood, cloth = palette.wood(rng), palette.patterned(rng)
    x, bar = rng.uniform(0.24, 0.3), rng.uniform(0.026, 0.034)
    tall, reach = rng.uniform(0.85, 1.0), rng.uniform(0.5, 0.62)
    parts = []
    for s in SIDES:
        parts.append(leg(wood, (s * x, 0, reach), (s * x, tall, -reach * 0.8), bar))
        inner = s * (x - 1.02 * bar)
        parts.append(leg(wood, (inner, 0, -reach * 0.9), (inner, tall * 0.42, reach * 0.9), bar))
    ends = [(tall - bar / 2, -reach * 0.79), (tall * 0.41, reach * 0.88), (bar, reach * 0.96)]
    for y, z in [*ends, (bar, -reach * 0.84)]:
        parts.append(rod(wood, (-x, y, z), (x, y, z), bar / 2))
    sag = rng.uniform(0.04, 0.12)
    t = np.linspace(0, 1, 13)
    line = np.stack(
        [
            (2 * t - 1) * reach * 0.84 + 0.05 * reach * t,
            tall * (1 - 0.59 * t) - sag * np.sin(np.pi * t) * 2,
        ],
        axis=1,
    )
    wide = x - 2 * bar
    return [*parts, side(cloth, [strip(line, 0.016)], (-wide, 0, 0), 2 * wide)]


def lounger(rng: np.random.Generator) -> list[Part]:
    """Return a long chair to lie on, its back raised."""
    frame, cover = palette.material(rng), palette.fabric(rng)
    x, length, high = rng.uniform(0.26, 0.34), rng.uniform(1.6, 1.95), rng.uniform(0.26, 0.38)
    bar, rise = rng.uniform(0.03, 0.045), rng.uniform(0.3, 0.6)
    z, pivot = length / 2, -length * 0.12
    thick = rng.uniform(0.04, 0.1)
    knots = np.array([(z, high), (pivot + 0.05, high), (pivot - 0.05, high + 0.03 * rise),
                      (-z, high + rise)])  # fmt: skip
    parts = []
    if rng.random() < 0.5:
        parts.append(side(cover, [strip(knots, thick)], (-x, 0, 0), 2 * x))
    else:
        count = int(rng.integers(14, 22))
        run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
        for step in np.linspace(0.02, 0.98, count) * run[-1]:
            y, depth = np.interp(step, run, knots[:, 1]), np.interp(step, run, knots[:, 0])
            pitch = run[-1] / count * rng.uniform(0.33, 0.36)
            slat = block(frame, (-x, -0.016, -pitch), (x, 0.016, pitch))
            turn = float(np.degrees(np.arctan2(rise, z + pivot))) if depth < pivot else 0.0
            parts += moved([slat], about("x", turn).then(at(0, float(y), float(depth))))
    for s in SIDES:
        line = [(s * x, float(y) - 0.02, float(d)) for d, y in knots]
        parts += pipe(frame, line, bar / 2, 0.1)
        for spot in (z * 0.85, -z * 0.75):
            top = high - 0.02 + (max(0.0, (pivot - spot) / (z + pivot)) * rise)
            parts.append(leg(frame, (s * x, 0, spot), (s * x, float(top), spot), bar))
    return parts
