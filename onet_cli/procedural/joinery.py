"""Joinery: basic pieces of furniture, in metres, +y up, front at +z."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from onet_cli.procedural.assembly import Part
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.solids.pose import Array, Pose, about, along, at
from onet_cli.procedural.solids.prism import Prism, oval, rectangle
from onet_cli.procedural.solids.rounded_box import RoundedBox
from onet_cli.procedural.solids.turned import Ellipsoid, Frustum

Point = Sequence[float]
SIDES = (-1, 1)


def block(finish: Finish, lower: Point, upper: Point) -> Part:
    """Return the box from corner `lower` to corner `upper`."""
    (x0, y0, z0), (x1, y1, z1) = lower, upper
    base = Prism(outline=rectangle(x1 - x0, z1 - z0), height=y1 - y0)
    return Part(base.moved(at((x0 + x1) / 2, y0, (z0 + z1) / 2)), finish)


def cushion(finish: Finish, lower: Point, upper: Point, radius: float) -> Part:
    """Return the rounded box from `lower` to `upper`; `radius` is clamped to fit."""
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    width, height, depth = (high - low).tolist()
    fits = min(radius, 0.499 * min(width, height, depth))
    box = RoundedBox(size=(width, height, depth), radius=fits)
    return Part(box.moved(Pose(translation=(low + high) / 2)), finish)


def slab(finish: Finish, outline: Array, base: Point, height: float, scale: float = 1.0) -> Part:
    """Return the plate of `outline` (M, 2) in (x, z) that stands on the point `base`."""
    x, y, z = base
    return Part(Prism(outline=outline, height=height, scale=scale).moved(at(x, y, z)), finish)


def panel(finish: Finish, outline: Array, thickness: float) -> Part:
    """Return an upright plate, `outline` (M, 2) in (x, y), its back at z = -thickness / 2."""
    plate = Prism(outline=outline * np.array([1.0, -1.0]), height=thickness)
    return Part(plate.moved(about("x", 90)).moved(at(0, 0, -thickness / 2)), finish)


def rod(finish: Finish, start: Point, end: Point, radius: float, tip: float | None = None) -> Part:
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
    return Part(bar.moved(along(first, last)), finish)


def leg(
    finish: Finish,
    foot: Point,
    top: Point,
    width: float,
    *,
    taper: float = 1.0,
    round_: bool = False,
) -> Part:
    """Return a leg with level ends from `foot` to `top`, `width` wide above.

    `taper` is the ratio of the width below to that above.
    """
    (x0, y0, z0), (x1, y1, z1) = foot, top
    below = width * taper
    outline = oval(below, below, corners=16) if round_ else rectangle(below, below)
    post = Prism(outline=outline, height=y1 - y0, scale=1 / taper, shift=(x1 - x0, z1 - z0))
    return Part(post.moved(at(x0, y0, z0)), finish)


def ball(finish: Finish, centre: Point, radii: Point) -> Part:
    """Return the ellipsoid around `centre`."""
    a, b, c = radii
    x, y, z = centre
    body = Ellipsoid(radii=(a, b, c), segments=12 if max(radii) < 0.05 else 30)
    return Part(body.moved(at(x, y, z)), finish)


def disc(
    finish: Finish, base: Point, height: float, radius: float, top: float | None = None
) -> Part:
    """Return an upright column or disc that stands on `base`."""
    x, y, z = base
    return rod(finish, (x, y, z), (x, y + height, z), radius, top)


def path(finish: Finish, points: Sequence[Point], radius: float) -> list[Part]:
    """Return a bent tube through `points`, its joints rounded."""
    parts = [rod(finish, a, b, radius) for a, b in pairwise(points)]
    return parts + [ball(finish, point, (radius,) * 3) for point in points[1:-1]]
