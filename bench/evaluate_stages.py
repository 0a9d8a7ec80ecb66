"""Where the processor time of `onet evaluate` goes, by stage, and what 500 objects take.

Run: OMP_NUM_THREADS=1 python bench/evaluate_stages.py DATA --objects 40
"""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from harness import Row, arguments, publish

from onet_cli.evaluation.measure import score_mesh
from onet_cli.evaluation.methods import CheckpointMethod
from onet_cli.evaluation.selection import select_shapes
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Predict, Task, list_tasks, read_truth
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.store import ShapeStore


class Stages:
    """Adds up processor time by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Count what runs inside as stage `name`."""
        start = time.process_time()
        yield
        self.seconds.setdefault(name, []).append(time.process_time() - start)


def measure(data: Path, checkpoint: str, split: str, objects: int) -> Stages:
    store, settings = ShapeStore.open(data), EvaluationSettings(split=split, limit=objects)
    predict = CheckpointMethod(checkpoint, "cpu", settings.resolution).start()
    tasks = list(list_tasks(store, select_shapes(store, settings), settings))
    score(store, tasks[0], predict, Stages())  # the first finds nothing warm
    stages = Stages()
    for task in tasks:
        score(store, task, predict, stages)
    return stages


def score(store: ShapeStore, task: Task, predict: Predict, stages: Stages) -> None:
    """As evaluation.evaluate does it, stage by stage."""
    with stages.time("read and decode"):
        image = decode_view(store.read_view(task.id, task.view))
        truth = read_truth(store, task)
    with stages.time("reconstruct"):
        prediction = predict(task, image, truth)
    with stages.time("IoU of the network"):
        prediction.contains(truth.occupancy.points.astype(np.float32))
    if prediction.failure is None:
        with stages.time("scores of the mesh"):
            score_mesh(prediction.mesh, truth, 100_000, 0.0, np.random.default_rng(0))


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--checkpoint", default="furniture")
    parser.add_argument("--split", default="test")
    parser.add_argument("--objects", type=int, default=40)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = measure(options.data, options.checkpoint, options.split, options.objects).seconds
    count = len(found["reconstruct"])
    rows: list[Row] = [
        {"stage": name, "median ms": 1000 * statistics.median(taken), "all s": sum(taken)}
        for name, taken in found.items()
    ]
    total = sum(sum(taken) for taken in found.values())
    rows.append({"stage": f"all of {count} objects", "all s": total})
    rows.append({"stage": "500 objects, minutes", "all s": total / count * 500 / 60})
    publish("Processor time of an evaluation, one thread", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
