"""Stools: low and high, with round, square or saddle seats, and poufs."""

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pillow, side, strip
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball, block, cushion, disc, rod, slab
from onet_cli.procedural.solids.prism import oval
from onet_cli.procedural.turnery import hoop

LEGS: tuple[legs.Maker, ...] = (
    legs.straight, legs.splayed, legs.splayed, legs.splayed, legs.lathed, legs.tubes, legs.hairpin,
    bases.star, bases.pedestal, bases.sled, bases.crossed,
)  # fmt: skip


def stool(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random stool or pouf."""
    if rng.random() < 0.15:
        return pouf(rng)
    height = float(rng.choice([rng.uniform(0.35, 0.5), rng.uniform(0.6, 0.82)]))
    width, thin = rng.uniform(0.28, 0.42), 0.0175 * max(height, 0.5)
    depth = width * float(rng.choice([1.0, 1.0, rng.uniform(0.7, 1.0)]))
    thick = max(thin, rng.uniform(0.02, 0.1))
    finish = palette.material(rng)
    cover = palette.fabric(rng) if rng.random() < 0.5 else palette.shaded(finish, rng)
    round_ = rng.random() < 0.5
    parts = [top(rng, cover, (width, height, depth), thick, round_)]
    share = 0.72 if round_ else 0.96
    under = legs.Footprint(width * share, depth * share, height - thick * 0.6, thin)
    maker = LEGS[rng.integers(len(LEGS))]
    parts += maker(rng, finish, under)
    if height > 0.55 and maker in (bases.star, bases.pedestal) and rng.random() < 0.7:
        level, radius = height * rng.uniform(0.25, 0.4), width * 0.38
        parts.append(hoop(finish, (0, level, 0), radius, thin * 0.5))
        parts.append(rod(finish, (-radius, level, 0), (radius, level, 0), thin * 0.5))
    return parts


def top(
    rng: np.random.Generator,
    cover: Finish,
    size: tuple[float, float, float],
    thick: float,
    round_: bool,
) -> Part:
    """Return the seat, its upper side at the height `size[1]`."""
    width, height, depth = size
    low, x, z = height - thick, width / 2, depth / 2
    if round_:
        bevel = rng.uniform(0.85, 1.05)
        return slab(cover, oval(width, depth), (0, low, 0), thick, scale=bevel)
    kind = rng.integers(4)
    if kind == 0:
        return block(cover, (-x, low, -z), (x, height, z))
    if kind == 1:
        u = np.linspace(-1, 1, 9)
        dip = rng.uniform(0.01, 0.05)
        line = np.stack([u * z, dip * u * u - dip], axis=1)
        return side(cover, [strip(line, thick)], (-x, low + thick / 2, 0), 2 * x)
    if kind == 2:
        return pillow(cover, (-x, low, -z), (x, height, z), rng.uniform(2.5, 8), 3)
    return cushion(cover, (-x, low, -z), (x, height, z), thick * 0.45)


def pouf(rng: np.random.Generator) -> list[Part]:
    """Return a soft seat that stands on the floor."""
    width, height, cover = rng.uniform(0.35, 0.6), rng.uniform(0.3, 0.48), palette.fabric(rng)
    x = width / 2
    kind = rng.integers(4)
    if kind == 0:
        return [cushion(cover, (-x, 0, -x), (x, height, x), height * rng.uniform(0.1, 0.45))]
    if kind == 1:
        lid = disc(palette.shaded(cover, rng), (0, height * 0.8, 0), height * 0.2, x * 1.02)
        return [disc(cover, (0, 0, 0), height * 0.81, x), lid]
    if kind == 2:
        return [pillow(cover, (-x, 0, -x), (x, height, x), rng.uniform(2, 5), 3)]
    band = disc(cover, (0, height * 0.12, 0), height * 0.76, x * 0.8)
    shade = palette.shaded(cover, rng)
    piping = [hoop(shade, (0, y * height, 0), x * 0.83, 0.02) for y in (0.2, 0.8)]
    return [band, ball(cover, (0, height / 2, 0), (x, height / 2, x)), *piping]
