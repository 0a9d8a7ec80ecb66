"""The end of a run: what the best checkpoint's answers are worth is measured and stored in it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from onet_cli.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from onet_cli.reconstruction.calibrate import (
    CalibrationSettings,
    Progress,
    calibrate,
    calibrate_threshold,
)
from onet_cli.shapes.store import ShapeStore

SETTINGS = CalibrationSettings(training_views=2048, validation_views=512, cut_views=288, meshes=48)
"""How much is measured: half a minute of a small network's time, a minute or two of the paper's."""

FEWEST_SHAPES = 24
"""Validation shapes from which thresholds are adapted to photos: two numbers are fitted to them."""


def calibrate_checkpoint(
    path: Path,
    data: Sequence[Path],
    settings: CalibrationSettings = SETTINGS,
    *,
    target: Path | None = None,
    half: bool = False,
    fewest_shapes: int = FEWEST_SHAPES,
    device: str = "auto",
    progress: Progress = lambda stage, done, total: None,
) -> Checkpoint:
    """Store in the checkpoint at `path` what its answers are worth, measured, and return it.

    `data` are the data sets that it was trained on; thresholds are measured on the first one, if
    it has `fewest_shapes` to validate. It is stored at `target`, by default `path`, with its
    matrices in `half` precision or not. `progress` is called as `calibrate` does.

    Raises:
        CheckpointError: `path` is no checkpoint.
        StoreError: a data set cannot be read, or has no views to train on or to validate.
        EmptySurfaceError: not one validation view gives a mesh.
    """
    checkpoint = load_checkpoint(path, device)
    stores = [ShapeStore.open(folder) for folder in data]
    if len(stores[0].ids("val")) >= fewest_shapes:
        checkpoint = calibrate_threshold(checkpoint, stores[0], settings, progress)
    found = calibrate(checkpoint, stores, settings, progress)
    save_checkpoint(target or path, checkpoint.network, checkpoint.info, half, found)
    return replace(checkpoint, calibration=found)
