"""Calibration of the best checkpoint at the end of a run."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from onet_cli.models.checkpoint import (
    Checkpoint,
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
)
from onet_cli.reconstruction.calibrate import calibrate
from onet_cli.reconstruction.calibrate_threshold import calibrate_threshold
from onet_cli.reconstruction.calibration_settings import CalibrationSettings
from onet_cli.reconstruction.known_views import Progress
from onet_cli.shapes.store import ShapeStore

SETTINGS = CalibrationSettings(training_views=2048, validation_views=512, cut_views=288, meshes=48)
"""Sample sizes: half a minute for a small network, a minute or two for the paper's."""

FEWEST_SHAPES = 24
"""Minimum number of validation shapes for adaptive thresholds, which have two parameters."""


def calibrate_checkpoint(
    path: Path,
    data: Sequence[Path],
    settings: CalibrationSettings = SETTINGS,
    *,
    target: Path | None = None,
    half: bool = False,
    fewest_shapes: int = FEWEST_SHAPES,
    init: str | Path | None = None,
    device: str = "auto",
    progress: Progress = lambda stage, done, total: None,
    note: Callable[[str], None] = lambda text: None,
) -> Checkpoint:
    """Calibrate the checkpoint at `path`, save it with its calibration, and return it.

    `data` are the data sets that it was trained on; adaptive thresholds are fitted to the first
    one, if it has at least `fewest_shapes` validation shapes; otherwise those of `init` are kept,
    the checkpoint of the same network from which training started. The result is saved to `target`,
    by default `path`, optionally in `half` precision. `progress` is called as in `calibrate`, and
    `note` with a message if thresholds are not fitted.

    Raises:
        CheckpointError: `path` or `init` is not a checkpoint.
        StoreError: a data set cannot be read, or has no training or validation views.
        EmptySurfaceError: no validation view gives a mesh.
    """
    checkpoint = load_checkpoint(path, device)
    stores = [ShapeStore.open(folder) for folder in data]
    shapes = len(stores[0].ids("val"))
    if shapes >= fewest_shapes:
        checkpoint = calibrate_threshold(checkpoint, stores[0], settings, progress)
    else:
        known = None if init is None else load_checkpoint(init, "cpu").info
        kept = known is not None and known.platt is not None and known.spec == checkpoint.info.spec
        if known is not None and kept:
            checkpoint = replace(checkpoint, info=with_thresholds(checkpoint.info, known))
        instead = f"those of {init} are kept" if kept else "all photos get the same threshold"
        note(f"{fewest_shapes} validation shapes are needed to adapt thresholds: {instead}")
    found = calibrate(checkpoint, stores, settings, progress)
    save_checkpoint(target or path, checkpoint.network, checkpoint.info, half, found)
    return replace(checkpoint, calibration=found)


def with_thresholds(info: CheckpointInfo, known: CheckpointInfo) -> CheckpointInfo:
    """Return `info` with the adaptive thresholds of `known`, a checkpoint of the same network.

    Too few shapes to fit them to are also too few to move the probabilities far from those that
    they were fitted to; one threshold for all photos, on the other hand, loses thin parts.
    """
    return replace(info, platt=known.platt, outline=known.outline, scales=known.scales)
