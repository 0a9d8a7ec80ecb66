"""Shoes: trainers, boots and slippers, alone or in pairs."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pillow, plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball, disc, rod
from onet_cli.procedural.solids.pose import Array, at


def shoe(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random shoe or pair; the toes point to the front."""
    length = rng.uniform(0.22, 0.32)
    make = (trainer, trainer, boot, slipper)[rng.integers(4)]
    one = make(rng, length)
    if rng.random() < 0.6:
        return one
    aside = 0.185 * length
    step = rng.uniform(-0.2, 0.2) * length
    bar = disc(palette.BLACK, (0, 0.02 * length, 0.25 * step), 0.05 * length, 0.08 * length)
    return [*moved(one, at(-aside, 0, 0)), *moved(one, at(aside, 0, 0.5 * step)), bar]


def footprint(length: float, width: float) -> Array:
    """Return the outline (M, 2) in (x, z) of a sole: wide at the ball, narrow at the heel."""
    z = np.cos(np.linspace(0, 2 * np.pi, 40, endpoint=False))
    x = np.sin(np.linspace(0, 2 * np.pi, 40, endpoint=False))
    waist = 1 - 0.14 * (1 - z) / 2 - 0.12 * np.exp(-((z + 0.1) ** 2) / 0.12)
    shape = np.sign(x) * np.abs(x) ** 0.8 * waist * width / 2
    return np.stack([shape, z * length / 2], axis=1)


def upper(
    rng: np.random.Generator, cloth: Finish, length: float, width: float, low: float, high: float
) -> list[Part]:
    """Return toe, instep and heel of a shoe, from the height `low` to `high` at the heel."""
    x, toe = 0.49 * width, low + length * rng.uniform(0.14, 0.22)
    rise = (toe + high) / 2
    return [
        pillow(cloth, (-x, 0.3 * low, 0.02 * length), (x, toe, 0.49 * length), 2.4, 2.6),
        pillow(
            cloth, (-0.92 * x, 0.3 * low, -0.22 * length), (0.92 * x, rise, 0.3 * length), 2.6, 2.4
        ),
        pillow(
            cloth, (-0.85 * x, 0.3 * low, -0.49 * length), (0.85 * x, high, 0.02 * length), 2.6, 3.5
        ),
    ]


def trainer(rng: np.random.Generator, length: float) -> list[Part]:
    """Return a sports shoe with laces, low or high."""
    cloth, rubber, trim = palette.fabric(rng), palette.paint(rng), palette.paint(rng)
    width, sole = length * rng.uniform(0.34, 0.4), length * rng.uniform(0.06, 0.14)
    high = sole + length * rng.uniform(0.22, 0.42)
    parts = [plate(rubber, [footprint(length, width)], (0, 0, 0), sole)]
    parts += upper(rng, cloth, length, width, sole, high)
    inside = Finish.plain((60, 56, 54))
    parts.append(
        ball(
            inside,
            (0, high - 0.02 * length, -0.23 * length),
            (0.26 * width, 0.04 * length, 0.17 * length),
        )
    )
    tongue = (0.0, high + 0.05 * length, 0.0)
    parts.append(
        rod(trim, (0, 0.6 * high + 0.4 * sole, 0.16 * length), tongue, 0.2 * width, 0.17 * width)
    )
    for k in range(int(rng.integers(3, 6))):
        z = 0.2 * length - 0.05 * k * length
        y = 0.55 * high + 0.45 * sole + 0.04 * k * length
        parts.append(
            rod(palette.white(rng), (-0.24 * width, y, z), (0.24 * width, y, z), 0.018 * length)
        )
    return parts


def boot(rng: np.random.Generator, length: float) -> list[Part]:
    """Return a boot with a heel and a shaft."""
    leather, rubber = palette.fabric(rng), palette.paint(rng)
    width, sole = length * rng.uniform(0.33, 0.4), length * rng.uniform(0.05, 0.09)
    high = sole + length * rng.uniform(0.45, 1.1)
    heel = sole * rng.uniform(1.0, 2.2)
    block_ = footprint(0.34 * length, 0.8 * width)
    parts = [plate(rubber, [footprint(length, width)], (0, heel - sole * 0.5, 0), sole)]
    parts.append(plate(rubber, [block_], (0, 0, -0.32 * length), heel))
    parts += moved(
        upper(rng, leather, length, width, sole, 0.45 * length), at(0, heel - sole * 0.5, 0)
    )
    shaft = 0.4 * width * rng.uniform(0.9, 1.1)
    top = shaft * rng.uniform(0.95, 1.25)
    parts.append(disc(leather, (0, heel, -0.24 * length), high - heel, shaft, top))
    dark = Finish.plain((60, 56, 54))
    parts.append(disc(dark, (0, high - 0.01 * length, -0.24 * length), 0.015 * length, 0.85 * top))
    return parts


def slipper(rng: np.random.Generator, length: float) -> list[Part]:
    """Return a slipper or sandal: a sole with a band over the toes."""
    cloth, foam = palette.fabric(rng), palette.paint(rng)
    width, sole = length * rng.uniform(0.34, 0.42), length * rng.uniform(0.06, 0.12)
    parts = [plate(foam, [footprint(length, width)], (0, 0, 0), sole)]
    reach = rng.uniform(0.0, 0.12)
    cap = (
        (-0.5 * width, 0.3 * sole, reach * length),
        (0.5 * width, sole + 0.17 * length, 0.47 * length),
    )
    return [*parts, pillow(cloth, *cap, 2.4, 2.4)]
