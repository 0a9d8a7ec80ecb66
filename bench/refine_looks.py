"""Refinement: what it costs to look at the field in every step, and what that gains.

Between two looks the field is taken for what its values and slopes, one on each face, make it. How
far a mesh is from the surface is measured at 50 000 of its points to first order, in cells of a
grid of 128, and the cosine is between its normals and the field's.

Usage: python bench/refine_looks.py [--rounds 3] [--json FILE]
"""

from functools import partial

import numpy as np
from harness import Row, arguments, interleave, publish
from refine_steps import RESOLUTION, STEPS, cases
from trimesh import Trimesh

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.sampling import sample_surface
from onet_cli.reconstruction import refine as module
from onet_cli.reconstruction.field import OccupancyField

LOOKS = (1, 2, 3)
POINTS = 50_000


def looks(name: str, mesh: Trimesh, field: OccupancyField, level: float, rounds: int) -> list[Row]:
    """Return how near refinement ends to the field, looking at it in each step and in some."""
    usual = module.STEPS_PER_LOOK
    ends: dict[int, Trimesh] = {}

    def refine(steps_per_look: int) -> None:
        module.STEPS_PER_LOOK = steps_per_look
        try:
            ends[steps_per_look] = module.refine(mesh, field, level, STEPS)
        finally:
            module.STEPS_PER_LOOK = usual

    ways = {str(count): partial(refine, count) for count in LOOKS}
    seconds = interleave(ways, rounds, warm_up=False)
    title = f"{name}, {len(mesh.faces)} faces"
    rows: list[Row] = [{"mesh": title} | agreement(mesh, field, level)]
    for count, end in ends.items():
        row: Row = {"mesh": title, "steps per look": count, "s": seconds[str(count)]}
        rows.append(row | agreement(end, field, level))
    return rows


def agreement(mesh: Trimesh, field: OccupancyField, level: float) -> Row:
    """Return how far points of `mesh` are from the surface, to first order, and its normals."""
    points, normals = sample_surface(mesh, POINTS, np.random.default_rng(0))
    logits, slopes = field.with_gradient(points.astype(np.float32))
    steep = np.maximum(np.linalg.norm(slopes, axis=1), 1e-12)
    cells = np.abs(logits - level) / steep * RESOLUTION / CUBE_EDGE
    cosines = -np.einsum("ij,ij->i", normals, slopes) / steep
    return {
        "off the surface, cells": float(np.median(cells)),
        "95 %": float(np.quantile(cells, 0.95)),
        "cosine of normals": float(cosines.mean()),
    }


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(rounds=3)
    options = parser.parse_args()
    rows = [row for case in cases() for row in looks(*case, options.rounds)]
    publish(f"Refinement by {STEPS} steps", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
