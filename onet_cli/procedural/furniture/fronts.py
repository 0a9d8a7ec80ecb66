"""Fronts of cabinets and desks: doors, drawers, and handles."""

from dataclasses import dataclass

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import front as upright
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import ball, block, disc, rod
from onet_cli.procedural.solids.pose import about, at
from onet_cli.procedural.solids.prism import rectangle

Cell = tuple[float, float, float, float]
"""Left, low, right and high edge of a front."""


@dataclass(frozen=True)
class Front:
    """Style of doors and drawers: `thin` is the minimum thickness, `panel` the construction."""

    finish: Finish
    knob: Finish
    pane: Finish
    thin: float
    handle: str
    panel: str

    @classmethod
    def draw(cls, rng: np.random.Generator, finish: Finish, thin: float) -> "Front":
        """Return the style of one piece of furniture."""
        handles = ("knob", "knob", "bar", "bow", "rail", "cup", "none")
        panels = ("flat", "flat", "flat", "framed", "framed", "raised", "louvred")
        return cls(
            finish=finish,
            knob=palette.metal(rng) if rng.random() < 0.8 else palette.wood(rng),
            pane=palette.glass(rng) if rng.random() < 0.5 else finish,
            thin=thin,
            handle=handles[rng.integers(len(handles))],
            panel=panels[rng.integers(len(panels))],
        )


def drawer(style: Front, cell: Cell, z: float) -> list[Part]:
    """Return a drawer's front within `cell`, in front of the plane `z`, with its handle."""
    left, low, right, high = cell
    face = z + style.thin * 0.7
    parts = leaf(style, cell, z, glazed=False)
    wide = right - left
    spots = [(left + right) / 2] if wide < 0.65 else [left + 0.25 * wide, right - 0.25 * wide]
    for x in spots:
        parts += handle(style, (x, (low + high) / 2, face), min(0.35 * wide, 0.14), level=True)
    return parts


def door(
    style: Front, cell: Cell, z: float, *, opens_left: bool, glazed: bool = False
) -> list[Part]:
    """Return a door within `cell`, in front of the plane `z`, with its handle."""
    left, low, right, high = cell
    inset = min(0.06, 0.15 * (right - left))
    x = left + inset if opens_left else right - inset
    y = low + (high - low) * (0.5 if high - low > 0.9 else 0.7)
    parts = leaf(style, cell, z, glazed=glazed)
    spot = (x, y, z + style.thin * 0.7)
    return parts + handle(style, spot, min(0.25 * (high - low), 0.16), level=False)


def leaf(style: Front, cell: Cell, z: float, *, glazed: bool) -> list[Part]:
    """Return the board of a door or drawer: flat, framed, raised, with louvres or glass."""
    left, low, right, high = cell
    face, width, height = z + style.thin * 0.7, right - left, high - low
    board = block(style.finish, (left, low, z - style.thin * 0.5), (right, high, face))
    rim = min(0.06, 0.22 * min(width, height))
    if (style.panel == "flat" and not glazed) or rim < 0.02:
        return [board]
    middle = ((left + right) / 2, (low + high) / 2, z - style.thin * 0.5)
    rings = [rectangle(width, height), rectangle(width - 2 * rim, height - 2 * rim)]
    frame = upright(style.finish, rings, middle, style.thin * 1.2)
    inner = (left + rim * 0.8, low + rim * 0.8, z - style.thin * 0.4)
    back = block(
        style.pane if glazed else style.finish,
        inner, (right - rim * 0.8, high - rim * 0.8, z + style.thin * 0.15),
    )  # fmt: skip
    parts = [frame, back]
    if style.panel == "raised" and not glazed:
        lower = (left + 1.6 * rim, low + 1.6 * rim, z)
        parts.append(block(style.finish, lower, (right - 1.6 * rim, high - 1.6 * rim, face)))
    elif style.panel == "louvred" and not glazed:
        count = max(2, int((height - 2 * rim) / 0.07))
        for y in np.linspace(low + rim, high - rim, count + 2)[1:-1].tolist():
            lower = (left + rim * 0.9, y - 0.012, z)
            parts.append(block(style.finish, lower, (right - rim * 0.9, y + 0.012, face * 0.999)))
    return parts


def handle(
    style: Front, spot: tuple[float, float, float], length: float, *, level: bool
) -> list[Part]:
    """Return a handle at `spot` on the face of a front."""
    x, y, z = spot
    sunk = z - 0.8 * style.thin  # the middle of a framed front lies deeper than its edge
    half, reach = max(0.45 * style.thin, 0.007), max(length / 2, 0.02)
    dx, dy = (reach, 0.0) if level else (0.0, reach)
    if style.handle == "knob":
        stem = rod(style.knob, (x, y, sunk), (x, y, z + 1.4 * half), half * 0.8)
        return [stem, ball(style.knob, (x, y, z + 2 * half), (1.5 * half, 1.5 * half, half))]
    if style.handle == "bar":
        out = z + 3.2 * half
        line = [(x - dx, y - dy, sunk), (x - dx, y - dy, out), (x + dx, y + dy, out),
                (x + dx, y + dy, sunk)]  # fmt: skip
        return pipe(style.knob, line, half, 1.6 * half)
    if style.handle == "bow":
        low, high = (
            (x - dx - half, y - dy - half, sunk),
            (x + dx + half, y + dy + half, z + 2 * half),
        )
        return [block(style.knob, low, high)]
    if style.handle == "rail":
        long = (2.2 * dx, 0.0) if level else (0.0, 2.2 * dy)
        low = (x - long[0] - half * 0.7, y - long[1] - half * 0.7, sunk)
        return [
            block(
                style.knob,
                low,
                (x + long[0] + half * 0.7, y + long[1] + half * 0.7, z + 2.4 * half),
            )
        ]
    if style.handle == "cup":
        wide = min(0.7 * reach, 0.035)
        cup = disc(style.knob, (0, 0, 0), z - sunk + 2.2 * half, wide, 0.8 * wide)
        return [cup.moved(about("x", 90)).moved(at(x, y, sunk))]
    return []
