"""Handlebars."""

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import SIDES, rod


def handlebar(
    finish: Finish, y: float, z: float, half: float, rise: float, bar: float
) -> list[Part]:
    """Return a handlebar with grips at the head (y, z)."""
    line = [
        (-half, y + rise, z - 0.08),
        (-0.35 * half, y + rise * 0.6, z),
        (0.35 * half, y + rise * 0.6, z),
        (half, y + rise, z - 0.08),
    ]
    parts = pipe(finish, line, bar, 0.08)
    parts.append(rod(finish, (0, y - 0.03, z), (0, y + rise * 0.6, z), bar * 1.2))
    for s in SIDES:
        near, far = (
            (s * 0.72 * half, y + 0.81 * rise, z - 0.0345),
            (s * 1.03 * half, y + 1.02 * rise, z - 0.085),
        )
        parts.append(rod(palette.BLACK, near, far, bar * 1.4))
    return parts
