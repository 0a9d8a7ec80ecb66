"""Meshes of views with known truth, to which the predictor of bad meshes is fitted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from onet_cli.errors import EmptySurfaceError
from onet_cli.geometry.inside import contains
from onet_cli.geometry.yaw import best_turn
from onet_cli.models.calibration import Doubt
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.reconstruction.doubt import BAD_IOU, Signs, fit_doubt
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.known_views import Progress, draw_views, view_picture
from onet_cli.reconstruction.settings import GeneratorSettings
from onet_cli.shapes.store import ShapeStore

DOUBT_POINTS = 4096
"""Number of leading stored points used to measure the IoU of a mesh."""


@dataclass(frozen=True)
class Trial:
    """A view with ground truth: its shape, the indicators of its mesh, and its IoU.

    The IoU is that of the written mesh at the best rotation about +y. `signs` is None if there is
    no mesh.
    """

    shape: str
    view: int
    iou: float
    signs: Signs | None


def measure_trials(
    checkpoint: Checkpoint,
    stores: Sequence[ShapeStore],
    split: str,
    count: int,
    seed: int = 0,
    progress: Progress = lambda stage, done, total: None,
) -> Iterator[Trial]:
    """Yield up to `count` views of a split, reconstructed by `checkpoint` with default settings.

    Raises:
        StoreError: no store has views in that split, or a shape cannot be read.
    """
    settings = GeneratorSettings(color=False, signs=True)
    generator = MeshGenerator(checkpoint, settings)
    views = draw_views(stores, split, count, np.random.default_rng(seed))
    for done, view in enumerate(views):
        progress("doubts", done, len(views))
        store, shape_id, number = view
        try:
            made = generator.generate(view_picture(view))
        except EmptySurfaceError:
            yield Trial(str(shape_id), number, 0.0, None)
            continue
        samples = store.read_occupancy(shape_id)
        points = samples.points[:DOUBT_POINTS].astype(np.float32)
        inside = partial(contains, made.mesh)
        _, iou = best_turn(inside, points, samples.occupancies[:DOUBT_POINTS])
        yield Trial(str(shape_id), number, iou, made.signs)
    progress("doubts", len(views), len(views))


def fit_trials(trials: Sequence[Trial]) -> Doubt | None:
    """Fit a predictor of bad meshes to `trials`; None if there are too few of either kind."""
    made = [(trial, trial.signs) for trial in trials if trial.signs is not None]
    bad = np.array([trial.iou < BAD_IOU for trial, _ in made], np.bool_)
    return fit_doubt([signs for _, signs in made], bad, [trial.shape for trial, _ in made])
