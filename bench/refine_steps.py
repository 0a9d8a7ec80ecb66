"""Refinement: how far vertices move at each step, and how far they have still to go.

An early stop would end refinement where no vertex has far to go. The step falls in a straight line
to 0 at the last one, and RMSprop divides each slope by its usual size: how far a vertex moves is
set by the plan, not by how near it is. Distances are in cells of a grid of 128.

Usage: python bench/refine_steps.py [--json FILE]
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from harness import Row, arguments, publish
from numpy.typing import NDArray
from reconstruct import paper_network
from trimesh import Trimesh

from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import evaluate_grid
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.simplify import simplify
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.torch_points import TorchPoints
from onet_cli.reconstruction import refine as module
from onet_cli.reconstruction.batch import to_arrays
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.shapes.photo import isolate_object, read_photo

Places = NDArray[np.float32]

EXAMPLES = Path(__file__).parents[1] / "examples"
RESOLUTION, STEPS, FACES = 128, 30, 2000
SHOWN = (1, 3, 5, 10, 15, 20, 25, 27, 28, 29)


def places_after_steps(mesh: Trimesh, field: OccupancyField, level: float) -> list[Places]:
    """Return where the vertices (V, 3) are before each step, and after the last."""
    places, slope = [], module._slope

    def watched(corners: Places, *others: object) -> Places:
        vertices = np.empty((len(mesh.vertices), 3), np.float32)
        vertices[mesh.faces] = corners
        places.append(vertices)
        return slope(corners, *others)

    module._slope = watched
    try:
        end = module.refine(mesh, field, level, STEPS)
    finally:
        module._slope = slope
    return [*places, np.asarray(end.vertices, np.float32)]


def rows_of(name: str, mesh: Trimesh, field: OccupancyField, level: float) -> list[Row]:
    """Return a row for each of the steps `SHOWN`."""
    places = places_after_steps(mesh, field, level)
    # Vertices of faces that turned over are put back in the end; nothing can be said of them.
    stayed = (places[-1] == places[0]).all(axis=1)
    rows: list[Row] = []
    for step in SHOWN:
        row: Row = {"mesh": f"{name}, {len(mesh.faces)} faces", "step": step}
        for what, there in (("moved", places[step - 1]), ("to go", places[-1])):
            moved = np.linalg.norm((places[step] - there)[~stayed], axis=1)
            cells = moved * RESOLUTION / CUBE_EDGE
            row |= {
                f"{what}, 95 %": float(np.quantile(cells, 0.95)),
                f"{what}, most": float(cells.max()),
            }
        rows.append(row)
    return rows


def cases() -> Iterator[tuple[str, Trimesh, OccupancyField, float]]:
    """Yield meshes, the fields that they were made from, and the level of their surfaces."""
    network, code = paper_network()
    field = OccupancyField(TorchPoints(network.for_code(code)))
    ring = simplify(grid_surface(evaluate_grid(field, RESOLUTION, 0.0)), FACES)
    yield "paper's network", ring, field, 0.0
    generator = MeshGenerator(load_checkpoint(DEFAULT_MODEL, "cpu"))
    for photo in ("chair", "table"):
        prepared = isolate_object(read_photo(EXAMPLES / f"{photo}.jpg"))
        field = generator.look(*to_arrays(prepared)).field
        yield f"{DEFAULT_MODEL}, {photo}", generator.extract(field)[0], field, field.level


def main() -> None:
    options = arguments(__doc__.splitlines()[0]).parse_args()
    rows = [row for case in cases() for row in rows_of(*case)]
    publish("Refinement, step by step (in cells)", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
