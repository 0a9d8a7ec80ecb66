"""Chairs: dining, office, arm, tub and club chairs."""

from dataclasses import dataclass

import numpy as np

from onet_cli.preprocessing.procedural import legs, palette
from onet_cli.preprocessing.procedural.assembly import Colour, Part, moved
from onet_cli.preprocessing.procedural.furniture import backs
from onet_cli.preprocessing.procedural.joinery import (
    SIDES,
    block,
    cushion,
    leg,
    path,
    rod,
    slab,
    wall,
)
from onet_cli.preprocessing.procedural.solids.pose import about, at
from onet_cli.preprocessing.procedural.solids.prism import oval

UNDERSIDES: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.straight, legs.splayed, legs.splayed, legs.sled, legs.star,
    legs.star, legs.pedestal, legs.crossed, legs.hairpin, legs.slabs,
)  # fmt: skip


@dataclass(frozen=True)
class Frame:
    """A chair's measures in metres and its colours."""

    width: float
    depth: float
    seat: float
    thick: float
    curved: bool
    back: float
    recline: float
    thin: float
    frame: Colour
    cover: Colour

    @property
    def share(self) -> float:
        """How much of width and depth legs and back may use: a curved seat has no corners."""
        return 0.86 if self.curved else 0.98

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Frame":
        """Return the measures of some chair."""
        seat, back = rng.uniform(0.36, 0.5), rng.uniform(0.28, 0.7)
        frame, thin = palette.material(rng), 0.026 * max(seat + back, 0.6)
        thick = float(rng.choice([rng.uniform(0.02, 0.04), rng.uniform(0.05, 0.12)]))
        return cls(
            width=rng.uniform(0.38, 0.6),
            depth=rng.uniform(0.38, 0.56),
            seat=seat,
            thick=max(thin, thick),
            curved=bool(rng.random() < 0.25),
            back=back,
            recline=float(rng.choice([rng.uniform(0, 8), rng.uniform(5, 22)])),
            thin=thin,
            frame=frame,
            cover=palette.fabric(rng) if rng.random() < 0.6 else palette.shaded(frame, rng),
        )


def chair(rng: np.random.Generator) -> list[Part]:
    """Return the parts of some chair."""
    kind = rng.random()
    if kind < 0.1:
        return tub(rng)
    if kind < 0.18:
        return cantilever(rng)
    frame = Frame.draw(rng)
    under = legs.Footprint(
        frame.width * frame.share,
        frame.depth * frame.share,
        frame.seat - frame.thick * 0.6,
        frame.thin,
    )
    parts = seat(rng, frame)
    parts += legs.choose(rng, frame.frame, under, UNDERSIDES)
    parts += standing_back(rng, frame)
    if rng.random() < 0.4:
        parts += arms(rng, frame)
    return parts


def seat(rng: np.random.Generator, frame: Frame) -> list[Part]:
    """Return a plate, a cushion, or a cushion on a plate; its top is at the seat's height."""
    x, z, top, thick = frame.width / 2, frame.depth / 2, frame.seat, frame.thick
    kind = 1 if frame.curved else rng.choice([0, 2, 3])
    if kind == 0:
        return [block(frame.cover, (-x, top - thick, -z), (x, top, z))]
    if kind == 1:
        outline = oval(2 * x, 2 * z, power=rng.uniform(3.2, 6))
        return [slab(frame.cover, outline, (0, top - thick, 0), thick)]
    if kind == 2:
        return [cushion(frame.cover, (-x, top - thick, -z), (x, top, z), thick * 0.45)]
    board = frame.thin
    pad = max(frame.thin * 1.2, thick)
    return [
        block(frame.frame, (-x, top - thick, -z), (x, top - thick + board, z)),
        cushion(
            frame.cover,
            (-x * 0.96, top - thick + board * 0.7, -z * 0.96),
            (x * 0.96, top - thick + board * 0.7 + pad, z * 0.97),
            pad * 0.45,
        ),
    ]


def standing_back(rng: np.random.Generator, frame: Frame) -> list[Part]:
    """Return a leaning back, hinged at the rear edge of the seat."""
    panel = backs.Panel(
        width=frame.width * frame.share * rng.uniform(0.86, 1.0),
        height=frame.back,
        thin=frame.thin,
        frame=frame.frame,
        cover=frame.cover,
    )
    # Each back starts within the seat, so that no gap opens when it leans.
    rear = -frame.depth / 2 * frame.share + frame.thin * 0.8
    lean = about("x", -frame.recline).then(at(0, frame.seat - frame.thick * 0.6, rear))
    return moved(backs.choose(rng, panel), lean)


def arms(rng: np.random.Generator, frame: Frame) -> list[Part]:
    """Return two armrests on posts, on side panels, or as bent tubes."""
    height = rng.uniform(0.16, 0.26)
    high, half = frame.seat + height, max(frame.thin, rng.uniform(0.025, 0.06)) / 2
    rear, front = -frame.depth / 2, frame.depth / 2 * rng.uniform(0.4, 1.0)
    # The back leans away, so the arms reach after it.
    rear -= float(np.tan(np.radians(frame.recline))) * height
    low, kind = frame.seat - 0.55 * frame.thick - 0.3 * frame.thin, rng.integers(4)
    outside = -1.0 if frame.curved else rng.choice([-1.0, 0.5])
    parts: list[Part] = []
    for side in SIDES:
        x = side * (frame.width * frame.share / 2 + half * outside)
        if kind == 0:
            parts.append(block(frame.frame, (x - half, low, rear), (x + half, high, front)))
        elif kind == 1:
            corners = [(x, high, rear), (x, high, front), (x, low, front * 0.9)]
            parts += path(frame.frame, corners, half)
        else:
            rest = (x - half * 1.4, high - frame.thin, rear), (x + half * 1.4, high, front)
            pad = cushion(frame.cover, *rest, frame.thin * 0.4)
            parts.append(pad if kind == 2 else block(frame.frame, *rest))
            foot, top = (x, low, front * 0.8), (x, high - frame.thin / 2, front * 0.9)
            parts.append(leg(frame.frame, foot, top, 2 * half))
    return parts


def tub(rng: np.random.Generator) -> list[Part]:
    """Return a chair whose back wraps around the seat."""
    frame = Frame.draw(rng)
    x, z = frame.width * rng.uniform(0.5, 0.68), frame.depth * rng.uniform(0.5, 0.68)
    thick = rng.uniform(0.035, 0.12)
    pad = rng.uniform(0.06, 0.16)
    top = frame.seat + frame.back * rng.uniform(0.5, 0.9)
    low = frame.seat - pad - rng.choice([0.0, rng.uniform(0, 0.2)])
    outline = oval(2 * x * 0.97, 2 * z * 0.97, power=rng.uniform(2.0, 3.0))
    parts = wall(frame.cover, (x, z), (low, top), thick, rng.uniform(90, 200))
    parts.append(slab(palette.shaded(frame.cover, rng), outline, (0, frame.seat - pad, 0), pad))
    if low < frame.seat - pad - 0.02:
        parts.append(slab(frame.cover, outline * 0.96, (0, low, 0), frame.seat - pad * 0.5 - low))
    under = legs.Footprint(1.45 * x, 1.45 * z, low + 0.02, frame.thin)
    makers: tuple[legs.Maker, ...] = (legs.splayed, legs.straight, legs.star, legs.pedestal)
    return parts + legs.choose(rng, frame.frame, under, makers)


def cantilever(rng: np.random.Generator) -> list[Part]:
    """Return a chair on one bent tube without rear legs."""
    frame = Frame.draw(rng)
    radius = max(frame.thin * 0.5, rng.uniform(0.011, 0.018))
    x, z = frame.width / 2 - radius, frame.depth / 2 - radius
    drop = float(np.tan(np.radians(frame.recline))) * frame.back
    thick = max(frame.thin, rng.uniform(0.025, 0.07))
    high = frame.seat + frame.back
    parts = []
    for side in SIDES:
        corners = [
            (side * x, radius, -z),
            (side * x, radius, z),
            (side * x, frame.seat - thick / 2, z),
            (side * x, frame.seat - thick / 2, -z),
            (side * x, high, -z - drop),
        ]
        parts += path(frame.frame, corners, radius)
    parts.append(rod(frame.frame, (-x, radius, -z), (x, radius, -z), radius))
    parts.append(
        cushion(frame.cover, (-x, frame.seat - thick, -z), (x, frame.seat, z), thick * 0.4)
    )
    low = frame.back * rng.uniform(0.1, 0.6)
    lean = about("x", -frame.recline).then(at(0, frame.seat - thick / 2, -z))
    rest = cushion(frame.cover, (-x, low, -thick / 2), (x, frame.back, thick / 2), thick * 0.4)
    return parts + moved([rest], lean)
