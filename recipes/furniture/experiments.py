"""Print what EXPERIMENTS.md says of checkpoints: a row of a table for each.

Usage: python recipes/furniture/experiments.py DATA CHECKPOINT... [--rounds N]

On the validation objects of DATA: the IoU at points by which training chose the checkpoint; the
same with thresholds adapted to each photo, which are fitted here; IoU, with its 95 % interval over
the objects, and Chamfer-L1 (tenths of the longest edge) of the meshes made so from one view of each
object, drawn once for all checkpoints, whose pieces are not joined; and how long a mesh takes.
Checkpoints take turns at that, so that all see the same interruptions. They stay as they are.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch

from onet_cli.evaluation.methods import CheckpointMethod
from onet_cli.evaluation.run import evaluate_method
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.table import EvaluationTable
from onet_cli.models.checkpoint import find_checkpoint, load_checkpoint, save_checkpoint
from onet_cli.reconstruction.calibrate_threshold import calibrate_threshold
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import GeneratorSettings
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.store import ShapeStore

SETTINGS = EvaluationSettings(split="val", view="random")


def adapt(checkpoint: str, target: Path, store: ShapeStore) -> dict[str, float]:
    """Write `checkpoint`, with adapted thresholds, to `target`, and return its scores."""
    adapted = calibrate_threshold(load_checkpoint(find_checkpoint(checkpoint), "cpu"), store)
    save_checkpoint(target, adapted.network, adapted.info, False, adapted.calibration)
    return adapted.info.scores


def row(name: str, scores: dict[str, float], table: EvaluationTable) -> str:
    """Return a row in Markdown."""
    mean, interval = table.instance_mean, table.interval("iou", by_category=False)
    assert interval is not None
    points, adapted = scores["validation_iou_points"], scores["validation_iou_adapted"]
    iou = f"{mean.iou:.3f} ({interval.low:.3f} to {interval.high:.3f})"
    return f"| {name} | {points:.3f} | {adapted:.3f} | {iou} | {mean.chamfer_l1_x10:.2f} |"


def milliseconds(checkpoints: list[Path], store: ShapeStore, rounds: int) -> list[float]:
    """Return the median time from a picture to a mesh, as `onet reconstruct` makes it, of each."""
    settings = GeneratorSettings(confidence=False, color=False)
    generators = [MeshGenerator(load_checkpoint(path, "cpu"), settings) for path in checkpoints]
    taken: list[list[float]] = [[] for _ in checkpoints]
    for shape_id in store.ids("val")[: rounds + 1]:
        pixels = decode_view(store.read_view(shape_id, 0))
        image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())
        for generator, times in zip(generators, taken, strict=True):
            start = time.perf_counter()
            generator.generate(image)
            times.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(times[1:]) for times in taken]


def main() -> None:
    """Do what the first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the real shapes")
    parser.add_argument("checkpoints", nargs="+", help="files or folders of runs")
    parser.add_argument("--rounds", type=int, default=8, help="objects whose meshes are timed")
    asked = parser.parse_args()
    store = ShapeStore.open(asked.data)
    print("| | points | adapted | IoU of meshes (95 %) | Chamfer-L1 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{n}.safetensors") for n in range(len(asked.checkpoints))]
        for name, file in zip(asked.checkpoints, files, strict=True):
            scores = adapt(name, file, store)
            method = CheckpointMethod(str(file), "cpu", SETTINGS.resolution, joins=False)
            print(row(name, scores, evaluate_method(asked.data, method, SETTINGS)), flush=True)
        times = milliseconds(files, store, asked.rounds) if asked.rounds else []
    for name, time_ms in zip(asked.checkpoints, times, strict=False):
        print(f"{name}: {time_ms:.0f} ms a mesh")


if __name__ == "__main__":
    main()
