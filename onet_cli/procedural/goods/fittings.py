"""Fittings of appliances: casings, handles, knobs."""

import numpy as np

from onet_cli.procedural import palette
from onet_cli.procedural.assembly import Part
from onet_cli.procedural.bending import pipe
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.joinery import disc
from onet_cli.procedural.solids.pose import Array, about, at


def casing(rng: np.random.Generator) -> Finish:
    """Return white, steel, black or coloured enamel."""
    return (palette.white, palette.white, palette.metal, palette.paint)[rng.integers(4)](rng)


def bar(
    finish: Finish, start: tuple[float, float], end: tuple[float, float], z: float, thin: float
) -> list[Part]:
    """Return a handle in front of the plane `z`."""
    (x0, y0), (x1, y1), out = start, end, z + 3.5 * thin
    line = [(x0, y0, z - 0.004), (x0, y0, out), (x1, y1, out), (x1, y1, z - 0.004)]
    return pipe(finish, line, thin, 2 * thin)


def knobs(finish: Finish, spots: Array, y: float, z: float, radius: float) -> list[Part]:
    """Return round knobs on the plane `z` in a level row."""
    one = disc(finish, (0, 0, 0), 0.9 * radius + 0.006, radius, 0.85 * radius).moved(about("x", 90))
    return [one.moved(at(float(x), y, z - 0.004)) for x in spots]
