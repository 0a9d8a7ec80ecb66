"""Chairs: a seat on legs with a back and optional arms; others: `special_chairs`, `armchairs`."""

import numpy as np

from onet_cli.procedural import bases, legs
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pillow, pipe, side, strip
from onet_cli.procedural.furniture import armchairs, backs, fillings
from onet_cli.procedural.furniture import special_chairs as special
from onet_cli.procedural.furniture.frame import Frame
from onet_cli.procedural.joinery import SIDES, block, cushion, leg, slab
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.solids.prism import oval, rectangle

UNDERSIDES: tuple[legs.Maker, ...] = (
    legs.straight, legs.straight, legs.straight, legs.straight, legs.splayed, legs.splayed,
    legs.lathed, legs.lathed, legs.cabriole, legs.sabre, legs.tubes, legs.tubes, legs.hairpin,
    bases.sled, bases.sled, bases.star, bases.pedestal, bases.crossed, bases.panels,
)  # fmt: skip
KINDS = (
    special.tub, special.tub, special.cantilever, special.cantilever,
    special.bucket, special.bucket, special.bucket, special.bucket,
    special.office, special.office, special.office, special.office,
    armchairs.lounge,
    armchairs.lounge, armchairs.club, armchairs.club, armchairs.club, armchairs.club,
    armchairs.wing, armchairs.wing, armchairs.folding, armchairs.folding, armchairs.slung,
    armchairs.lounger,
)  # fmt: skip


def chair(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random chair."""
    if rng.random() < 0.45:
        return KINDS[rng.integers(len(KINDS))](rng)
    frame = Frame.draw(rng)
    parts = seat(rng, frame)
    under = legs.Footprint(
        frame.width * frame.share,
        frame.depth * frame.share,
        frame.seat - frame.thick * 0.6,
        frame.thin,
    )
    parts += legs.choose(rng, frame.frame, under, UNDERSIDES)
    parts += standing_back(rng, frame)
    if rng.random() < 0.35:
        parts += arms(rng, frame)
    return parts


def seat(rng: np.random.Generator, frame: Frame) -> list[Part]:
    """Return a plate, a cushion, or a cushion on a frame; its top is at the seat's height."""
    x, z, top, thick = frame.width / 2, frame.depth / 2, frame.seat, frame.thick
    kind = 1 if frame.curved else rng.integers(5)
    if kind == 1:
        plan = oval(2 * x, 2 * z, power=rng.uniform(3.2, 6))
        return [slab(frame.cover, plan, (0, top - thick, 0), thick, scale=rng.uniform(0.9, 1.03))]
    if kind == 0:
        plan, narrow = rectangle(2 * x, 2 * z), rng.uniform(0.78, 1.0)
        plan[:2, 0] *= narrow  # narrower behind
        return [slab(frame.cover, plan, (0, top - thick, 0), thick)]
    if kind == 2:
        return [cushion(frame.cover, (-x, top - thick, -z), (x, top, z), thick * 0.45)]
    if kind == 3:
        dip = min(rng.uniform(0.01, 0.03), 0.3 * thick)
        line = np.array([(-1.0, dip * 0.6), (-0.5, 0), (0, -dip), (0.5, 0), (0.85, dip * 0.5)])
        line = np.vstack([line * [z, 1], [(z, -dip)]])
        board = strip(line, max(frame.thin, 0.6 * thick))
        return [side(frame.cover, [board], (-x, top - thick * 0.5, 0), 2 * x)]
    apron = max(frame.thin, rng.uniform(0.02, 0.06))
    pad = max(frame.thin * 1.5, thick)
    low = top - max(apron, thick) * 0.95
    parts = [block(frame.frame, (-x, low, -z), (x, low + apron, z))]
    lower = (-x * 0.96, low + apron * 0.6, -z * 0.96)
    upper = (x * 0.96, low + apron * 0.6 + pad, z * 0.97)
    if rng.random() < 0.5:
        return [*parts, pillow(frame.cover, lower, upper, 6, 2.6)]
    return [*parts, cushion(frame.cover, lower, upper, pad * 0.45)]


def standing_back(rng: np.random.Generator, frame: Frame) -> list[Part]:
    """Return a leaning back, hinged at the rear edge of the seat."""
    panel = backs.Panel(
        width=frame.width * frame.share * rng.uniform(0.8, 1.0),
        height=frame.back,
        thin=frame.thin,
        frame=frame.frame,
        cover=frame.cover,
    )
    # Each back starts within the seat, so that no gap opens when it leans.
    rear = -frame.depth / 2 * frame.share + frame.thin * 1.2
    lean = about("x", -frame.recline).then(at(0, frame.seat - frame.thick * 0.6, rear))
    return moved(fillings.choose(rng, panel), lean)


def arms(rng: np.random.Generator, frame: Frame) -> list[Part]:
    """Return two armrests on posts, on side panels, or as bent tubes."""
    height = rng.uniform(0.16, 0.26)
    high, half = frame.seat + height, max(frame.thin, rng.uniform(0.018, 0.05)) / 2
    rear, ahead = -frame.depth / 2, frame.depth / 2 * rng.uniform(0.4, 1.0)
    # The back leans backwards, so the arms extend to it.
    rear -= float(np.tan(np.radians(frame.recline))) * height
    rear += frame.thin * 0.5
    low, kind = frame.seat - 0.55 * frame.thick - 0.3 * frame.thin, rng.integers(5)
    outside = -1.0 if frame.curved else rng.choice([-1.0, 0.5])
    parts: list[Part] = []
    for s in SIDES:
        x = s * (frame.width * frame.share / 2 + half * outside)
        if kind == 0:
            parts.append(block(frame.frame, (x - half, low, rear), (x + half, high, ahead)))
        elif kind in (1, 4):
            line = [(x, high, rear), (x, high, ahead), (x, low, ahead * 0.9)]
            parts += pipe(frame.frame, line, half, rng.uniform(1.5, 6) * half)
        else:
            wide = max(half * 1.4, 0.02)
            rest = (x - wide, high - frame.thin, rear), (x + wide, high, ahead)
            pad = cushion(frame.cover, *rest, frame.thin * 0.4)
            parts.append(pad if kind == 2 else block(frame.frame, *rest))
            foot, top = (x, low, ahead * 0.8), (x, high - frame.thin / 2, ahead * 0.9)
            parts.append(leg(frame.frame, foot, top, 2 * half))
    return parts
