"""Bending: tubes with rounded corners, curved panels, plates cut from any outline."""

from collections.abc import Sequence

import numpy as np

from onet_cli.procedural.assembly import Part
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import Point, ball, rod
from onet_cli.procedural.solids.extrusion import Extrusion
from onet_cli.procedural.solids.pillow import Pillow
from onet_cli.procedural.solids.pose import Array, Pose, about, at
from onet_cli.procedural.solids.torus import Torus


def pipe(
    finish: Finish, points: Sequence[Point], radius: float, bend: float, *, closed: bool = False
) -> list[Part]:
    """Return a tube through `points` whose corners are bent with a radius of at most `bend`."""
    stops = [np.asarray(point, dtype=np.float64) for point in points]
    count = len(stops)
    enters, leaves, parts = list(stops), list(stops), []
    for k in range(count) if closed else range(1, count - 1):
        corner = (stops[k - 1], stops[k], stops[(k + 1) % count])
        pieces, enters[k], leaves[k] = _bend(finish, corner, radius, bend)
        parts += pieces
    for k in range(count if closed else count - 1):
        parts += _bar(finish, leaves[k], enters[(k + 1) % count], radius)
    return parts


def _bar(finish: Finish, start: Array, end: Array, radius: float) -> list[Part]:
    length = float(np.linalg.norm(end - start))
    if length < 1e-4:
        return []
    # Slightly into the bends, so that rounding does not separate them.
    over = min(0.05 * radius, 0.2 * length) * (end - start) / length
    return [rod(finish, (start - over).tolist(), (end + over).tolist(), radius)]


def _bend(
    finish: Finish, corner: tuple[Array, Array, Array], radius: float, bend: float
) -> tuple[list[Part], Array, Array]:
    """Return the bend, and the points where the tube enters and leaves it."""
    before, at_, after = corner
    into, out = at_ - before, after - at_
    room = min(float(np.linalg.norm(into)), float(np.linalg.norm(out)))
    into, out = into / np.linalg.norm(into), out / np.linalg.norm(out)
    turn = float(np.arccos(np.clip(into @ out, -1, 1)))
    if turn < 0.02:
        return [ball(finish, at_.tolist(), (radius,) * 3)], at_, at_
    tangent = float(np.tan(turn / 2))
    bend = min(bend, 0.47 * room / tangent)
    if bend < 1.02 * radius or turn > 3.0:
        return [ball(finish, at_.tolist(), (radius,) * 3)], at_, at_
    reach = bend * tangent
    enters, leaves = at_ - reach * into, at_ + reach * out
    side = (out - into) / np.linalg.norm(out - into)
    centre = at_ + side * bend / np.cos(turn / 2)
    ex = (enters - centre) / bend
    frame = np.stack([ex, np.cross(into, ex), into], axis=1)
    pieces = max(2, round(turn / 0.35))
    solid = Torus(ring=bend, tube=radius, sweep=float(np.degrees(turn)), segments=pieces, around=8)
    return [Part(solid.moved(Pose(frame, centre)), finish)], enters, leaves


def plate(finish: Finish, rings: Sequence[Array], base: Point, height: float) -> Part:
    """Return a level plate: `rings` in (x, z), holes after the outline, standing on `base`."""
    return Part(Extrusion(rings=tuple(rings), height=height).moved(at(*base)), finish)


def front(finish: Finish, rings: Sequence[Array], base: Point, thickness: float) -> Part:
    """Return an upright plate that faces the front: `rings` in (x, y), its back at base's z."""
    flipped = tuple(ring * np.array([1.0, -1.0]) for ring in rings)
    solid = Extrusion(rings=flipped, height=thickness)
    return Part(solid.moved(about("x", 90)).moved(at(*base)), finish)


def side(finish: Finish, rings: Sequence[Array], base: Point, thickness: float) -> Part:
    """Return an upright plate that faces the side: `rings` in (z, y), from base's x on."""
    solid = Extrusion(rings=tuple(rings), height=thickness)
    # (x, height, z) of the extrusion become (z, x, y) of the world.
    turn = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    return Part(solid.moved(Pose(turn)).moved(at(*base)), finish)


def strip(points: Array, thickness: float) -> Array:
    """Return the outline of a band of even `thickness` along the curve `points` (K, 2)."""
    steps = np.gradient(points, axis=0)
    across = np.stack([-steps[:, 1], steps[:, 0]], axis=1)
    across *= thickness / 2 / np.maximum(np.linalg.norm(across, axis=1), 1e-12)[:, None]
    return np.vstack([points + across, (points - across)[::-1]])


def bow(width: float, depth: float, count: int = 9) -> Array:
    """Return a curve (x, z), `width` wide, whose middle lies `depth` behind its ends at z = 0."""
    x = np.linspace(-1, 1, count)
    return np.stack([x * width / 2, -depth * (1 - x * x)], axis=1)


def pillow(
    finish: Finish, lower: Point, upper: Point, plan: float = 4.0, side_: float = 2.0
) -> Part:
    """Return the superellipsoid that fills the box from `lower` to `upper`."""
    low, high = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    a, b, c = ((high - low) / 2).tolist()
    body = Pillow(radii=(a, b, c), plan=plan, side=side_, segments=20)
    return Part(body.moved(Pose(translation=(low + high) / 2)), finish)
