"""Print how many bad meshes are warned of, and how many others; learn afresh what tells them.

A mesh is bad if its IoU with the truth is under 0.2 at the best turn. Of each split the table has
the views, how many of their meshes are bad, how well each sign alone tells them (AUC: 1/2 is a
coin, 1 is perfect; below 1/2 the sign points the other way), and the shares of bad and of other
meshes that are warned of. On `val`, to which the model was fitted, these are also given as found on
objects that it was not fitted to.

With --fit the model is fitted to the split `val` first and stored in CHECKPOINT, which has to be
calibrated (`calibrate.py` does both). --keep holds what was measured, so that a second run is fast;
what it holds of another checkpoint file, or of other data or views, is measured anew and replaced.

Usage: python recipes/furniture/doubts.py CHECKPOINT DATA... [--fit] [-o FILE] [--half] [--views 6]
       [--splits val test] [--keep FOLDER] [--device cpu]
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.models.calibration import Doubt
from onet_cli.models.checkpoint import Checkpoint, find_checkpoint, load_checkpoint, save_checkpoint
from onet_cli.reconstruction.doubt import BAD_IOU, Signs, is_doubtful
from onet_cli.reconstruction.trials import Trial, fit_trials, measure_trials
from onet_cli.shapes.store import ShapeStore

NAMES = [field.name for field in fields(Signs)]


@dataclass(frozen=True)
class Setup:
    """What is measured: a checkpoint and its file's digest, data sets, and views of each object."""

    checkpoint: Checkpoint
    digest: str
    stores: Sequence[ShapeStore]
    views: int

    def describe(self, split: str) -> dict[str, Any]:
        """Return what the trials of a split depend on, JSON-ready."""
        return {
            "checkpoint": self.digest,
            "threshold": self.checkpoint.info.threshold,
            "data": [str(store.root.resolve()) for store in self.stores],
            "shapes": [len(store.ids(split)) for store in self.stores],
            "views": self.views,
        }


def measure(setup: Setup, split: str, keep: Path | None) -> list[Trial]:
    """Return trials of views of each object of a split, from `keep` if these are there."""
    file = None if keep is None else keep / f"{split}.json"
    known = setup.describe(split)
    if file is not None and file.is_file():
        stored = json.loads(file.read_text())
        if isinstance(stored, dict) and stored["of"] == known:
            return [
                Trial(**{**row, "signs": None if row["signs"] is None else Signs(**row["signs"])})
                for row in stored["trials"]
            ]
        print(f"{file} is of another checkpoint, data or views: measured anew", file=sys.stderr)
    count = setup.views * sum(known["shapes"])
    found = list(measure_trials(setup.checkpoint, setup.stores, split, count))
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = {"of": known, "trials": [asdict(trial) for trial in found]}
        file.write_text(json.dumps(kept, indent=1) + "\n")
    return found


def auc(signs: NDArray[np.float64], bad: NDArray[np.bool_]) -> float:
    """Return how often a bad mesh has a lower sign than another, ties counting half."""
    pairs = signs[bad][:, None] - signs[~bad][None]
    return float(((pairs < 0) + 0.5 * (pairs == 0)).mean())


def report(split: str, trials: Sequence[Trial], doubt: Doubt | None) -> None:
    """Print the table's lines of a split."""
    made = [(trial.iou, trial.signs) for trial in trials if trial.signs is not None]
    bad = np.array([iou < BAD_IOU for iou, _ in made])
    agreed = [signs.agreement for _, signs in made if signs.agreement is not None]
    print(f"{split}: {len(trials)} views, {len(trials) - len(made)} without a mesh")
    if not made:
        return
    print(f"  bad                {bad.mean():6.1%}")
    if agreed:
        print(f"  mean agreement     {np.mean(agreed):6.3f}")
    for name in NAMES:
        values = [getattr(signs, name) for _, signs in made]
        if None not in values and bad.any() and not bad.all():
            print(f"  AUC {name:15}{auc(np.array(values), bad):6.3f}")
    if doubt is not None:
        warned = np.array([is_doubtful(doubt, signs) for _, signs in made])
        for kind, chosen in (("bad", bad), ("others", ~bad)):
            share = f"{warned[chosen].mean():6.1%}" if chosen.any() else "     -"
            print(f"  warned of {kind:8} {share}")


def main() -> None:
    """Do what the first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file, run folder or name of a shipped model")
    parser.add_argument("data", type=Path, nargs="+", help="data sets with their splits")
    parser.add_argument("--fit", action="store_true", help="learn what tells bad meshes, store it")
    parser.add_argument("-o", "--output", type=Path, help="file to write [default: replace]")
    parser.add_argument("--half", action="store_true", help="store the matrices in half precision")
    parser.add_argument("--views", type=int, default=6, help="of each object")
    parser.add_argument("--splits", nargs="+", default=["val", "test"])
    parser.add_argument("--keep", type=Path, help="folder for what is measured, used if there")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    path = find_checkpoint(options.checkpoint)
    checkpoint = load_checkpoint(path, options.device)
    stores = [ShapeStore.open(folder) for folder in options.data]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    setup = Setup(checkpoint, digest, stores, options.views)
    calibration = checkpoint.calibration
    if calibration is None:
        parser.error(f"{path} is not calibrated: run calibrate.py first")
    doubt = calibration.doubt
    if options.fit:
        doubt = fit_trials(measure(setup, "val", options.keep))
        if doubt is None:
            parser.error("too few bad meshes, or too few others, to learn from")
        known = replace(calibration, doubt=doubt)
        target = options.output or path
        save_checkpoint(target, checkpoint.network, checkpoint.info, options.half, known)
        print(f"{target}: learned from {', '.join(doubt.signs)}")
    for split in options.splits:
        report(split, measure(setup, split, options.keep), doubt)
    if doubt is not None:
        print("on objects of val that the model was not fitted to")
        print(f"  warned of bad      {doubt.caught:6.1%}")
        print(f"  warned of others   {doubt.false_alarms:6.1%}")


if __name__ == "__main__":
    main()
