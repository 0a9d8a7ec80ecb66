"""Calibration of the best checkpoint at the end of a run."""

from collections.abc import Sequence
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


def calibrate_checkpoint(
    path: Path,
    data: Sequence[Path],
    settings: CalibrationSettings = SETTINGS,
    *,
    target: Path | None = None,
    half: bool = False,
    init: str | Path | None = None,
    device: str = "auto",
    progress: Progress = lambda stage, done, total: None,
) -> Checkpoint:
    """Calibrate the checkpoint at `path`, save it with its calibration, and return it.

    `data` are the data sets that it was trained on; adaptive thresholds are fitted to the first
    one, if it has enough validation shapes; otherwise those of `init` are kept, the checkpoint of
    the same network from which training started. The result is saved to `target`, by default
    `path`, optionally in `half` precision. `progress` is called as in `calibrate`.

    Raises:
        CheckpointError: `path` or `init` is not a checkpoint.
        StoreError: a data set cannot be read, or has no training or validation views.
        EmptySurfaceError: no validation view gives a mesh.
    """
    checkpoint = load_checkpoint(path, device)
    stores = [ShapeStore.open(folder) for folder in data]
    if len(stores[0].ids("val")) >= settings.fewest_shapes:
        checkpoint = calibrate_threshold(checkpoint, stores[0], settings, progress)
    elif init is not None:
        known = load_checkpoint(init, "cpu").info
        checkpoint = replace(checkpoint, info=_with_thresholds(checkpoint.info, known))
    found = calibrate(checkpoint, stores, settings, progress)
    save_checkpoint(target or path, checkpoint.network, checkpoint.info, half, found)
    return replace(checkpoint, calibration=found)


def _with_thresholds(info: CheckpointInfo, known: CheckpointInfo) -> CheckpointInfo:
    """Return `info` with the adaptive thresholds of `known`, if that is of the same network.

    Too few shapes to fit them to are also too few to move the probabilities far from those that
    they were fitted to; one threshold for all photos, on the other hand, loses thin parts.
    """
    if known.platt is None or known.spec != info.spec:
        return info
    return replace(info, platt=known.platt, outline=known.outline, scales=known.scales)


def describe_thresholds(info: CheckpointInfo, init: str | None) -> str | None:
    """Return a message about thresholds that were not fitted to the data set, None if they were.

    `info` is that of the calibrated checkpoint of a run that started from `init`.
    """
    if "validation_iou_adapted" in info.scores:
        return None
    instead = "all photos get the same one" if info.platt is None else f"those of {init} are kept"
    return f"{SETTINGS.fewest_shapes} validation shapes are needed to adapt thresholds: {instead}"
