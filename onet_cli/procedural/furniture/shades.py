"""Lamp shades, as they hang or stand: hollow cloth, metal bells, globes, paper, boxes."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, ball, block, cushion, disc, rod
from onet_cli.procedural.solids.lathe import Lathe
from onet_cli.procedural.turnery import smooth, turned


def shade_finish(rng: np.random.Generator) -> Finish:
    """Return a lamp shade's finish: mostly pale cloth."""
    if rng.random() < 0.5:
        red, green = rng.uniform(200, 235, 2)
        green = min(red, green)
        blue = green * rng.uniform(0.75, 1.0)
        return Finish.plain((int(red), int(green), int(blue)))
    return palette.fabric(rng) if rng.random() < 0.6 else palette.paint(rng)


def shade(rng: np.random.Generator, width: float, height: float, wall: float) -> list[Part]:
    """Return a shade from y = 0 to `height` around the axis; open ones have a spider at the top.

    Any part that reaches 0.85 `height` on the axis touches it.
    """
    finish, kind, radius = shade_finish(rng), rng.integers(10), width / 2
    if kind <= 4:
        top = radius * rng.uniform(0.3, 0.8) if kind < 3 else radius * rng.uniform(0.93, 1.0)
        return drum(rng, finish, (radius, top), height, wall)
    if kind == 5:
        return bell(rng, finish, radius, height, wall)
    if kind == 6:
        return [ball(finish, (0, height / 2, 0), (radius, height / 2, radius))]
    if kind == 7:
        return paper(finish, radius, height)
    if kind == 8:
        corner = (-radius * 0.8, 0, -radius * 0.8), (radius * 0.8, height, radius * 0.8)
        return [cushion(finish, *corner, radius * rng.uniform(0.05, 0.3))]
    return lantern(rng, radius * 0.7, height)


def drum(
    rng: np.random.Generator, finish: Finish, radii: tuple[float, float], height: float, wall: float
) -> list[Part]:
    """Return a cone or drum of cloth, hollow, straight or waisted, held by three spokes."""
    low, top = radii
    waist = rng.uniform(0.8, 0.95) if rng.random() < 0.3 else 1.0
    outer = smooth([(low, 0.0), ((low + top) / 2 * waist, 0.5 * height), (top, height)], 4)
    inner = outer - [wall, 0]
    ring = np.vstack([outer, inner[::-1]])
    parts = [Part(Lathe(profile=ring, segments=28), finish)]
    level, reach = 0.8 * height, float(np.interp(0.8 * height, outer[:, 1], outer[:, 0]))
    for angle in np.radians([30, 150, 270]):
        end = ((reach - wall) * float(np.cos(angle)), level, (reach - wall) * float(np.sin(angle)))
        parts.append(rod(palette.BLACK, (0, level, 0), end, wall * 0.55))
    hub = 0.2 * height
    parts.append(rod(palette.BLACK, (0, level - hub / 2, 0), (0, level + hub / 4, 0), wall))
    if rng.random() < 0.5:
        bulb = Finish.plain((246, 240, 214))
        size = 0.35 * min(top, 0.5 * height)
        parts.append(ball(bulb, (0, level - size, 0), (size,) * 3))
    return parts


def bell(
    rng: np.random.Generator, finish: Finish, radius: float, height: float, wall: float
) -> list[Part]:
    """Return a metal or glass bell or dome, open below, closed above."""
    shape = rng.uniform(0.3, 1.0)
    t = np.linspace(0, 1, 9)
    outer = np.stack([radius * (1 - t**2) ** shape, t * height], axis=1)
    outer[-1, 0] = max(outer[-1, 0], 0.12 * radius)
    inner = np.stack(
        [(radius - wall) * (1 - t**2) ** shape, t * min(height - 1.3 * wall, 0.84 * height)], axis=1
    )
    ring = np.vstack([outer, [(0.0, height)], [(0.0, inner[-1, 1])], inner[:-1][::-1]])
    return [Part(Lathe(profile=ring, segments=28), finish)]


def paper(finish: Finish, radius: float, height: float) -> list[Part]:
    """Return a globe of ribbed paper."""
    tilt = np.linspace(0.12, np.pi - 0.12, 33)
    ribs = 1 + 0.025 * np.cos(16 * tilt)
    ring = np.stack([radius * np.sin(tilt) * ribs, height / 2 * (1 - np.cos(tilt) * ribs)], axis=1)
    ring[:, 1] = (ring[:, 1] - ring[0, 1]) * height / float(np.ptp(ring[:, 1]))
    return [turned(finish, ring, segments=28)]


def lantern(rng: np.random.Generator, half: float, height: float) -> list[Part]:
    """Return a box of glass between four posts, with a floor and a pointed roof."""
    metal, pane = palette.metal(rng), palette.glass(rng)
    bar, roof = max(0.06 * height, 0.008), 0.3 * height
    inner = half * 0.93
    parts = [block(pane, (-inner, bar / 2, -inner), (inner, height - roof, inner))]
    parts.append(block(metal, (-half, 0, -half), (half, bar, half)))
    for sx in SIDES:
        for sz in SIDES:
            x, z = sx * half * 0.95, sz * half * 0.95
            low = (x - bar / 2, 0, z - bar / 2)
            parts.append(block(metal, low, (x + bar / 2, height - roof, z + bar / 2)))
    parts.append(disc(metal, (0, height - roof - bar / 2, 0), roof + bar / 2, half * 1.4, bar))
    return parts
