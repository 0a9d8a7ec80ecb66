"""Print how well the fronts of objects are found, by what is claimed; teach that to a checkpoint.

With --fit, what the network makes of views of the split `train` teaches a small network on top of
it, which is stored in CHECKPOINT if it finds the front in at least the share --least of the views
of `val`: `onet reconstruct --front` then turns meshes by it. CHECKPOINT has to be calibrated.

Only views of objects that have a front are counted: those that differ from their mirror image from
behind. A front counts as found within 30 degrees.

Usage: python recipes/furniture/fronts.py CHECKPOINT DATA... [--fit] [-o FILE] [--half] [--views N]
       [--least 0.8] [--splits val] [--device cpu]
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from onet_cli.models.calibration import Front
from onet_cli.models.checkpoint import Checkpoint, find_checkpoint, load_checkpoint, save_checkpoint
from onet_cli.reconstruction.front_fit import (
    FrontAnswers,
    answer,
    fit_front,
    look_at_views,
    summarise,
)
from onet_cli.shapes.store import ShapeStore

CLAIMS = 0.0, 0.35, 0.5, 0.65, 0.8, 0.9, 1.0
VIEWS = 12
"""Of each object that is measured."""


def show(stage: str, done: int, total: int) -> None:
    """Print how far the work has come, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{stage} {done} of {total}", end="" if done < total else "\n", file=sys.stderr)


def measure(checkpoint: Checkpoint, front: Front, store: ShapeStore, split: str) -> FrontAnswers:
    """Return answers for views of the objects of a split that have a front, printing them."""
    count = VIEWS * len(store.ids(split))
    views = look_at_views(checkpoint.network, [store], split, count, show)
    answers, has = answer(front.weights, views), views.with_front()
    if not has.any():
        sys.exit(f"no object of {store.root} in the split {split} has a front")
    found = FrontAnswers(answers.error_deg[has], answers.chance[has])
    others = answers.chance[~has]
    objects = {str(shape) for (_, shape, _), known in zip(views.views, has, strict=True) if known}
    known = summarise(front.weights, found)
    print(f"{split}: {has.sum()} views of {len(objects)} objects that have a front")
    print(f"  found within 30 degrees  {found.right.mean():6.1%}")
    print(f"  found within 15 degrees  {(found.error_deg <= 15).mean():6.1%}")
    print(f"  taken for the reverse    {(found.error_deg > 150).mean():6.1%}")
    print(f"  error of those found     {np.median(found.error_deg[found.right]):6.1f} degrees")
    print("  claimed         views   found")
    for low, high in pairwise(CLAIMS):
        within = (found.chance >= low) & ((found.chance < high) | (high == 1))
        rate = f"{found.right[within].mean():6.1%}" if within.any() else "     -"
        print(f"  {low:.2f} to {high:.2f}  {within.mean():6.1%}  {rate}")
    print(f"  turned ({known.limit:.2f})   {known.sure:6.1%}  {known.right:6.1%}")
    if len(others):
        turned = (others >= known.limit).mean()
        print(f"  of {len(others)} views of other objects {turned:.1%} are turned")
    return found


def fit(checkpoint: Checkpoint, stores: Sequence[ShapeStore], views: int) -> Front:
    """Return what `checkpoint` learns from views of the split `train` of `stores`."""
    weights = fit_front(look_at_views(checkpoint.network, stores, "train", views, show))
    size = sum(2 * tensor.size for tensor in weights.values())
    print(f"learned from {views} views; {size / 1000:.0f} kB")
    return Front(weights, 0.0, 0.0, 0.0, 0.0)


def main() -> None:
    """Do what the first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file, run folder or name of a shipped model")
    parser.add_argument("data", type=Path, nargs="+", help="data sets; the first is measured")
    parser.add_argument("--fit", action="store_true", help="learn from the split train, store it")
    parser.add_argument("-o", "--output", type=Path, help="file to write [default: replace]")
    parser.add_argument("--half", action="store_true", help="store the matrices in half precision")
    parser.add_argument("--views", type=int, default=4000, help="views to learn from")
    parser.add_argument(
        "--least", type=float, default=0.8, help="share found from which to store it"
    )
    parser.add_argument("--splits", nargs="+", default=["val"], help="splits to measure")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    path = find_checkpoint(options.checkpoint)
    checkpoint = load_checkpoint(path, options.device)
    stores = [ShapeStore.open(folder) for folder in options.data]
    calibration = checkpoint.calibration
    if calibration is None:
        parser.error(f"{path} is not calibrated: run calibrate.py first")
    front = fit(checkpoint, stores, options.views) if options.fit else calibration.front
    if front is None:
        parser.error(f"{path} has not learned where fronts are: --fit teaches it")
    for split in options.splits:
        answers = measure(checkpoint, front, stores[0], split)
        if options.fit and split == "val":
            store(checkpoint, summarise(front.weights, answers), options, path)


def store(checkpoint: Checkpoint, front: Front, options: argparse.Namespace, path: Path) -> None:
    """Store `front` in the checkpoint, if it is good enough."""
    if front.found < options.least:
        sys.exit(f"not stored: {front.found:.1%} are found, --least is {options.least:.0%}")
    assert checkpoint.calibration is not None
    target, known = options.output or path, replace(checkpoint.calibration, front=front)
    save_checkpoint(target, checkpoint.network, checkpoint.info, options.half, known)
    print(f"{target}: knows fronts")


if __name__ == "__main__":
    main()
