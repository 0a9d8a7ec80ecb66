"""Cameras: compact, with lens, twin-lens and instant; lenses; hair dryers."""

from itertools import pairwise

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import block, cushion, disc, rod
from onet_cli.procedural.solids.pose import about, at

GLASS = Finish.plain((32, 36, 52), 0.9)


def camera(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random camera, lens or hair dryer."""
    return (compact, compact, twin_lens, instant, lens, dryer)[rng.integers(6)](rng)


def barrel(rng: np.random.Generator, radius: float, reach: float) -> list[Part]:
    """Return a lens along +z from the origin: rings of several widths, and glass."""
    black, ring = palette.BLACK if rng.random() < 0.7 else palette.metal(rng), palette.metal(rng)
    stops = np.concatenate([[0.0], np.sort(rng.uniform(0.15, 0.9, int(rng.integers(1, 4)))), [1.0]])
    parts = []
    for k, (low, high) in enumerate(pairwise(stops)):
        wide = radius * rng.uniform(0.86, 1.0)
        finish = ring if k % 2 and rng.random() < 0.6 else black
        parts.append(
            disc(finish, (0, low * reach - 0.02 * reach, 0), (high - low + 0.02) * reach, wide)
        )
    parts.append(disc(GLASS, (0, 0.9 * reach, 0), 0.11 * reach, 0.7 * radius))
    return [part.moved(about("x", 90)) for part in parts]


def compact(rng: np.random.Generator) -> list[Part]:
    """Return a camera with one lens, a viewfinder and knobs."""
    skin, top = (
        palette.fabric(rng) if rng.random() < 0.4 else palette.paint(rng),
        palette.metal(rng),
    )
    x = rng.uniform(0.05, 0.08)
    tall, z = x * rng.uniform(1.0, 1.5), x * rng.uniform(0.3, 0.55)
    soft = z * rng.uniform(0.1, 0.6)
    parts = [cushion(skin, (-x, 0, -z), (x, tall, z), soft)]
    plate = top if rng.random() < 0.6 else palette.shaded(skin, rng)
    parts.append(
        cushion(plate, (-0.98 * x, 0.75 * tall, -0.98 * z), (0.98 * x, 1.03 * tall, 0.98 * z), soft)
    )
    aside, radius = x * rng.uniform(-0.2, 0.25), tall * rng.uniform(0.28, 0.44)
    glass = barrel(rng, radius, x * rng.uniform(0.25, 1.3))
    parts += moved(glass, at(aside, 0.48 * tall, 0.95 * z))
    if rng.random() < 0.6:
        hump = (aside - 0.3 * x, 0.95 * tall, -0.8 * z), (aside + 0.3 * x, 1.28 * tall, 0.9 * z)
        parts.append(cushion(plate, *hump, 0.1 * x))
    else:
        window = (0.4 * x, 0.82 * tall, 0.9 * z), (0.75 * x, 0.97 * tall, 1.05 * z)
        parts.append(block(GLASS, *window))
    for spot, size in ((-0.7, 0.16), (0.72, 0.13)):
        parts.append(disc(top, (spot * x, tall, 0), 0.12 * tall, size * x * rng.uniform(0.8, 1.2)))
    if rng.random() < 0.4:
        swell = (-1.05 * x, 0.02 * tall, 0), (-0.6 * x, 0.9 * tall, 1.6 * z)
        parts.append(cushion(palette.BLACK, *swell, 0.18 * x))
    return parts


def twin_lens(rng: np.random.Generator) -> list[Part]:
    """Return an upright camera with two lenses, one above the other."""
    skin, trim = palette.BLACK if rng.random() < 0.6 else palette.fabric(rng), palette.metal(rng)
    x = rng.uniform(0.04, 0.06)
    tall, z = x * rng.uniform(2.4, 3.0), x * rng.uniform(0.8, 1.1)
    parts = [cushion(skin, (-x, 0, -z), (x, tall, z), 0.08 * x)]
    parts.append(block(trim, (-0.7 * x, 0.08 * tall, 0.9 * z), (0.7 * x, 0.92 * tall, 1.12 * z)))
    for height in (0.3, 0.7):
        parts += moved(barrel(rng, 0.5 * x, 0.5 * x), at(0, height * tall, 1.08 * z))
    if rng.random() < 0.6:
        wall = (-0.95 * x, 0.98 * tall, -0.95 * z), (0.95 * x, 1.3 * tall, -0.8 * z)
        parts.append(block(skin, *wall))
    for side, height in ((1, 0.6), (-1, 0.35)):
        knob = side * 0.95 * x, height * tall, 0.1 * z
        parts.append(rod(trim, knob, (side * 1.25 * x, *knob[1:]), 0.25 * x))
    return parts


def instant(rng: np.random.Generator) -> list[Part]:
    """Return an instant camera: a wide body, thicker below, with a large lens."""
    skin, trim = palette.paint(rng), palette.paint(rng)
    x = rng.uniform(0.05, 0.07)
    tall, z = x * rng.uniform(1.2, 1.7), x * rng.uniform(0.4, 0.6)
    soft = x * rng.uniform(0.05, 0.25)
    parts = [cushion(skin, (-x, 0, -z), (x, tall, z), soft)]
    parts.append(
        cushion(
            palette.shaded(skin, rng), (-0.98 * x, 0, -z), (0.98 * x, 0.45 * tall, 1.7 * z), soft
        )
    )
    parts += moved(barrel(rng, 0.4 * x, 0.6 * x), at(0, 0.6 * tall, 0.9 * z))
    flash = (-0.85 * x, 0.75 * tall, 0.85 * z), (-0.45 * x, 0.93 * tall, 1.06 * z)
    parts.append(block(palette.white(rng), *flash))
    window = (0.5 * x, 0.78 * tall, 0.85 * z), (0.8 * x, 0.92 * tall, 1.06 * z)
    return [
        *parts,
        block(GLASS, *window),
        disc(trim, (0.6 * x, 0.95 * tall, 0), 0.12 * tall, 0.15 * x),
    ]


def lens(rng: np.random.Generator) -> list[Part]:
    """Return a lens that stands on its mount or lies."""
    radius = rng.uniform(0.03, 0.05)
    reach = radius * rng.uniform(1.4, 4.0)
    parts = barrel(rng, radius, reach)
    if rng.random() < 0.6:
        return [part.moved(about("x", -90)).moved(at(0, 0.02 * reach, 0)) for part in parts]
    return moved(parts, at(0, radius, -0.5 * reach))


def dryer(rng: np.random.Generator) -> list[Part]:
    """Return a hair dryer, its nozzle to one side and its handle down."""
    shell, trim = palette.paint(rng), palette.paint(rng)
    radius = rng.uniform(0.035, 0.05)
    reach, low = radius * rng.uniform(2.2, 3.5), radius * rng.uniform(2.5, 3.5)
    nozzle = radius * rng.uniform(0.5, 0.85)
    parts = [rod(shell, (-0.5 * reach, low, 0), (0.5 * reach, low, 0), radius, nozzle)]
    parts.append(
        rod(trim, (0.48 * reach, low, 0), (0.5 * reach + radius, low, 0), nozzle, 0.8 * nozzle)
    )
    parts.append(
        rod(
            trim,
            (-0.5 * reach - 0.3 * radius, low, 0),
            (-0.48 * reach, low, 0),
            0.8 * radius,
            radius,
        )
    )
    lean = radius * rng.uniform(0, 0.8)
    foot = -0.25 * reach + lean, 0.0, 0.0
    parts.append(rod(shell, foot, (-0.25 * reach, low, 0), 0.4 * radius, 0.5 * radius))
    return parts
