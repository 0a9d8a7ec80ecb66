"""Bottles, flasks, jars, cans and dispensers."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball, block, disc
from onet_cli.procedural.solids.pose import Array, about, at
from onet_cli.procedural.solids.prism import Prism, oval
from onet_cli.procedural.turnery import hoop, smooth, turned, vessel


def bottle(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random bottle."""
    makers = (closed, closed, closed, uncorked, jar, can, dispenser, flask)
    return makers[rng.integers(len(makers))](rng)


def body_finish(rng: np.random.Generator) -> Finish:
    """Return glass, plastic or metal."""
    makers = (palette.glass, palette.glass, palette.paint, palette.white, palette.metal)
    return makers[rng.integers(len(makers))](rng)


def silhouette(rng: np.random.Generator, radius: float, height: float) -> Array:
    """Return the outline of a bottle: a straight or waisted body, a shoulder, a neck, a lip."""
    neck = radius * rng.uniform(0.25, 0.5)
    shoulder, collar = rng.uniform(0.4, 0.72), rng.uniform(0.74, 0.88)
    waist = rng.uniform(0.82, 1.0) if rng.random() < 0.4 else 1.0
    low = [(0.92 * radius, 0.0), (radius, 0.03 * height), (waist * radius, shoulder * 0.5 * height),
           (radius, shoulder * height)]  # fmt: skip
    steep = rng.uniform(0.3, 0.8)
    middle = [(neck + (radius - neck) * steep, (shoulder + collar) / 2 * height),
              (neck, collar * height), (neck, 0.97 * height)]  # fmt: skip
    if rng.random() < 0.4:
        middle[-1] = (neck, height)
        return np.vstack([low[:1], smooth([*low[1:], *middle], 4)])
    curve = smooth([*low[1:], *middle], 4)
    lip = [(neck * 1.15, 0.971 * height), (neck * 1.15, height)]
    return np.vstack([low[:1], curve, lip])


def label(rng: np.random.Generator, profile: Array, low: float, high: float) -> Part:
    """Return a printed sleeve around the part of `profile` between two heights."""
    inside = profile[(profile[:, 1] > low) & (profile[:, 1] < high)]
    ends = [(float(np.interp(y, profile[:, 1], profile[:, 0])), y) for y in (low, high)]
    ring = np.vstack([ends[:1], inside, ends[1:]]) + np.array([0.0012, 0.0])
    return turned(palette.printed(rng, float(high - low)), ring, segments=28)


def closed(rng: np.random.Generator) -> list[Part]:
    """Return a bottle with a cap, a cork or a teat, and mostly a label."""
    height, finish = rng.uniform(0.15, 0.34), body_finish(rng)
    radius = height * rng.uniform(0.12, 0.25)
    profile = silhouette(rng, radius, height)
    parts = [turned(finish, profile, segments=28)]
    neck = float(profile[-1, 0])
    cap, kind = palette.paint(rng), rng.integers(3)
    tall = height * rng.uniform(0.04, 0.14)
    low = (0.0, height - 0.4 * tall, 0.0)
    if kind == 0:
        parts.append(disc(cap, low, tall, neck * 1.15, neck * rng.uniform(0.9, 1.15)))
    elif kind == 1:
        parts.append(disc(cap, low, tall, neck * rng.uniform(1.3, 2.0), neck * 1.2))
    else:
        knots = [(1.2, 0), (1.15, 0.35), (0.6, 0.55), (0.45, 0.9), (0.3, 1.0)]
        parts.append(turned(cap, smooth([(r * neck, h * 1.5 * tall) for r, h in knots], 3), low))
    if rng.random() < 0.7:
        start = rng.uniform(0.1, 0.2) * height
        parts.append(label(rng, profile, start, start + rng.uniform(0.15, 0.3) * height))
    return parts


def uncorked(rng: np.random.Generator) -> list[Part]:
    """Return an open bottle or carafe, hollow."""
    height = rng.uniform(0.2, 0.34)
    radius = height * rng.uniform(0.2, 0.32)
    profile = silhouette(rng, radius, height)
    profile[:, 0] = np.maximum(profile[:, 0], 0.2 * radius + 0.03 * height)
    return [vessel(body_finish(rng), profile, 0.018 * height, segments=28)]


def jar(rng: np.random.Generator) -> list[Part]:
    """Return a jar with a lid, sometimes with a wire clasp."""
    height = rng.uniform(0.08, 0.22)
    radius = height * rng.uniform(0.3, 0.6)
    knots = [(0.95, 0.03), (1, 0.1), (1, 0.7), (0.85, 0.82), (0.85, 0.9)]
    curve = smooth([(r * radius, h * height) for r, h in knots], 3)
    profile = np.vstack([[(0.9 * radius, 0.0)], curve])
    lid = disc(
        palette.paint(rng), (0, 0.87 * height, 0), 0.13 * height, 0.95 * radius, 0.9 * radius
    )
    parts = [turned(palette.glass(rng), profile), lid]
    if rng.random() < 0.4:
        parts.append(hoop(palette.metal(rng), (0, 0.84 * height, 0), 0.86 * radius, 0.012 * height))
    if rng.random() < 0.5:
        parts.append(label(rng, profile, 0.25 * height, 0.6 * height))
    return parts


def can(rng: np.random.Generator) -> list[Part]:
    """Return a drinks can, a spray can or a barrel with hoops."""
    height = rng.uniform(0.1, 0.25)
    if rng.random() < 0.4:
        height *= 4
        radius, wood, iron = (
            height * rng.uniform(0.3, 0.42),
            palette.wood(rng, 0.0),
            palette.metal(rng),
        )
        bulge = rng.uniform(1.1, 1.25)
        profile = smooth([(radius, 0), (bulge * radius, height / 2), (radius, height)], 8)
        parts = [turned(wood, profile, segments=28)]
        for share in (0.08, 0.3, 0.7, 0.92):
            girth = float(np.interp(share * height, profile[:, 1], profile[:, 0]))
            low = (0, (share - 0.025) * height, 0)
            parts.append(disc(iron, low, 0.05 * height, girth + 0.01 * radius))
        return parts
    radius = height * rng.uniform(0.2, 0.32)
    ring = [(0.85, 0), (1, 0.06), (1, 0.9), (0.85, 0.97), (0.85, 1.0)]
    profile = np.array([(r * radius, h * height) for r, h in ring])
    parts = [turned(palette.metal(rng), profile), label(rng, profile, 0.07 * height, 0.89 * height)]
    if rng.random() < 0.5:
        parts.append(disc(palette.paint(rng), (0, 0.99 * height, 0), 0.15 * height, 0.3 * radius))
    return parts


def dispenser(rng: np.random.Generator) -> list[Part]:
    """Return a bottle with a pump and a bent spout."""
    height, finish, top = rng.uniform(0.12, 0.2), body_finish(rng), palette.paint(rng)
    wide, deep = height * rng.uniform(0.25, 0.5), height * rng.uniform(0.2, 0.35)
    plan = oval(wide, deep, rng.uniform(2, 5), 28)
    parts = [Part(Prism(outline=plan, height=height, scale=rng.uniform(0.6, 1.0)), finish)]
    neck = 0.3 * deep
    parts.append(disc(top, (0, 0.99 * height, 0), 0.14 * height, neck))
    stem, y = max(0.014 * height, 0.12 * neck), height * 1.3
    line = [
        (0.0, height * 1.1, 0.0),
        (0.0, y, 0.0),
        (0.0, y, 0.75 * deep),
        (0.0, y - 0.06 * height, 0.8 * deep),
    ]
    parts += pipe(top, line, 0.28 * neck, 0.04 * height)
    parts.append(disc(top, (0, y - stem, 0), 0.07 * height, 0.8 * neck))
    if rng.random() < 0.5:
        front = (-0.3 * wide, 0.2 * height, 0), (0.3 * wide, 0.6 * height, 0.505 * deep * 0.95)
        parts.append(block(palette.printed(rng, 0.4 * height), *front))
    return parts


def flask(rng: np.random.Generator) -> list[Part]:
    """Return a flat bottle of scent or shampoo with rounded shoulders."""
    height, finish = rng.uniform(0.1, 0.22), body_finish(rng)
    wide, deep = height * rng.uniform(0.4, 0.7), height * rng.uniform(0.14, 0.3)
    outline = oval(wide, height * 0.85, rng.uniform(3, 7), 32)
    body = Prism(outline=outline, height=deep).moved(about("x", 90))
    lift = Part(body, finish)
    y = 0.425 * height
    cap = disc(palette.paint(rng), (0, 0.84 * height, 0), 0.16 * height, 0.3 * deep + 0.05 * wide)
    parts = [*moved([lift], at(0, y, -deep / 2)), cap]
    if rng.random() < 0.3:
        parts.append(ball(palette.metal(rng), (0, height * 1.02, 0), (0.1 * wide,) * 3))
    return parts
