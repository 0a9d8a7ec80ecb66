"""Desks: writing desks with drawers, office desks, dressing tables, workbenches."""

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import front, plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.furniture.fronts import Front, drawer
from onet_cli.procedural.joinery import SIDES, block, leg
from onet_cli.procedural.solids.pose import at
from onet_cli.procedural.solids.prism import oval

UNDER: tuple[legs.Maker, ...] = (
    bases.panels, bases.panels, legs.straight, legs.splayed, legs.lathed, bases.sled, legs.tubes,
)  # fmt: skip


def desk(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random desk."""
    if rng.random() < 0.25:
        return office(rng)
    width, depth, height = rng.uniform(0.9, 1.7), rng.uniform(0.45, 0.8), rng.uniform(0.7, 0.78)
    finish, thin = palette.material(rng), 0.0145 * width
    style = Front.draw(rng, palette.shaded(finish, rng), thin)
    thick = max(thin, rng.uniform(0.02, 0.05))
    x, z = width / 2, depth / 2
    parts = [block(finish, (-x, height - thick, -z), (x, height, z))]
    chest, inset = rng.uniform(0.24, 0.36) * width, rng.choice([0.0, 0.03])
    chosen = [(-1,), (1,), (-1, 1)][rng.integers(3)]
    foot = float(rng.choice([0.0, 0.05, height * 0.45, height * 0.7]))
    under = legs.Footprint(2 * (x - inset), 2 * (z - inset), height - thick / 2, thin)
    parts += legs.choose(rng, finish, under, UNDER if foot else UNDER[:3])
    for s in chosen:
        near, far = sorted((s * (x - inset - thin * 0.2), s * (x - inset - chest)))
        parts.append(block(finish, (near, foot, -z * 0.93), (far, height - thick / 2, z * 0.93)))
        rows = int(rng.integers(2, 5)) if foot < 0.1 else 1
        pitch = (height - thick - foot) / rows
        for row in range(rows):
            low = foot + row * pitch + 0.04 * pitch
            cell = (near + 0.012, low, far - 0.012, low + 0.92 * pitch)
            parts += drawer(style, cell, z * 0.93)
    if rng.random() < 0.2:
        parts += mirror(rng, finish, (width, height, depth))
    elif rng.random() < 0.2:
        parts += hutch(rng, finish, (width, height, depth), thin)
    return parts


def office(rng: np.random.Generator) -> list[Part]:
    """Return an office desk: a straight, bent or L-shaped top on steel legs with feet."""
    width, depth, height = rng.uniform(1.2, 1.9), rng.uniform(0.65, 0.85), rng.uniform(0.7, 0.76)
    finish, steel = palette.wood(rng, 0.4), palette.metal(rng)
    thick, thin = max(0.024, 0.0145 * width), 0.0145 * width
    x, z, kind = width / 2, depth / 2, rng.integers(3)
    edge = np.array([(-x, -z), (x, -z), (x, z), (-x, z)])
    spots = [(-x * 0.85, 0.0), (x * 0.85, 0.0)]
    if kind == 1:
        u = np.linspace(0, 1, 9)
        wave = np.stack([x - 2 * x * u, z - 0.12 * np.sin(np.pi * u)], axis=1)
        edge = np.vstack([edge[:2], wave])
    elif kind == 2:
        long = rng.uniform(0.5, 0.9)
        edge = np.array([(-x, -z), (x, -z), (x, z + long), (x - depth, z + long), (x - depth, z),
                         (-x, z)])  # fmt: skip
        spots.append((x - depth / 2, z + long * 0.85))
    parts = [plate(finish, [edge], (0, height - thick, 0), thick)]
    bar = max(thin, rng.uniform(0.03, 0.06))
    for sx, sz in spots:
        half = z * 0.85 if sz == 0 else 0.25
        low = (sx - bar / 2, 0, sz - half)
        parts.append(block(steel, low, (sx + bar / 2, bar * 0.7, sz + half)))
        parts.append(leg(steel, (sx, bar * 0.3, sz), (sx, height - thick * 0.6, sz), bar * 1.2))
        head = (sx - bar / 2, height - thick - bar * 0.6, sz - half)
        parts.append(block(steel, head, (sx + bar / 2, height - thick * 0.9, sz + half)))
    if rng.random() < 0.6 or kind == 2:
        foot = height * rng.uniform(0.3, 0.6)
        screen = (-x * 0.85, foot, -thin / 2), (x * 0.85, height - thick * 0.9, thin / 2)
        parts.append(block(finish if rng.random() < 0.5 else steel, *screen))
    return parts


def mirror(
    rng: np.random.Generator, finish: Finish, size: tuple[float, float, float]
) -> list[Part]:
    """Return a standing mirror for the rear edge of a dressing table."""
    width, height, depth = size
    tall, wide = rng.uniform(0.45, 0.7), rng.uniform(0.3, 0.6) * width
    edge = oval(wide, tall, rng.choice([2.0, 2.5, 6.0]), 32)
    frame = front(finish, [edge], (0, tall / 2 + 0.06, -0.014), 0.028)
    pane = front(
        Finish.plain((170, 184, 192), 0.9),
        [edge * 0.86],
        (0, tall / 2 + 0.06, -0.01),
        0.032,
    )
    post = block(finish, (-0.04, -0.01, -0.013), (0.04, 0.12, 0.013))
    arms = [
        block(
            finish,
            (s * wide * 0.3 - 0.014, -0.01, -0.013),
            (s * wide * 0.3 + 0.014, tall * 0.3, 0.012),
        )
        for s in SIDES
    ]
    return moved([frame, pane, post, *arms], at(0, height, -depth / 2 + 0.06))


def hutch(
    rng: np.random.Generator, finish: Finish, size: tuple[float, float, float], thin: float
) -> list[Part]:
    """Return a low shelf that stands on the rear of the top."""
    width, height, depth = size
    tall, deep = rng.uniform(0.25, 0.7), rng.uniform(0.18, 0.28)
    x, rear = width / 2, -depth / 2
    parts = [block(finish, (-x, height - 0.01, rear), (x, height + tall, rear + thin))]
    count = int(rng.integers(2, 5))
    for s in np.linspace(-x + thin / 2, x - thin / 2, count).tolist():
        low = (s - thin / 2, height - 0.01, rear)
        parts.append(block(finish, low, (s + thin / 2, height + tall * 0.999, rear + deep)))
    for y in (tall, tall * 0.5)[: int(rng.integers(1, 3))]:
        low = (-x, height + y - thin, rear)
        parts.append(block(finish, low, (x, height + y, rear + deep * 0.99)))
    return parts
