"""MISE: points evaluated, share of the bookkeeping, peak memory; exact and with `guess`.

The fields are formulas, whose own time is left out. The bookkeeping (query, update, extraction of
the mesh) is compared with what the paper's decoder takes for the same points: its time per point is
measured in the same rounds, with random weights. Memory is the peak of a process of its own that
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

import numpy as np
from fields import FIELDS, Field
from harness import Row, arguments, publish
from numpy.typing import NDArray

from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import evaluate_grid

DECODER_POINTS = 16_384


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
    from onet_cli.reconstruction.field import OccupancyField

    network = build_network(MODELS["onet"], 0).eval()
    with torch.no_grad():
        code = network.encode(torch.rand(1, 3, 224, 224))
        field = OccupancyField(network.for_code(code))
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (DECODER_POINTS, 3)).astype(np.float32)

    def measure() -> float:
        start = time.perf_counter()
        field(points)
        return (time.perf_counter() - start) / DECODER_POINTS

    measure()
    return measure


def compare(
    name: str, resolution: int, guess: bool, rounds: int, decoder: Callable[[], float]
) -> Row:
    shares, milliseconds = [], []
    for _ in range(rounds):
        per_point = decoder()
        field = Timed(FIELDS[name])
        start = time.perf_counter()
        grid = evaluate_grid(field, resolution, 0.0, guess=guess)
        mesh = grid_surface(grid)
        own = time.perf_counter() - start - field.seconds
        milliseconds.append(1000 * own)
        shares.append(100 * own / (grid.evaluations * per_point))
    return {
        "field": name,
        "resolution": resolution,
        "points asked": "guess" if guess else "exact",
        "evaluations": grid.evaluations,
        "of dense %": 100 * grid.evaluations / (resolution + 1) ** 3,
        "faces": len(mesh.faces),
        "own ms": statistics.median(milliseconds),
        "of decoder %": statistics.median(shares),
    }


def same_mesh(name: str, resolution: int) -> bool:
    """Return whether guessing gives the exact mesh, vertex by vertex and face by face."""
    exact, guessed = (
        grid_surface(evaluate_grid(FIELDS[name], resolution, 0.0, guess=guess))
        for guess in (False, True)
    )
    return np.array_equal(exact.vertices, guessed.vertices) and np.array_equal(
        exact.faces, guessed.faces
    )


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
    rows: list[Row] = []
    for name in FIELDS:
        for resolution in options.resolutions:
            exact, guessed = (
                compare(name, resolution, guess, options.rounds, decoder) for guess in (False, True)
            )
            exact["peak MB"], exact["with dense grid MB"] = megabytes[name, resolution]
            guessed["same mesh"] = same_mesh(name, resolution)
            guessed["saved %"] = 100 * (1 - guessed["evaluations"] / exact["evaluations"])
            rows += [exact, guessed]
    publish("MISE beside the paper's decoder", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
