"""Turnery: solids of revolution, vessels, rings and wheels."""

from collections.abc import Sequence

import numpy as np

from onet_cli.procedural.assembly import Part
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import Point, rod
from onet_cli.procedural.solids.lathe import Lathe
from onet_cli.procedural.solids.pose import Array, about, at
from onet_cli.procedural.solids.torus import Torus

Profile = Sequence[tuple[float, float]] | Array
"""Points (radius, height) from the foot up."""


def smooth(points: Profile, steps: int = 4) -> Array:
    """Return a curve through `points` (K, 2), `steps` segments each (Catmull and Rom, 1974)."""
    p = np.asarray(points, dtype=np.float64)
    before = np.vstack([2 * p[0] - p[1], p[:-2]])
    after = np.vstack([p[2:], 2 * p[-1] - p[-2]])
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (side[:, None, :] for side in (before, p[:-1], p[1:], after))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    curve = np.vstack([curve.reshape(-1, 2), p[-1:]])
    # The curve may overshoot its points, but not across the axis or below the foot.
    low, high = p[:, 1].min(), p[:, 1].max()
    return np.stack([np.maximum(curve[:, 0], 1e-4), np.clip(curve[:, 1], low, high)], axis=1)


def turned(
    finish: Finish, profile: Profile, base: Point = (0.0, 0.0, 0.0), segments: int = 24
) -> Part:
    """Return the solid piece with the outline `profile`, standing on `base`."""
    outline = np.asarray(profile, dtype=np.float64)
    axis = [[0.0, outline[-1, 1]], [0.0, outline[0, 1]]]
    solid = Lathe(profile=np.vstack([outline, axis]), segments=segments)
    return Part(solid.moved(at(*base)), finish)


def vessel(
    finish: Finish,
    profile: Profile,
    wall: float,
    base: Point = (0.0, 0.0, 0.0),
    segments: int = 24,
) -> Part:
    """Return an open vessel with the outer outline `profile`, its wall and floor `wall` thick."""
    outer = np.array(profile, dtype=np.float64)
    outer[:, 1] = np.maximum.accumulate(outer[:, 1])
    rise = np.gradient(outer[:, 1])
    lean = np.abs(np.gradient(outer[:, 0])) / np.maximum(rise, 1e-9)
    # Horizontal steps inwards, so that the inner outline never crosses itself or the outer one.
    inner = outer - np.stack([wall * np.minimum(np.hypot(1, lean), 5), 0 * rise], axis=1)
    # If the neck is too narrow for a bore, everything below it is solid.
    keep = (inner[:, 1] > outer[0, 1] + wall) & (inner[:, 1] < outer[-1, 1] - 0.2 * wall)
    keep &= inner[:, 0] > 0.3 * wall
    keep &= np.arange(len(outer)) >= _narrowest(inner, wall)
    inner = inner[keep]
    if len(inner) < 2:
        return turned(finish, profile, base, segments)
    rim = [[max(outer[-1, 0] - wall, 0.3 * wall), outer[-1, 1]]]
    floor = inner[0, 1] if inner[0, 1] > outer[0, 1] + 3 * wall else outer[0, 1] + wall
    bottom = [[inner[0, 0], floor], [0.0, floor], [0.0, outer[0, 1]]]
    solid = Lathe(profile=np.vstack([outer, rim, inner[::-1], bottom]), segments=segments)
    return Part(solid.moved(at(*base)), finish)


def _narrowest(inner: Array, wall: float) -> int:
    """Return the index above which the bore stays open."""
    closed = np.flatnonzero(inner[:, 0] <= 0.3 * wall)
    return int(closed[-1]) + 1 if len(closed) else 0


def shell(
    finish: Finish,
    radius: float,
    heights: tuple[float, float],
    thickness: float,
    sweep: float,
    flare: float = 1.0,
    segments: int = 24,
) -> Part:
    """Return an upright wall around the back of the origin, `flare` times as wide at the top."""
    low, high = heights
    ring = [
        [radius, low], [radius * flare, high],
        [radius * flare - thickness, high], [radius - thickness, low],
    ]  # fmt: skip
    return Part(Lathe(profile=np.array(ring), sweep=sweep, segments=segments), finish)


def hoop(
    finish: Finish, centre: Point, radius: float, tube: float, axis: str = "y", around: int = 8
) -> Part:
    """Return a full ring of round bar about the axis "x", "y" or "z"."""
    solid = Torus(ring=radius, tube=tube, around=around)
    turn = {"x": about("z", 90), "y": about("y", 0), "z": about("x", 90)}[axis]
    return Part(solid.moved(turn).moved(at(*centre)), finish)


def wheel(
    tyre: Finish, rim: Finish, centre: Point, radius: float, width: float, axis: str = "x"
) -> list[Part]:
    """Return a wheel without spokes: a tyre with rounded shoulders and a disc."""
    half, soft = width / 2, min(0.25 * width, 0.1 * radius)
    outline = [
        (0.55 * radius, -half), (radius - soft, -half), (radius, soft - half),
        (radius, half - soft), (radius - soft, half), (0.55 * radius, half),
    ]  # fmt: skip
    disc = [(0.0, -0.42 * width), (0.62 * radius, -0.38 * width)]
    disc += [(0.62 * radius, 0.38 * width), (0.0, 0.42 * width)]
    turn = {"x": about("z", 90), "y": about("y", 0), "z": about("x", 90)}[axis]
    place = at(*centre)
    return [
        Part(Lathe(profile=np.array(ring)).moved(turn).moved(place), finish)
        for ring, finish in ((outline, tyre), (disc, rim))
    ]


def spoked(
    tyre: Finish,
    rim: Finish,
    centre: Point,
    radius: float,
    tube: float,
    spokes: int,
    spoke: float = 0.006,
) -> list[Part]:
    """Return a wheel about the x axis with a round tyre, a hub and thin spokes."""
    x, y, z = centre
    parts = [hoop(tyre, centre, radius - tube, tube, "x")]
    parts.append(rod(rim, (x - 2.2 * tube, y, z), (x + 2.2 * tube, y, z), max(1.2 * tube, spoke)))
    for k in range(spokes):
        angle = 2 * np.pi * k / spokes
        dy, dz = float(np.cos(angle)), float(np.sin(angle))
        reach = radius - 1.5 * tube
        parts.append(rod(rim, centre, (x, y + reach * dy, z + reach * dz), spoke))
    return parts


def spindle_profile(
    rng: np.random.Generator, length: float, girth: float, thin: float, beads: int
) -> Array:
    """Return the outline of a turned post: `beads` swellings between narrow places."""
    heights = np.linspace(0, 1, 2 * beads + 1)
    heights[1:-1] += rng.uniform(-0.2, 0.2, 2 * beads - 1) / (2 * beads)
    radii = np.where(np.arange(2 * beads + 1) % 2, rng.uniform(0.75, 1.0), 1.0) * girth
    radii[::2] = rng.uniform(thin, max(thin, 0.7 * girth), beads + 1)
    return smooth(np.stack([np.maximum(radii, thin), heights * length], axis=1), 3)
