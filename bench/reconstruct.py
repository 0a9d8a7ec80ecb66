"""Reconstruction: where the time goes, how near the field comes to the limit, and the paper's way.

The limit is what the cores do at best: products of (2048, 256) and (256, 256) float32 matrices,
which stay in the cache, one Python thread a core. FLOP are multiply-adds of the decoder's matrices,
times 2. Nobody's trained weights of the paper's network come with this project, so its last layer
is fitted to a ring, over inner layers at random. Beside it stands a plain rendering of the paper's
procedure (`paper_procedure.py`) with the same weights, in the same MISE rounds. The last rows are
many photos at a time, the whole command in a process of its own, and what importing takes of that.

Usage: python bench/reconstruct.py [--resolution 128] [--rounds 3] [--json FILE]
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command does, before numpy is there

import numpy as np
import torch
from fields import ring
from harness import Row, arguments, interleave, publish
from numpy.typing import NDArray
from paper_procedure import ConvDecoder, evaluate
from paper_procedure import refine as plain_refine
from torch import Tensor
from trimesh import Trimesh

from onet_cli.geometry.isosurface import grid_surface
from onet_cli.geometry.mise import Grid, evaluate_grid
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.simplify import simplify
from onet_cli.malloc import keep_freed_memory
from onet_cli.models.catalogue import DEFAULT_MODEL, MODELS
from onet_cli.models.checkpoint import Checkpoint, load_checkpoint
from onet_cli.models.decoders.plane_decoder import decode_points
from onet_cli.models.network import OccupancyNetwork, build_network
from onet_cli.models.plane_points import PlanePoints
from onet_cli.models.torch_points import TorchPoints, TorchWorkers
from onet_cli.reconstruction.batch import reconstruct_all
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.photos import PhotoFile
from onet_cli.reconstruction.refine import refine
from onet_cli.reconstruction.settings import BatchSettings, GeneratorSettings
from onet_cli.reconstruction.tidy import save_mesh
from onet_cli.shapes.photo import prepare_photo, read_photo, resize_images

PHOTO = Path(__file__).parents[1] / "examples" / "table.jpg"
ALIGNED = "onet-aligned"
REFINED_FACES, STEPS = 2000, 30
PRODUCTS = 100
SMALL = 32
GRID = 64
PHOTOS = 24
PLAIN = "paper's procedure"
SAMPLES = 20_000
SHARPNESS = 40.0


def measure_limit(kind: torch.dtype) -> float:
    """Return the FLOP a second of cache-resident matrix products on all of torch's threads."""
    threads = torch.get_num_threads()

    def multiply(_: int) -> None:
        shapes = (2048, 256), (256, 256), (2048, 256)
        rows, matrix, result = (torch.rand(shape).to(kind) for shape in shapes)
        with torch.inference_mode():
            for _ in range(PRODUCTS):
                torch.mm(rows, matrix, out=result)

    def all_threads() -> None:
        with TorchWorkers().pool(threads) as pool:
            list(pool.map(multiply, range(threads)))

    all_threads()
    seconds = timed(all_threads)[0] / 1000
    return threads * PRODUCTS * 2 * 2048 * 256 * 256 / seconds


def paper_network() -> tuple[OccupancyNetwork, Tensor]:
    """Return the paper's network and a code whose field is about a ring.

    Its inner weights are random; its last layer is fitted, in least squares, to the depth below the
    surface.
    """
    network = build_network(MODELS["onet"], 0).eval()
    decoder, generator = network.decoder, torch.Generator().manual_seed(1)
    with torch.no_grad():
        decoder.fc_p.weight.mul_(6)
        for block in decoder.blocks:
            block.fc_1.weight.normal_(0, 0.06, generator=generator)
        code = network.encode(torch.full((1, 3, 224, 224), 0.5))
        seen: list[Tensor] = []
        handle = decoder.fc_out.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        points = CUBE_EDGE * (torch.rand((1, SAMPLES, 3), generator=generator) - 0.5)
        decoder(points, code)
        handle.remove()
        features = torch.cat([seen[0][0], torch.ones(SAMPLES, 1)], dim=1).double()
        depth = torch.from_numpy(ring(points[0].numpy())).double().clamp(-0.1, 0.1)
        gram = features.T @ features + 1e-3 * torch.eye(features.shape[1], dtype=torch.float64)
        solution = SHARPNESS * torch.linalg.solve(gram, features.T @ depth)
        decoder.fc_out.weight.copy_(solution[None, :-1])
        decoder.fc_out.bias.copy_(solution[-1:])
    return network, code


class Timed:
    """A field that adds up its own seconds, and remembers what it was asked."""

    def __init__(self, field: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> None:
        self.field, self.seconds = field, 0.0
        self.asked: list[NDArray[np.float32]] = []

    def __call__(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the values at `points`."""
        self.asked.append(points)
        start = time.perf_counter()
        values = self.field(points)
        self.seconds += time.perf_counter() - start
        return values


def timed(work: Callable[[], object]) -> tuple[float, object]:
    start = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - start), result


def once(
    network: OccupancyNetwork, level: float, resolution: int
) -> tuple[dict[str, float], Grid, float]:
    """Return the milliseconds of each stage from photo to file, the grid, and the limit then."""
    stages: dict[str, float] = {}
    stages["read and prepare"], photo = timed(lambda: prepare_photo(read_photo(PHOTO)))
    pixels = torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None]

    def encode() -> Tensor:
        with torch.no_grad():
            return network.encode(resize_images(pixels, network.spec.image_size))

    stages["encode"], code = timed(encode)
    begin = time.perf_counter()
    field = Timed(OccupancyField(TorchPoints(network.for_code(code))))
    grid = evaluate_grid(field, resolution, level)
    stages["field"] = 1000 * field.seconds
    stages["MISE"] = 1000 * (time.perf_counter() - begin - field.seconds)
    limit = measure_limit(torch.float32)  # now, as other programs may slow both
    stages["marching cubes"], mesh = timed(lambda: grid_surface(grid))
    stages[f"simplify to {REFINED_FACES}"], small = timed(lambda: simplify(mesh, REFINED_FACES))
    stages[f"refine that, {STEPS} steps"], _ = timed(
        lambda: refine(small, field.field, level, STEPS)
    )
    with tempfile.TemporaryDirectory() as folder:
        stages["write .ply"], _ = timed(lambda: save_mesh(mesh, Path(folder) / "a.ply"))
    return stages, grid, limit


def stage_rows(
    name: str, network: OccupancyNetwork, level: float, resolution: int, rounds: int
) -> list[Row]:
    """Return a row for each stage from photo to file."""
    once(network, level, SMALL)  # a warm-up
    found = [once(network, level, resolution) for _ in range(rounds)]
    points = found[-1][1].evaluations
    rows: list[Row] = []
    for stage in found[0][0]:
        row: Row = {"network": name, "what": stage}
        row["ms"] = statistics.median(stages[stage] for stages, *_ in found)
        if stage == "field":
            flop = points * network.decoder.flops_per_point
            row |= {"points": points, "GFLOP": flop / 1e9}
            row["GFLOP/s"] = flop / row["ms"] / 1e6
            row["of limit %"] = statistics.median(
                100e3 * flop / stages[stage] / limit for stages, _, limit in found
            )
        rows.append(row)
    short = [row["ms"] for row in rows if not row["what"].startswith(("simplify", "refine"))]
    return [*rows, {"network": name, "what": "photo to file, all but refinement", "ms": sum(short)}]


def beside_the_paper(
    network: OccupancyNetwork, code: Tensor, resolution: int, rounds: int
) -> list[Row]:
    """Return ours and the plain procedure, interleaved, without and with refinement."""
    conv = ConvDecoder(network.decoder).eval().requires_grad_(False)
    field = OccupancyField(TorchPoints(network.for_code(code)))
    small = simplify(grid_surface(evaluate_grid(field, resolution, 0.0)), REFINED_FACES)
    meshes: dict[str, Trimesh] = {}
    points: dict[str, int] = {}

    def extract(name: str, make: Callable[[], Callable[..., Any]], guess: bool = False) -> None:
        grid = evaluate_grid(make(), resolution, 0.0, guess=guess)
        meshes[name], points[name] = grid_surface(grid), grid.evaluations

    def ours() -> OccupancyField:
        return OccupancyField(TorchPoints(network.for_code(code)))

    def plain() -> Callable[..., Any]:
        return lambda asked: evaluate(conv, code, asked)

    ways = {"onet": (ours, True), "onet --exact": (ours, False), PLAIN: (plain, False)}
    contestants: dict[str, Callable[[], None]] = {
        name: partial(extract, name, make, guess) for name, (make, guess) in ways.items()
    }
    refined = {
        "onet": lambda: refine(small, field, 0.0, STEPS),
        PLAIN: lambda: plain_refine(small, conv, code, 0.0, STEPS),
    }
    seconds = interleave(contestants, rounds, warm_up=False)
    rows: list[Row] = []
    for name, taken in seconds.items():
        flop = points[name] * network.decoder.flops_per_point
        row: Row = {"network": "onet", "what": f"field to mesh: {name}", "ms": 1000 * taken}
        row |= {"points": points[name], "GFLOP": flop / 1e9, "GFLOP/s": flop / taken / 1e9}
        row["times plain"] = seconds[PLAIN] / taken
        row["largest move, cells"] = _move(meshes[name], meshes[PLAIN]) * resolution / CUBE_EDGE
        rows.append(row)
    seconds = interleave(refined, rounds, warm_up=False)
    for name, taken in seconds.items():
        what = f"{STEPS} steps on {REFINED_FACES} faces: {name}"
        row = {"network": "onet", "what": what, "ms": 1000 * taken}
        rows.append(row | {"times plain": seconds[PLAIN] / taken})
    return rows


def _move(mesh: Trimesh, other: Trimesh) -> float:
    """Return the largest distance between vertices of the same number; NaN if there is none."""
    if len(mesh.vertices) != len(other.vertices):
        return float("nan")
    return float(np.linalg.norm(mesh.vertices - other.vertices, axis=1).max())


def point_rows(name: str, network: OccupancyNetwork, rounds: int) -> list[Row]:
    """Return a decoder with planes at points of a grid, by its kernel and by torch's layers."""
    size = network.spec.image_size
    with torch.no_grad():
        code = network.encode(torch.full((1, 3, size, size), 0.5))
    layers = network.decoder.layers_for(code)
    axis = np.linspace(-0.5, 0.5, GRID, dtype=np.float32) * CUBE_EDGE
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    fast = PlanePoints(layers)
    fields = {
        "kernel": OccupancyField(TorchPoints(lambda asked: torch.from_numpy(fast(asked.numpy())))),
        "torch": OccupancyField(TorchPoints(partial(decode_points, layers))),
    }
    logits: dict[str, NDArray[np.float32]] = {}

    def decode(way: str) -> None:
        logits[way] = fields[way](points)

    seconds = interleave({way: partial(decode, way) for way in fields}, rounds)
    flop = len(points) * network.decoder.flops_per_point
    return [
        {
            "network": name,
            "what": f"points of a grid, by {way}",
            "ms": 1000 * taken,
            "points": len(points),
            "ns a point": 1e9 * taken / len(points),
            "GFLOP": flop / 1e9,
            "GFLOP/s": flop / taken / 1e9,
            "times plain": seconds["torch"] / taken,
            "largest difference of logits": float(abs(logits[way] - logits["torch"]).max()),
        }
        for way, taken in seconds.items()
    ]


def batch_rows(checkpoint: Checkpoint, resolution: int, rounds: int) -> list[Row]:
    """Return the time of many photos on one thread, with pieces not joined too, and on all."""
    joining, plain = (
        MeshGenerator(
            checkpoint,
            GeneratorSettings(resolution, join=join),
        )
        for join in (True, False)
    )
    photos = [PhotoFile(path) for path in sorted(PHOTO.parent.glob("*.jpg"))]
    photos = (photos * PHOTOS)[:PHOTOS]
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder:
        targets = [Path(folder) / f"{n}.ply" for n in range(PHOTOS)]

        def run(generator: MeshGenerator, count: int) -> None:
            torch.set_num_threads(count)
            try:
                list(reconstruct_all(generator, photos, targets, BatchSettings()))
            finally:
                torch.set_num_threads(threads)

        contestants = {
            f"{PHOTOS} photos, 1 at a time": partial(run, joining, 1),
            f"{PHOTOS} photos, {threads} at a time": partial(run, joining, threads),
            f"{PHOTOS} photos, 1 at a time, --no-join": partial(run, plain, 1),
        }
        seconds = interleave(contestants, rounds)
    alone = next(iter(seconds.values()))
    return [
        {
            "network": DEFAULT_MODEL,
            "what": name,
            "ms": 1000 * taken,
            "times one thread": alone / taken,
        }
        for name, taken in seconds.items()
    ]


def command_rows(rounds: int) -> list[Row]:
    """Return the wall time of the whole command, and what importing takes of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "onet_cli", "reconstruct", str(PHOTO), "-o", f"{folder}/a.obj", "--quiet"]
        command += ["--device", "cpu"]

        def run(*options: str) -> str:
            return subprocess.run(
                [sys.executable, *options, *command], check=True, capture_output=True, text=True
            ).stderr

        seconds = interleave({"command": run}, rounds)["command"]
        rows: list[Row] = [{"network": DEFAULT_MODEL, "what": "the command", "ms": 1000 * seconds}]
        taken = import_times(run("-X", "importtime"))
    whole = sum(taken.values())
    rows.append({"network": DEFAULT_MODEL, "what": "  of it imports, as traced", "ms": whole})
    for package in sorted(taken, key=taken.__getitem__, reverse=True)[:6]:
        rows.append({"network": "", "what": f"    {package}", "ms": taken[package]})
    return rows


def import_times(trace: str) -> dict[str, float]:
    """Return the milliseconds of each top-level package's own modules in an importtime trace."""
    taken: dict[str, float] = {}
    for own, name in re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+([\w.]+)", trace):
        package = name.partition(".")[0]
        package = package if package not in sys.stdlib_module_names else "standard library"
        taken[package] = taken.get(package, 0.0) + int(own) / 1000
    return taken


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("--resolution", type=int, default=128)
    parser.set_defaults(rounds=3)
    options = parser.parse_args()
    limit, half = (measure_limit(kind) for kind in (torch.float32, torch.bfloat16))
    rows: list[Row] = [
        {"network": "", "what": "the limit", "GFLOP/s": limit / 1e9},
        {"network": "", "what": "the same in bfloat16", "GFLOP/s": half / 1e9},
    ]
    network, code = paper_network()
    rows += stage_rows("onet", network, 0.0, options.resolution, options.rounds)
    rows += beside_the_paper(network, code, options.resolution, options.rounds)
    shipped = load_checkpoint(DEFAULT_MODEL, "cpu")
    probability = shipped.info.threshold
    level = float(np.log(probability / (1 - probability)))
    rows += stage_rows(DEFAULT_MODEL, shipped.network, level, options.resolution, options.rounds)
    rows += point_rows(DEFAULT_MODEL, shipped.network, options.rounds)
    aligned = build_network(MODELS[ALIGNED], 0).eval()
    rows += point_rows(f"{ALIGNED}, untrained", aligned, options.rounds)
    keep_freed_memory()  # as the command does for several photos
    rows += batch_rows(shipped, options.resolution, options.rounds)
    rows += command_rows(options.rounds)
    publish("Reconstruction", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
