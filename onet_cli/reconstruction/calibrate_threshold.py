"""Calibration of the adaptive threshold, and of the sizes of a photo that are averaged."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.metrics import occupancy_iou
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.reconstruction.calibration_settings import CalibrationSettings
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.known_views import Progress, View, draw_views, look_at_views
from onet_cli.reconstruction.outline import OutlineFit, between, fit_outline
from onet_cli.reconstruction.settings import GeneratorSettings
from onet_cli.reconstruction.threshold import POINTS, best_cut, falling_logits, fit_platt
from onet_cli.shapes.store import ShapeStore

OUTLINE_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
OUTLINE_COST = 0.01
"""Candidate shares of the way from thresholds to those of outlines, and the allowed loss of mean
IoU."""

SCALES = (1.0, 0.8)
SCALE_GAIN = 0.002
"""Scales of the photo over which fields may be averaged, and the gain in IoU at points of
validation views that is worth the time."""


def calibrate_threshold(
    checkpoint: Checkpoint,
    store: ShapeStore,
    settings: CalibrationSettings | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Checkpoint:
    """Return `checkpoint` with an adaptive threshold per photo (`reconstruction.threshold`).

    It is fitted to views of the split `val` of `store`. Their IoU, measured on the same views, is
    stored among the scores as `validation_iou_adapted`. For networks of the picture's frame, it is
    fitted to the field of the photo alone and to the mean over `SCALES`, and the mean is chosen if
    its IoU is higher by `SCALE_GAIN`.

    Raises:
        StoreError: the split `val` has no views, or a shape cannot be read.
    """
    settings = settings or CalibrationSettings()
    views = draw_views([store], "val", settings.cut_views, np.random.default_rng(settings.seed))
    best, best_iou = checkpoint, -math.inf
    candidates = ((1.0,), SCALES) if checkpoint.info.spec.frame == "picture" else ((1.0,),)
    for scales in candidates:
        tried = replace(checkpoint, info=replace(checkpoint.info, scales=scales))
        found = _fit_threshold(tried, views, settings.seed, progress)
        iou = found.info.scores["validation_iou_adapted"]
        if iou >= best_iou + SCALE_GAIN:
            best, best_iou = found, iou
    return best


def _fit_threshold(
    checkpoint: Checkpoint, views: Sequence[View], seed: int, progress: Progress
) -> Checkpoint:
    """Return `checkpoint` with the adaptive threshold of its `scales`, fitted to `views`."""
    rng = np.random.default_rng(seed)
    plain = GeneratorSettings(smooth=False, gaps=False, thin=False, depth=False)
    generator = MeshGenerator(checkpoint, plain)
    cuts = []
    for done, (view, made, seen) in enumerate(look_at_views(generator, views), start=1):
        samples = view[0].read_occupancy(view[1])
        chosen = rng.choice(len(samples.points), POINTS)
        points = samples.points[chosen]
        logits = made.field(points if seen is None else seen.to_network(points))
        fit = None
        if made.camera is not None and made.mask is not None:
            fit = fit_outline(made.field, made.camera, made.mask)
        inside = samples.occupancies[chosen]
        cuts.append(_Cut(logits, inside, falling_logits(made.field), fit))
        progress("thresholds", done, len(views))
    platt, iou = fit_platt(
        np.stack([cut.logits for cut in cuts]), np.stack([cut.inside for cut in cuts])
    )
    share = _outline_share(cuts, platt, checkpoint.info.threshold)
    scores = checkpoint.info.scores | {"validation_iou_adapted": round(iou, 4)}
    info = replace(checkpoint.info, platt=platt, outline=share, scores=scores)
    return replace(checkpoint, info=info)


class _Cut(NamedTuple):
    """A validation view: logits (N,) at points, their occupancy, and data for its threshold."""

    logits: NDArray[np.float32]
    inside: NDArray[np.bool_]
    falling: NDArray[np.float64]
    outline: OutlineFit | None


def _outline_share(cuts: Sequence[_Cut], platt: tuple[float, float], usual: float) -> float:
    """Return the largest share towards outline thresholds that costs `OUTLINE_COST` at most."""
    if all(cut.outline is None for cut in cuts):
        return 0.0
    ious = []
    for share in OUTLINE_SHARES:
        found = []
        for cut in cuts:
            threshold = best_cut(cut.falling, platt, usual)
            level = math.log(threshold / (1 - threshold))
            if cut.outline is not None:
                level = between(level, cut.outline, share)
            taken = cut.logits >= level
            if (taken | cut.inside).any():
                found.append(occupancy_iou(taken, cut.inside))
        ious.append(float(np.mean(found)))
    cheap = [
        s for s, iou in zip(OUTLINE_SHARES, ious, strict=True) if iou >= ious[0] - OUTLINE_COST
    ]
    return max(cheap)
