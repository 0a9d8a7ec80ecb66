"""Measure what a checkpoint's answers are worth and store that in it.

`onet train` does it at its end, with fewer views and meshes.

Adds four things to CHECKPOINT, which `onet reconstruct` then uses: which threshold suits which
photo (`reconstruction.threshold`), how often the network is right about a vertex when it claims so
(`reconstruction.confidence`), where the codes of its training views lie
(`reconstruction.out_of_distribution`), and what tells a bad mesh (`reconstruction.doubt`, of which
`doubts.py` prints a table). DATA are the data sets that it was trained on, with their splits
`train` and `val`; each counts alike, but thresholds and bad meshes are measured on the first alone.

Usage: python recipes/furniture/calibrate.py CHECKPOINT DATA... [-o FILE] [--half] [--views N]
       [--meshes N] [--doubts N] [--device cpu]
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from onet_cli.models.checkpoint import find_checkpoint
from onet_cli.reconstruction.calibration_settings import CalibrationSettings
from onet_cli.training.calibration import calibrate_checkpoint


def show(stage: str, done: int, total: int) -> None:
    """Print how far the work has come, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r{stage} {done} of {total}", end="" if done < total else "\n", file=sys.stderr)


def main() -> None:
    """Do what the first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", help="file, run folder or name of a shipped model")
    parser.add_argument("data", type=Path, nargs="+", help="the data sets it was trained on")
    parser.add_argument("-o", "--output", type=Path, help="file to write [default: replace]")
    parser.add_argument("--half", action="store_true", help="store the matrices in half precision")
    parser.add_argument(
        "--views", type=int, default=8192, help="training views to encode; 0 keeps the known codes"
    )
    parser.add_argument("--meshes", type=int, default=200, help="validation meshes to measure")
    parser.add_argument("--doubts", type=int, default=288, help="views for the warning")
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    path = find_checkpoint(options.checkpoint)
    settings = CalibrationSettings(
        training_views=options.views,
        meshes=options.meshes,
        doubt_views=options.doubts,
        fewest_shapes=1,
    )
    target = options.output or path
    checkpoint = calibrate_checkpoint(
        path,
        options.data,
        settings,
        target=target,
        half=options.half,
        device=options.device,
        progress=show,
    )
    found = checkpoint.calibration
    assert found is not None  # this is what was added

    print(f"adaptive thresholds: {checkpoint.info.platt}, scores {checkpoint.info.scores}")
    curve = found.reliability
    print(f"{target}: {found.data}")
    known = found.familiarity
    print(
        f"{len(known.places)} groups of codes, within {known.farthest:.3f}, "
        f"up to {known.widest:.3f} beside"
    )
    print("claimed   " + " ".join(f"{value:.2f}" for value in curve.claimed))
    print("measured  " + " ".join(f"{value:.2f}" for value in curve.measured))
    if found.doubt is not None:
        print(
            f"a warning comes for {found.doubt.caught:.0%} of bad meshes and "
            f"{found.doubt.false_alarms:.0%} of others, on objects not fitted to"
        )
    print(f"a vertex is right within {curve.reach:g}; mean {np.mean(curve.measured):.2f}")


if __name__ == "__main__":
    main()
