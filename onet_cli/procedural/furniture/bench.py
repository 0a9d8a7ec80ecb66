"""Benches: boards, planks or pads on legs, park benches, with and without backs."""

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.furniture import backs, fillings
from onet_cli.procedural.joinery import SIDES, block, cushion, leg
from onet_cli.procedural.solids.pose import about, at

LEGS: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.splayed, legs.lathed, legs.hairpin, legs.sabre, legs.tubes,
    bases.trestle, bases.panels, bases.sled, bases.crossed, bases.cube_frame,
)  # fmt: skip


def bench(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random bench."""
    if rng.random() < 0.2:
        return park(rng)
    width, depth, height = rng.uniform(0.8, 1.9), rng.uniform(0.3, 0.5), rng.uniform(0.38, 0.5)
    finish, thin = palette.material(rng), 0.0145 * width
    parts, thick = top(rng, finish, (width, height, depth), thin)
    under = legs.Footprint(width * 0.94, depth * 0.94, height - thick * 0.7, thin)
    parts += legs.choose(rng, palette.shaded(finish, rng), under, LEGS)
    if rng.random() < 0.45:
        parts += bench_back(rng, finish, (width, height, depth), thin)
    return parts


def top(
    rng: np.random.Generator, finish: Finish, size: tuple[float, float, float], thin: float
) -> tuple[list[Part], float]:
    """Return the seat, its upper side at the height `size[1]`, and how thick it is."""
    width, height, depth = size
    x, z, kind = width / 2, depth / 2, rng.integers(4)
    thick = max(thin, rng.uniform(0.02, 0.06))
    if kind == 0:
        return [block(finish, (-x, height - thick, -z), (x, height, z))], thick
    if kind == 1:
        thick = max(thin, rng.uniform(0.05, 0.14))
        low, high = (-x, height - thick, -z), (x, height, z)
        return [cushion(palette.fabric(rng), low, high, thick * 0.45)], thick
    if kind == 2:
        thick = height * rng.uniform(0.3, 0.9)
        pad = max(0.03, thin * 1.4)
        body = block(finish, (-x, height - thick, -z), (x, height - pad, z))
        seat = (-x, height - pad * 1.2, -z), (x, height + pad * 0.5, z)
        return [body, cushion(palette.fabric(rng), *seat, pad * 0.6)], thick
    return planks(rng, finish, size, max(thin, 0.02)), max(thin, 0.02)


def planks(
    rng: np.random.Generator, finish: Finish, size: tuple[float, float, float], thin: float
) -> list[Part]:
    """Return two to five boards along the bench on two bars."""
    width, height, depth = size
    x, z, count = width / 2, depth / 2, int(rng.integers(2, 6))
    pitch, parts = depth / count, []
    for k in range(count):
        near = -z + k * pitch
        low = (-x, height - thin, near + pitch * 0.08)
        parts.append(block(finish, low, (x, height, near + pitch * 0.92)))
    for s in SIDES:
        bar = s * x * 0.8
        low = (bar - thin / 2, height - 1.8 * thin, -z * 0.95)
        parts.append(block(finish, low, (bar + thin / 2, height - thin / 2, z * 0.95)))
    return parts


def bench_back(
    rng: np.random.Generator, finish: Finish, size: tuple[float, float, float], thin: float
) -> list[Part]:
    """Return a back of the seat's finish, sometimes with arms."""
    width, height, depth = size
    panel = backs.Panel(width, rng.uniform(0.3, 0.55), thin, finish, palette.shaded(finish, rng))
    lean = about("x", -rng.uniform(0, 14)).then(at(0, height - thin, -depth / 2 + thin * 0.9))
    parts = moved(fillings.choose(rng, panel), lean)
    if rng.random() < 0.5:
        x, z, up = width / 2 - thin / 2, depth / 2, height + rng.uniform(0.15, 0.22)
        for s in SIDES:
            low, high = s * x - thin * 0.8, s * x + thin * 0.8
            parts.append(block(finish, (low, up - thin, -z - 0.03), (high, up, z)))
            foot = (s * x, height - thin, z - thin)
            parts.append(leg(finish, foot, (s * x, up - thin / 2, z - thin), thin))
    return parts


def park(rng: np.random.Generator) -> list[Part]:
    """Return a bench of many laths on two or three bent iron sides."""
    width, lath = rng.uniform(1.2, 2.0), rng.uniform(0.018, 0.03)
    lath = max(lath, 0.013 * width)
    wood, iron = palette.wood(rng), palette.metal(rng)
    x, seat, bar = width / 2, rng.uniform(0.4, 0.46), max(0.022, 0.013 * width) / 2
    back = rng.uniform(0.35, 0.5)
    line = np.array([(0.24, seat - 0.03), (0.2, seat), (-0.2, seat - 0.02),
                     (-0.24, seat + 0.06), (-0.3, seat + back)])  # fmt: skip
    sides = [-0.8 * x, 0.8 * x] + ([0.0] if width > 1.6 else [])
    parts = []
    for s in sides:
        parts += pipe(iron, [(s, float(y), float(z)) for z, y in line], bar, 0.06)
        front = [(s, bar, 0.26), (s, seat - 0.002, 0.16)]
        rear = [(s, bar, -0.28), (s, seat - 0.02, -0.14)]
        parts += pipe(iron, front, bar, 0.05) + pipe(iron, rear, bar, 0.05)
        if s and rng.random() < 0.8:
            arm = [(s, seat - 0.02, 0.2), (s, seat + 0.22, 0.2), (s, seat + 0.22, -0.26)]
            parts += pipe(iron, arm, bar, 0.1)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    wide = rng.uniform(0.035, 0.06)
    for step in np.arange(wide / 2, run[-1], wide * rng.uniform(1.2, 1.4)):
        piece = int(np.clip(np.searchsorted(run, step) - 1, 0, len(line) - 2))
        z, y = line[piece] + (line[piece + 1] - line[piece]) * (step - run[piece]) / (
            run[piece + 1] - run[piece]
        )
        dz, dy = line[piece + 1] - line[piece]
        board = block(wood, (-x, -lath * 0.2, -wide / 2), (x, lath, wide / 2))
        tilt = float(np.degrees(np.arctan2(dy, -dz)))
        parts += moved([board], about("x", tilt).then(at(0, float(y), float(z))))
    return parts
