"""MISE: points evaluated, share of the bookkeeping, peak memory; exact and with `guess`.

The fields are formulas, and what the shipped model sees in the photos of examples/; their own time
is left out. The bookkeeping (query, update, extraction of
the mesh) is compared with what the paper's decoder takes for the same points: its time per point is
measured in the same rounds, with random weights. "Largest move" is how far, in cells, any vertex of
the mesh is from where the exact one has it; a network's values depend a little on what else is in
the batch. CachedField is the peak of a process of its own that
makes the mesh and, in the second column, the dense grid as well.

Usage: python bench/mise.py [--resolutions 64 128 256 512] [--rounds 5] [--json FILE]
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from fields import FIELDS, Field
from harness import Row, arguments, publish
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import evaluate_grid
from onet_cli.geometry.normalize import CUBE_EDGE

DECODER_POINTS = 16_384
EXAMPLES = Path(__file__).parents[1] / "examples"
PHOTO_RESOLUTION = 128


class Timed:
    """A field that adds up its own seconds."""

    def __init__(self, field: Field) -> None:
        self.field, self.seconds = field, 0.0

    def __call__(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the values at `points`."""
        start = time.perf_counter()
        values = self.field(points)
        self.seconds += time.perf_counter() - start
        return values


def paper_decoder() -> Callable[[], float]:
    """Return a function that measures the seconds per point of the paper's decoder."""
    import torch

    from onet_cli.models.catalogue import MODELS
    from onet_cli.models.network import build_network
    from onet_cli.models.torch_points import TorchPoints
    from onet_cli.reconstruction.field import OccupancyField

    network = build_network(MODELS["onet"], 0).eval()
    with torch.no_grad():
        code = network.encode(torch.rand(1, 3, 224, 224))
        field = OccupancyField(TorchPoints(network.for_code(code)))
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (DECODER_POINTS, 3)).astype(np.float32)

    def measure() -> float:
        start = time.perf_counter()
        field(points)
        return (time.perf_counter() - start) / DECODER_POINTS

    measure()
    return measure


def photo_fields() -> dict[str, tuple[Field, float]]:
    """Return the field of each example photo, and the logit at its surface."""
    from onet_cli.models.catalogue import DEFAULT_MODEL
    from onet_cli.models.checkpoint import load_checkpoint
    from onet_cli.reconstruction.batch import to_arrays
    from onet_cli.reconstruction.generator import MeshGenerator
    from onet_cli.shapes.photo import isolate_object, read_photo

    generator = MeshGenerator(load_checkpoint(DEFAULT_MODEL, "cpu"))
    fields = {}
    for path in sorted(EXAMPLES.glob("*.jpg")):
        field = generator.look(*to_arrays(isolate_object(read_photo(path)))).field
        fields[path.name] = field, field.level
    return fields


def compare(
    field: Field, level: float, resolution: int, rounds: int, decoder: Callable[[], float]
) -> list[Row]:
    """Return a row of the exact points and one of guessing."""
    rows: list[Row] = []
    meshes: list[Trimesh] = []
    for guess in (False, True):
        shares, milliseconds = [], []
        for _ in range(rounds):
            per_point = decoder()
            timed = Timed(field)
            start = time.perf_counter()
            grid = evaluate_grid(timed, resolution, level, guess=guess)
            mesh = grid_surface(grid)
            own = time.perf_counter() - start - timed.seconds
            milliseconds.append(1000 * own)
            shares.append(100 * own / (grid.evaluations * per_point))
        meshes.append(mesh)
        rows.append(
            {
                "points asked": "guess" if guess else "exact",
                "evaluations": grid.evaluations,
                "of dense %": 100 * grid.evaluations / (resolution + 1) ** 3,
                "faces": len(mesh.faces),
                "own ms": statistics.median(milliseconds),
                "of decoder %": statistics.median(shares),
            }
        )
    rows[1]["saved %"] = 100 * (1 - rows[1]["evaluations"] / rows[0]["evaluations"])
    rows[1]["largest move"] = largest_move(*meshes) * resolution / CUBE_EDGE
    return rows


def largest_move(exact: Trimesh, other: Trimesh) -> float:
    """Return the greatest distance of vertices of the same number; infinite if the faces differ."""
    if not np.array_equal(exact.faces, other.faces):
        return float("inf")
    return float(np.linalg.norm(exact.vertices - other.vertices, axis=1).max())


def peak(name: str, resolution: int, dense: bool) -> int:
    """Return the greatest resident memory of a process that makes the mesh, in megabytes."""
    command = [sys.executable, __file__, "--peak", name, str(resolution), str(dense)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def print_peak(name: str, resolution: str, dense: str) -> None:
    grid = evaluate_grid(FIELDS[name], int(resolution), 0.0)
    grid_surface(grid)
    if dense == "True":
        grid.values  # noqa: B018 - built when first looked at
    unit = 1 if sys.platform == "darwin" else 1024
    print(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6))


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--resolutions", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--peak", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak:
        print_peak(*options.peak)
        return
    # First, while this process is small: a child's peak counts its parent's memory at the fork.
    megabytes = {
        (name, resolution): [peak(name, resolution, dense) for dense in (False, True)]
        for name in FIELDS
        for resolution in options.resolutions
    }
    decoder = paper_decoder()
    grid_surface(evaluate_grid(FIELDS["ring"], 64, 0.0))  # a warm-up: makes the tables
    rows: list[Row] = []
    for name, resolution in megabytes:
        pair = compare(FIELDS[name], 0.0, resolution, options.rounds, decoder)
        pair[0]["peak MB"], pair[0]["with dense grid MB"] = megabytes[name, resolution]
        rows += [{"field": name, "resolution": resolution} | row for row in pair]
    for name, (field, level) in photo_fields().items():
        pair = compare(field, level, PHOTO_RESOLUTION, min(options.rounds, 3), decoder)
        rows += [{"field": name, "resolution": PHOTO_RESOLUTION} | row for row in pair]
    publish("MISE beside the paper's decoder", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
