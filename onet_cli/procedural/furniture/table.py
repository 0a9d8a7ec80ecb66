"""Tables: dining, coffee, side, console and bar tables; desks are in `desk`."""

import numpy as np

from onet_cli.procedural import bases, legs, palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.furniture.desk import desk
from onet_cli.procedural.joinery import ball, block, cushion, slab
from onet_cli.procedural.solids.prism import oval, rectangle
from onet_cli.procedural.turnery import turned

KINDS = {
    "dining": ((1.0, 2.2), (0.7, 1.1), (0.68, 0.8)),
    "square": ((0.6, 1.1), (0.6, 1.1), (0.5, 0.8)),
    "coffee": ((0.7, 1.4), (0.45, 0.8), (0.28, 0.5)),
    "side": ((0.35, 0.6), (0.35, 0.6), (0.4, 0.75)),
    "console": ((0.8, 1.5), (0.3, 0.45), (0.7, 0.95)),
    "bar": ((0.5, 0.8), (0.5, 0.8), (0.9, 1.15)),
}
"""Ranges of width, depth and height in metres."""

RECTANGULAR: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.straight, legs.straight, legs.splayed, legs.lathed,
    legs.cabriole, legs.sabre, legs.hairpin, legs.tubes, bases.trestle, bases.trestles,
    bases.panels, bases.sled, bases.cube_frame, bases.crossed, bases.pedestal, bases.star,
)  # fmt: skip
ROUND: tuple[legs.Maker, ...] = (
    bases.pedestal, bases.pedestal, bases.pedestal, bases.star, legs.splayed, legs.straight,
    legs.hairpin, legs.lathed,
)  # fmt: skip
SHELVED: tuple[legs.Maker, ...] = (legs.straight, legs.lathed, bases.panels, bases.cube_frame)
"""Legs that a low shelf can be fixed to."""


def table(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random table."""
    choice = rng.random()
    if choice < 0.24:
        return desk(rng)
    if choice < 0.27:
        return clothed(rng)
    kind = list(KINDS)[rng.integers(len(KINDS))]
    width, depth, height = (float(rng.uniform(*span)) for span in KINDS[kind])
    if kind in ("square", "side", "bar") and rng.random() < 0.6:
        depth = width
    finish, thin = palette.material(rng), 0.0145 * max(width, depth, height)
    frame = palette.shaded(finish, rng) if rng.random() < 0.6 else palette.material(rng)
    thick = max(thin, float(rng.choice([rng.uniform(0.015, 0.03), rng.uniform(0.03, 0.08)])))
    curved = rng.random() < (0.35 if kind != "console" else 0.1)
    parts = top(rng, finish, (width, height, depth), thick, curved)
    share = 0.68 if curved else 0.97
    under = legs.Footprint(width * share, depth * share, height - thick * 0.6, thin)
    makers = ROUND if curved else RECTANGULAR
    if max(width, depth) > 1.6 * min(width, depth):
        makers = tuple(m for m in makers if m not in (bases.pedestal, bases.star))
    maker = makers[rng.integers(len(makers))]
    parts += maker(rng, frame, under)
    if not curved and maker in (legs.straight, legs.lathed, legs.cabriole) and rng.random() < 0.6:
        parts += apron(rng, frame, under, thick)
    if maker in SHELVED and not curved and rng.random() < 0.35:
        parts.append(low_shelf(rng, frame, under, thick))
    return parts


def top(
    rng: np.random.Generator,
    finish: Finish,
    size: tuple[float, float, float],
    thick: float,
    curved: bool,
) -> list[Part]:
    """Return the table top, its upper side at the height `size[1]`."""
    width, height, depth = size
    low, base = height - thick, (0.0, height - thick, 0.0)
    choice = rng.random()
    finish = palette.stone(rng) if choice < 0.1 else palette.glass(rng) if choice < 0.2 else finish
    if curved:
        power = 2.0 if rng.random() < 0.7 else rng.uniform(2.3, 5)
        outline = oval(width, depth, power=power, corners=48)
        bevel = float(rng.choice([1.0, 1.0, rng.uniform(0.93, 1.04)]))
        return [slab(finish, outline, base, thick, scale=bevel)]
    kind = rng.random()
    if kind < 0.1:
        rim = max(0.05, 1.5 * thick)
        hole = rectangle(width - 2 * rim, depth - 2 * rim)
        pane = rectangle(width - 1.4 * rim, depth - 1.4 * rim)
        inset = plate(palette.glass(rng), [pane], (0, low + 0.15 * thick, 0), thick * 0.7)
        return [plate(finish, [rectangle(width, depth), hole], base, thick), inset]
    if kind < 0.16:  # a tray: a raised rim
        hole = rectangle(width - 2 * thick, depth - 2 * thick)
        rim_base = (0.0, low + thick * 0.5, 0.0)
        board = plate(finish, [rectangle(width, depth)], base, thick)
        return [board, plate(finish, [rectangle(width, depth), hole], rim_base, thick * 2)]
    if kind < 0.22:
        outline = rectangle(width, depth) * np.array([[0.72, 1], [0.72, 1], [1, 1], [1, 1]])
        return [plate(finish, [outline], base, thick)]
    corner, far = (-width / 2, low, -depth / 2), (width / 2, height, depth / 2)
    if kind < 0.35:
        return [cushion(finish, corner, far, thick * rng.uniform(0.2, 0.49))]
    return [block(finish, corner, far)]


def apron(
    rng: np.random.Generator, finish: Finish, under: legs.Footprint, thick: float
) -> list[Part]:
    """Return a frame of boards under the top, sometimes with drawers and knobs."""
    thin = under.thin
    inset, drop = rng.uniform(0.0, 0.04), rng.uniform(0.08, 0.16) * under.top + thin
    x, z = under.width / 2 - inset, under.depth / 2 - inset
    low, board = under.top - drop, max(thin, 0.02)
    rings = [rectangle(2 * x, 2 * z), rectangle(2 * (x - board), 2 * (z - board))]
    if rng.random() < 0.6:
        return [plate(finish, rings, (0, low, 0), drop)]
    parts = [block(finish, (-x, low, -z), (x, under.top, z))]
    face, count = palette.shaded(finish, rng), int(rng.integers(1, 4))
    knob, edges = palette.metal(rng), np.linspace(-0.85 * x, 0.85 * x, count + 1)
    high = max(under.top - thick * 0.4 - 0.12 * drop, low + 0.12 * drop + thin)
    for left, right in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        lower = (left + 0.01, low + 0.12 * drop, z - thin)
        parts.append(block(face, lower, (right - 0.01, high, z + thin / 2)))
        spot = ((left + right) / 2, (low + high) / 2, z + thin * 0.8)
        parts.append(ball(knob, spot, (max(0.6 * thin, 0.011),) * 3))
    return parts


def low_shelf(
    rng: np.random.Generator, finish: Finish, under: legs.Footprint, thick: float
) -> Part:
    """Return a board near the floor that reaches into the legs."""
    y = under.top * rng.uniform(0.12, 0.4)
    x, z = under.width / 2 - 0.5 * under.thin, under.depth / 2 - 0.5 * under.thin
    corner, far = (-x, y, -z), (x, y + max(under.thin, 0.6 * thick), z)
    return block(palette.shaded(finish, rng), corner, far)


def clothed(rng: np.random.Generator) -> list[Part]:
    """Return a table under a cloth that falls to the floor in folds."""
    radius, height = rng.uniform(0.35, 0.6), rng.uniform(0.6, 0.78)
    folds = int(rng.integers(8, 16))
    finish = palette.patterned(rng) if rng.random() < 0.6 else palette.fabric(rng)
    angle = np.linspace(0, 2 * np.pi, 8 * folds, endpoint=False)
    wave = 1 + rng.uniform(0.02, 0.07) * np.cos(folds * angle)
    ring = (wave * radius)[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    skirt = plate(finish, [ring], (0, 0, 0), height * 0.97)
    rim = [(radius, 0), (radius * 0.985, height * 0.035), (radius * 0.9, height * 0.05)]
    return [skirt, turned(finish, rim, (0, height * 0.95, 0), segments=40)]
