"""Chassis: parts common to cars: body, glasshouse, wheels, mirrors."""

from dataclasses import dataclass

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import side
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, ball, block, cushion
from onet_cli.procedural.solids.pose import Array, at
from onet_cli.procedural.solids.prism import Prism, rectangle
from onet_cli.procedural.turnery import wheel

GLASS = Finish.plain((46, 54, 64), gloss=0.8)
LAMP = Finish.plain((238, 236, 222), gloss=0.8)
TAIL = Finish.plain((170, 30, 28), gloss=0.5)


@dataclass(frozen=True)
class Chassis:
    """Dimensions in metres; the car faces +z."""

    length: float
    width: float
    clear: float
    wheel: float
    front: float
    rear: float
    paint: Finish

    @classmethod
    def draw(
        cls, rng: np.random.Generator, length: tuple[float, float], width: tuple[float, float]
    ) -> "Chassis":
        """Return a random chassis within the given ranges."""
        long, radius = rng.uniform(*length), rng.uniform(0.29, 0.38)
        return cls(
            length=long,
            width=rng.uniform(*width),
            clear=rng.uniform(0.14, 0.22),
            wheel=radius,
            front=long / 2 - rng.uniform(0.16, 0.2) * long,
            rear=-long / 2 + rng.uniform(0.16, 0.21) * long,
            paint=palette.paint(rng),
        )


def arches(frame: Chassis, axles: list[float], low: float) -> Array:
    """Return the lower edge of a body, from the rear to the front, cut out for the wheels."""
    points = [(-frame.length / 2, low)]
    radius = frame.wheel * 1.12
    for axle in sorted(axles):
        reach = np.sqrt(max(radius**2 - (low - frame.wheel) ** 2, 0.0))
        first = np.arctan2(low - frame.wheel, -reach)
        angle = np.linspace(
            first if first > 0 else first + 2 * np.pi, np.arctan2(low - frame.wheel, reach), 9
        )
        points += [
            (axle + radius * float(np.cos(a)), frame.wheel + radius * float(np.sin(a)))
            for a in angle
        ]
    points.append((frame.length / 2, low))
    return np.array(points)


def wheels(
    rng: np.random.Generator, frame: Chassis, axles: list[float], thick: float = 0.2
) -> list[Part]:
    """Return wheels on each axle, and the axle between them."""
    rim = palette.metal(rng)
    parts: list[Part] = []
    for axle in axles:
        x = frame.width / 2 - thick * 0.55
        for s in SIDES:
            parts += wheel(palette.RUBBER, rim, (s * x, frame.wheel, axle), frame.wheel, thick)
        low = (-x, frame.wheel - 0.06, axle - 0.06)
        parts.append(block(palette.BLACK, low, (x, frame.wheel + 0.1, axle + 0.06)))
    return parts


def rounded(line: Array, times: int = 2) -> Array:
    """Return `line` with its corners cut, its ends kept (Chaikin, 1974)."""
    for _ in range(times):
        start, end = line[:-1], line[1:]
        cut = np.stack([0.85 * start + 0.15 * end, 0.15 * start + 0.85 * end], axis=1)
        line = np.vstack([line[:1], cut.reshape(-1, 2)[1:-1], line[-1:]])
    return line


def hull(rng: np.random.Generator, frame: Chassis, upper: Array, axles: list[float]) -> list[Part]:
    """Return the lower body: a profile with wheel arches, a core between the wheels, lights."""
    lower, upper = arches(frame, axles, frame.clear), rounded(upper)
    # A wheel may be higher than the bonnet, its arch may not.
    near = lower[:, :1] + np.linspace(-0.2, 0.2, 9)
    roof = np.interp(near, upper[::-1, 0], upper[::-1, 1]).min(axis=1) - 0.05
    lower[:, 1] = np.minimum(lower[:, 1], np.maximum(roof, frame.clear))
    ring = np.vstack([lower, upper])
    x, skin = frame.width / 2, 0.26
    parts = [side(frame.paint, [ring], (s * x - (skin if s > 0 else 0), 0, 0), skin) for s in SIDES]
    core = np.vstack([[(-frame.length / 2, frame.clear), (frame.length / 2, frame.clear)], upper])
    parts.append(side(frame.paint, [core], (-x + skin * 0.9, 0, 0), 2 * (x - skin * 0.9)))
    nose, tail = upper[0], upper[-1]
    for s in SIDES:
        spot = s * (x - 0.26)
        lamp = ball(
            LAMP, (spot, float(nose[1]) - 0.06, frame.length / 2 - 0.02), (0.14, 0.07, 0.05)
        )
        low = (spot - 0.13, float(tail[1]) - 0.16, -frame.length / 2 - 0.015)
        parts += [
            lamp,
            block(TAIL, low, (spot + 0.13, float(tail[1]) - 0.04, -frame.length / 2 + 0.05)),
        ]
    dark = palette.BLACK if rng.random() < 0.5 else frame.paint
    for end in SIDES:
        z = end * frame.length / 2
        bumper = (-x * 0.96, frame.clear, z - 0.06), (x * 0.96, frame.clear + 0.18, z + 0.06)
        parts.append(cushion(dark, *bumper, 0.05))
    return parts


def cabin(
    frame: Chassis, low: float, roof: float, floor: tuple[float, float], top: tuple[float, float]
) -> list[Part]:
    """Return the glasshouse between z `floor` (rear, front) at `low` and `top` at `roof`."""
    width, lid = frame.width * 0.94, 0.05
    (z0, z1), (y0, y1) = floor, top
    scale = (y1 - y0) / (z1 - z0)
    middle = (z0 + z1) / 2
    body = Prism(
        outline=rectangle(width, z1 - z0), height=roof - lid - low,
        scale=(0.8, scale), shift=(0, (y0 + y1) / 2 - middle),
    )  # fmt: skip
    parts = [Part(body.moved(at(0, low - 0.005, middle)), GLASS)]
    half = 0.8 * width / 2
    lower, upper = (-half, roof - 1.6 * lid, y0), (half, roof, y1)
    parts.append(cushion(frame.paint, lower, upper, 0.035))
    for share in (0.03, 0.48, 0.97):
        # Pillars in the body's colour, from the belt to the roof.
        foot, head = z0 + share * (z1 - z0), y0 + share * (y1 - y0)
        for s in SIDES:
            base = Prism(
                outline=rectangle(0.05, 0.1), height=roof - lid - low,
                shift=(-s * 0.1 * width, head - foot),
            )  # fmt: skip
            parts.append(
                Part(base.moved(at(s * (width / 2 - 0.018), low - 0.004, foot)), frame.paint)
            )
    return parts


def mirrors(frame: Chassis, y: float, z: float) -> list[Part]:
    """Return the two outer mirrors."""
    x = frame.width / 2
    boxes = [sorted((s * (x - 0.1), s * (x + 0.13))) for s in SIDES]
    return [
        cushion(frame.paint, (a, y, z - 0.06), (b, y + 0.12, z + 0.06), 0.035) for a, b in boxes
    ]


def windows(frame: Chassis, span: tuple[float, float], low: float, high: float) -> list[Part]:
    """Return a pane on each side, slightly outside the body."""
    x = frame.width / 2
    boxes = [sorted((s * (x - 0.05), s * (x + 0.012))) for s in SIDES]
    return [block(GLASS, (a, low, span[0]), (b, high, span[1])) for a, b in boxes]
