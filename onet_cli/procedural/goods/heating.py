"""Boilers, extractor hoods, radiators."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.goods.fittings import casing
from onet_cli.procedural.joinery import SIDES, block, cushion, disc, rod
from onet_cli.procedural.solids.pose import at
from onet_cli.procedural.solids.prism import Prism, rectangle


def boiler(rng: np.random.Generator) -> list[Part]:
    """Return a water heater, standing or hung, with pipes."""
    radius, height = rng.uniform(0.18, 0.3), rng.uniform(0.5, 1.4)
    body, steel = casing(rng), palette.metal(rng)
    lift = rng.uniform(0.1, 0.25)
    if rng.random() < 0.5:
        parts = [disc(body, (0, lift, 0), height, radius)]
        parts.append(disc(body, (0, lift + height, 0), 0.12 * radius, radius, 0.7 * radius))
        parts.append(
            disc(
                palette.shaded(body, rng),
                (0, lift - 0.12 * radius, 0),
                0.13 * radius,
                0.7 * radius,
                radius,
            )
        )
    else:
        parts = [
            cushion(
                body,
                (-radius, lift, -0.7 * radius),
                (radius, lift + height, 0.7 * radius),
                0.1 * radius,
            )
        ]
        panel = (
            (-0.5 * radius, lift + 0.1 * height, 0),
            (0.5 * radius, lift + 0.25 * height, 0.72 * radius),
        )
        parts.append(block(palette.BLACK, *panel))
    thin = 0.008 * (height + lift) + 0.003
    for s in (-0.5, 0.0, 0.5)[: int(rng.integers(2, 4))]:
        parts.append(rod(steel, (s * radius, 0, 0), (s * radius, lift + 0.02, 0), thin))
    return parts


def hood(rng: np.random.Generator) -> list[Part]:
    """Return an extractor hood: a flared canopy and a chimney."""
    width, depth = rng.uniform(0.55, 0.9), rng.uniform(0.4, 0.5)
    finish, rise = palette.metal(rng), rng.uniform(0.12, 0.3)
    pipe_w, pipe_d = rng.uniform(0.2, 0.3), rng.uniform(0.18, 0.28)
    rim, x, z = rng.uniform(0.03, 0.07), width / 2, depth / 2
    parts = [block(finish, (-x, 0, -z), (x, rim, z))]
    cone = Prism(
        outline=rectangle(width, depth), height=rise,
        scale=(pipe_w / width, pipe_d / depth), shift=(0, -(depth - pipe_d) / 2),
    )  # fmt: skip
    parts.append(Part(cone.moved(at(0, rim * 0.99, 0)), finish))
    tall = rng.uniform(0.3, 0.8)
    low = (-pipe_w / 2, rim + rise * 0.9, -z)
    return [
        *parts,
        block(palette.shaded(finish, rng), low, (pipe_w / 2, rim + rise + tall, -z + pipe_d)),
    ]


def radiator(rng: np.random.Generator) -> list[Part]:
    """Return a radiator: columns between two rails, or a ladder of towel rails."""
    width, height, finish = rng.uniform(0.5, 1.2), rng.uniform(0.45, 0.9), casing(rng)
    x = width / 2
    if rng.random() < 0.4:
        width, height = rng.uniform(0.4, 0.6), rng.uniform(0.8, 1.5)
        x, thin, parts = width / 2, 0.011 * height, []
        for s in SIDES:
            parts.append(rod(finish, (s * x, 0, 0), (s * x, height, 0), thin * 1.2))
        for y in np.linspace(0.04, 0.96, int(rng.integers(8, 18))).tolist():
            parts.append(rod(finish, (-x, y * height, 0), (x, y * height, 0), thin * 0.8))
        return parts
    count = int(rng.integers(6, 16))
    pitch = width / count
    deep = rng.uniform(0.03, 0.08)
    parts = []
    for k in range(count):
        spot = -x + (k + 0.5) * pitch
        lower = (spot - 0.42 * pitch, 0.06, -deep)
        parts.append(cushion(finish, lower, (spot + 0.42 * pitch, height, deep), 0.3 * pitch))
    for y in (0.06 + 0.1 * height, 0.9 * height):
        parts.append(rod(finish, (-x * 0.97, y, 0), (x * 0.97, y, 0), 0.5 * deep))
    for s in SIDES:
        spot = s * (x - 0.5 * pitch)
        parts.append(rod(finish, (spot, 0, 0), (spot, 0.15, 0), 0.4 * deep + 0.004))
    return parts
