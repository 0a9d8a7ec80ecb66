"""Displays: television sets, monitors, laptops, old tubes."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part, moved
from onet_cli.procedural.bending import pipe, plate
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, block, cushion, disc, rod
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.solids.prism import Prism, oval, rectangle


def display(rng: np.random.Generator) -> list[Part]:
    """Return the parts of a random display."""
    return (flat, flat, flat, tube, laptop)[rng.integers(5)](rng)


def glow(rng: np.random.Generator) -> Finish:
    """Return a screen: dark, or showing something."""
    if rng.random() < 0.6:
        return Finish.plain((22, 24, 28), gloss=0.6)
    return palette.stone(rng) if rng.random() < 0.5 else Finish.plain(palette.vivid(rng), 0.3)


def flat(rng: np.random.Generator) -> list[Part]:
    """Return a flat screen on a stand."""
    width = rng.uniform(0.4, 1.4)
    height, thick = width * rng.uniform(0.55, 0.72), width * rng.uniform(0.02, 0.07)
    shell, screen = (palette.BLACK if rng.random() < 0.6 else palette.paint(rng)), glow(rng)
    x, low, rim = width / 2, width * rng.uniform(0.06, 0.18), width * rng.uniform(0.012, 0.04)
    panel = [cushion(shell, (-x, low, -thick / 2), (x, low + height, thick / 2), thick * 0.2)]
    chin = rim * rng.choice([1.0, 1.0, 2.5])
    lower = (rim - x, low + chin, 0)
    panel.append(block(screen, lower, (x - rim, low + height - rim, thick / 2 + 0.002 * width)))
    if rng.random() < 0.5:
        back = (-0.6 * x, low + 0.2 * height, -thick * 1.3), (0.6 * x, low + 0.7 * height, 0)
        panel.append(cushion(shell, *back, thick * 0.3))
    tilt = about("x", -rng.uniform(0, 6) if rng.random() < 0.4 else 0)
    return moved(panel, tilt) + stand(rng, shell, width, low, thick)


def stand(
    rng: np.random.Generator, shell: Finish, width: float, low: float, thick: float
) -> list[Part]:
    """Return a screen's stand: a neck on an oval or square foot, a bow, or two feet."""
    finish = shell if rng.random() < 0.6 else palette.metal(rng)
    kind, slim = rng.integers(4), 0.016 * width
    deep = width * rng.uniform(0.12, 0.2)
    if kind == 3:
        parts = []
        for s in SIDES:
            spot = s * width * 0.36
            foot = [
                (spot, low + 0.02 * width, 0),
                (spot, slim * 0.5, deep),
                (spot, slim * 0.5, -deep),
            ]
            parts += pipe(finish, [foot[1], foot[0], foot[2]], slim * 0.5, 0.02 * width)
        return parts
    if kind == 2:
        half = width * rng.uniform(0.2, 0.35)
        line = [(-half, slim * 0.5, deep), (0.0, slim * 0.5, -0.3 * deep), (half, slim * 0.5, deep)]
        parts = pipe(finish, line, slim * 0.5, slim)
        return [
            *parts,
            rod(finish, (0, slim * 0.4, -0.28 * deep), (0, low + 0.1 * width, -0.4 * thick), slim),
        ]
    outline = oval(width * rng.uniform(0.3, 0.6), 2 * deep, 2.0 if kind else 6.0, 32)
    parts = [plate(finish, [outline], (0, 0, 0), slim)]
    neck = width * rng.uniform(0.03, 0.12)
    body = (-neck, slim * 0.5, -thick - 0.03 * width), (neck, low + 0.12 * width, 0.0)
    return [*parts, block(finish, *body)]


def tube(rng: np.random.Generator) -> list[Part]:
    """Return a tube television: a deep tapering case, sometimes on legs or with an aerial."""
    width = rng.uniform(0.35, 0.8)
    height, depth = width * rng.uniform(0.75, 0.9), width * rng.uniform(0.6, 0.9)
    case = palette.wood(rng) if rng.random() < 0.4 else palette.paint(rng)
    x, low, front = width / 2, 0.03 * width, depth / 2
    parts = [block(case, (-x, low, front - 0.35 * depth), (x, low + height, front))]
    hump = Prism(
        outline=rectangle(0.94 * width, 0.9 * height),
        height=0.65 * depth,
        scale=rng.uniform(0.5, 0.8),
    )
    rear = Part(hump, palette.shaded(case, rng)).moved(about("x", -90))
    parts.append(rear.moved(at(0, low + height * 0.48, front - 0.33 * depth)))
    side = rng.choice([0.0, 0.2]) * width
    lower = (0.07 * width - x, low + 0.1 * height, front - 0.02)
    upper = (x - 0.07 * width - side, low + 0.92 * height, front + 0.012 * width)
    parts.append(cushion(glow(rng), lower, upper, 0.01 * width))
    if side:
        for y in (0.7, 0.5):
            knob = disc(palette.metal(rng), (0, 0, 0), 0.03 * width, 0.03 * width).moved(
                about("x", 90)
            )
            parts.append(knob.moved(at(x - 0.6 * side - 0.01, low + y * height, front - 0.01)))
    foot = (-0.8 * x, 0, -0.1 * depth), (0.8 * x, low * 1.2, front * 0.9)
    parts.append(block(palette.BLACK, *foot))
    if rng.random() < 0.3:
        for s in SIDES:
            tip = (s * 0.5 * width, low + height + 0.5 * width, 0.1 * depth)
            parts.append(
                rod(
                    palette.metal(rng),
                    (0, low + height - 0.02, 0.2 * depth),
                    tip,
                    0.0085 * width * 1.6,
                )
            )
    return parts


def laptop(rng: np.random.Generator) -> list[Part]:
    """Return an open laptop."""
    width = rng.uniform(0.28, 0.4)
    depth, thick = width * rng.uniform(0.62, 0.75), width * rng.uniform(0.025, 0.07)
    shell = palette.metal(rng) if rng.random() < 0.6 else palette.paint(rng)
    x, z = width / 2, depth / 2
    parts = [cushion(shell, (-x, 0, -z), (x, thick, z), thick * 0.3)]
    keys = (-0.88 * x, thick * 0.8, -0.75 * z), (0.88 * x, thick * 1.02, 0.15 * z)
    parts.append(block(Finish.plain((40, 42, 46)), *keys))
    lid = max(0.015 * width, 0.45 * thick)
    panel = [cushion(shell, (-x, 0, -lid), (x, depth, 0), lid * 0.3)]
    panel.append(
        block(
            glow(rng), (-0.92 * x, 0.08 * depth, -0.3 * lid), (0.92 * x, 0.94 * depth, 0.08 * lid)
        )
    )
    lean = about("x", -rng.uniform(5, 35)).then(at(0, thick * 0.6, -z + lid))
    return parts + moved(panel, lean)
