"""What rounded weights cost: IoU of exports of one network.

Usage: python recipes/furniture/precisions.py DATA CHECKPOINT... [--split val] [--views 4]

CHECKPOINTs are what `onet reconstruct -c` takes, ONNX exports among them; the first is what
the others are compared with. Printed are the sizes of the files and the mean IoU at 4 096 points of
views of DATA's objects, each field cut at the threshold adapted to it, with the paired difference
and its standard error over the views.
"""

import argparse
import math
from pathlib import Path

import numpy as np
from looks import Looks

from onet_cli.models.checkpoint import find_checkpoint
from onet_cli.models.load import load_predictor
from onet_cli.shapes.store import ShapeStore


def size_of(checkpoint: str) -> int:
    """Return the size in bytes of the files of `checkpoint`."""
    path = Path(checkpoint)
    if path.suffix == ".onnx":
        return sum(each.stat().st_size for each in path.parent.glob(f"{path.stem}.*.onnx"))
    return find_checkpoint(checkpoint).stat().st_size


def main() -> None:
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--split", default="val")
    parser.add_argument("--views", type=int, default=4)
    asked = parser.parse_args()
    store = ShapeStore.open(asked.data)
    views = [
        (shape, number * store.view_count(shape) // asked.views)
        for shape in store.ids(asked.split)
        for number in range(asked.views)
    ]
    print("| checkpoint | MB | IoU | difference |")
    print("| --- | ---: | ---: | ---: |")
    first: list[float] = []
    for checkpoint in asked.checkpoints:
        model = load_predictor(checkpoint, "cpu")
        ious = [Looks(model, store, shape, view).alone() for shape, view in views]
        first = first or ious
        gain = np.subtract(ious, first)
        error = gain.std() / math.sqrt(len(gain))
        size = size_of(checkpoint) / 1e6
        row = f"{size:.1f} | {np.mean(ious):.4f} | {gain.mean():+.4f} +- {error:.4f}"
        print(f"| {Path(checkpoint).name} | {row} |", flush=True)


if __name__ == "__main__":
    main()
