"""Joinery: the pieces that furniture is put together from, in metres, +y up, front at +z."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from onet_cli.preprocessing.procedural.assembly import Colour, Part
from onet_cli.preprocessing.procedural.solids.pose import Array, Pose, about, along, at
from onet_cli.preprocessing.procedural.solids.prism import Prism, oval, rectangle
from onet_cli.preprocessing.procedural.solids.rounded_box import RoundedBox
from onet_cli.preprocessing.procedural.solids.turned import Ellipsoid, Frustum

Point = Sequence[float]
SIDES = (-1, 1)


def block(colour: Colour, lower: Point, upper: Point) -> Part:
    """Return the box from corner `lower` to corner `upper`."""
    (x0, y0, z0), (x1, y1, z1) = lower, upper
    base = Prism(outline=rectangle(x1 - x0, z1 - z0), height=y1 - y0)
    return Part(base.moved(at((x0 + x1) / 2, y0, (z0 + z1) / 2)), colour)


def cushion(colour: Colour, lower: Point, upper: Point, radius: float) -> Part:
    """Return the rounded box from `lower` to `upper`; `radius` is cut to what fits."""
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    width, height, depth = (high - low).tolist()
    fits = min(radius, 0.499 * min(width, height, depth))
    box = RoundedBox(size=(width, height, depth), radius=fits)
    return Part(box.moved(Pose(translation=(low + high) / 2)), colour)


def slab(colour: Colour, outline: Array, base: Point, height: float, scale: float = 1.0) -> Part:
    """Return the plate of `outline` (M, 2) in (x, z) that stands on the point `base`."""
    x, y, z = base
    return Part(Prism(outline=outline, height=height, scale=scale).moved(at(x, y, z)), colour)


def panel(colour: Colour, outline: Array, thickness: float) -> Part:
    """Return an upright plate, `outline` (M, 2) in (x, y), its back at z = -thickness / 2."""
    plate = Prism(outline=outline * np.array([1.0, -1.0]), height=thickness)
    return Part(plate.moved(about("x", 90)).moved(at(0, 0, -thickness / 2)), colour)


def rod(colour: Colour, start: Point, end: Point, radius: float, tip: float | None = None) -> Part:
    """Return a round bar from `start`, of `radius`, to `end`, of radius `tip`."""
    first, last = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    length = float(np.linalg.norm(last - first))
    thin = radius < 0.03
    bar = Frustum(
        bottom=radius,
        top=radius if tip is None else tip,
        height=length,
        segments=14 if thin else 32,
    )
    return Part(bar.moved(along(first, last)), colour)


def leg(
    colour: Colour,
    foot: Point,
    top: Point,
    width: float,
    *,
    taper: float = 1.0,
    round_: bool = False,
) -> Part:
    """Return a leg with level ends from `foot` to `top`, `width` wide above.

    `taper` is how wide it is below, relative to above.
    """
    (x0, y0, z0), (x1, y1, z1) = foot, top
    below = width * taper
    outline = oval(below, below, corners=16) if round_ else rectangle(below, below)
    post = Prism(outline=outline, height=y1 - y0, scale=1 / taper, shift=(x1 - x0, z1 - z0))
    return Part(post.moved(at(x0, y0, z0)), colour)


def ball(colour: Colour, centre: Point, radii: Point) -> Part:
    """Return the ellipsoid around `centre`."""
    a, b, c = radii
    x, y, z = centre
    body = Ellipsoid(radii=(a, b, c), segments=12 if max(radii) < 0.05 else 30)
    return Part(body.moved(at(x, y, z)), colour)


def disc(
    colour: Colour, base: Point, height: float, radius: float, top: float | None = None
) -> Part:
    """Return an upright column or disc that stands on `base`."""
    x, y, z = base
    return rod(colour, (x, y, z), (x, y + height, z), radius, top)


def path(colour: Colour, points: Sequence[Point], radius: float) -> list[Part]:
    """Return a bent tube through `points`, its joints rounded."""
    parts = [rod(colour, a, b, radius) for a, b in pairwise(points)]
    return parts + [ball(colour, point, (radius,) * 3) for point in points[1:-1]]


def ring_points(radius: float, height: float, count: int = 14) -> list[Point]:
    """Return a closed level circle of `count` sides for `path`."""
    angle = 2 * np.pi * np.arange(count + 1) / count
    return [(radius * float(np.cos(a)), height, radius * float(np.sin(a))) for a in angle]


def wall(
    colour: Colour,
    radii: tuple[float, float],
    heights: tuple[float, float],
    thickness: float,
    opening: float,
    pieces: int = 13,
) -> list[Part]:
    """Return an upright elliptic wall around the back of the origin.

    `radii` are the outer ones along x and z, `heights` its foot and its rim, and `opening` the
    degrees left open towards +z. Flat staves stand side by side, each a little too wide.
    """
    half = np.radians(180 - opening / 2)
    corners = np.linspace(-half, half, pieces + 1)
    x, z = radii[0] * np.sin(corners), -radii[1] * np.cos(corners)
    parts = []
    for i in range(pieces):
        dx, dz = x[i + 1] - x[i], z[i + 1] - z[i]
        length = float(np.hypot(dx, dz))
        # Wide enough that neighbours overlap through the whole thickness.
        stave = Prism(
            outline=rectangle(length + 0.35 * thickness, thickness), height=heights[1] - heights[0]
        )
        turn = float(np.degrees(np.arctan2(-dz, dx)))
        middle = np.array([x[i] + x[i + 1], z[i] + z[i + 1]]) / 2
        outward = np.array([dz, -dx]) / length
        inward = middle - outward * np.sign(outward @ middle) * thickness / 2
        parts.append(
            Part(stave.moved(about("y", turn)).moved(at(inward[0], heights[0], inward[1])), colour)
        )
    return parts
