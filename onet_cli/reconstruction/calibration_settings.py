"""Sample sizes of a calibration."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CalibrationSettings:
    """Sample sizes: encoded views of each split, views for thresholds, and validation meshes.

    With 0 `training_views`, a known distribution of codes is kept.

    The predictor of bad meshes is fitted to `doubt_views` validation views; 0 omits it. Adaptive
    thresholds, which have two parameters, need `fewest_shapes` validation shapes.
    """

    training_views: int = 8192
    validation_views: int = 2048
    cut_views: int = 576
    meshes: int = 200
    resolution: int = 64
    seed: int = 0
    doubt_views: int = 0
    fewest_shapes: int = 24
