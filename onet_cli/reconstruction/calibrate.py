"""Calibration of a checkpoint on the data sets that it was trained on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import EmptySurfaceError
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.normals import vertex_normals
from onet_cli.models.calibration import Calibration, Familiarity, Reliability
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.reconstruction.calibration_settings import CalibrationSettings
from onet_cli.reconstruction.confidence import Field, claimed_confidence, fit_reliability
from onet_cli.reconstruction.generator import MeshGenerator, stand
from onet_cli.reconstruction.known_views import (
    BATCH,
    Progress,
    View,
    draw_views,
    look_at_views,
    view_picture,
)
from onet_cli.reconstruction.out_of_distribution import fit_familiarity
from onet_cli.reconstruction.settings import plain_settings
from onet_cli.reconstruction.trials import fit_trials, measure_trials
from onet_cli.shapes.photo_resize import resize_planes
from onet_cli.shapes.store import ShapeStore

COUNTS = ("training_views", "validation_views")
"""Names of the numbers of encoded views among a calibration's notes."""

VERTICES = 2000
"""Sampled vertices per mesh, so that large meshes do not count more."""


def calibrate(
    checkpoint: Checkpoint,
    stores: Sequence[ShapeStore],
    settings: CalibrationSettings | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> Calibration:
    """Return the calibration of `checkpoint`.

    The out-of-distribution score is fitted to the codes of views of the split `train`, and scaled
    by those of `val`. The reliability of vertex confidence is measured on meshes of `val` views
    against the stored surfaces. With `doubt_views`, the predictor of bad meshes is fitted to views
    of `val` of the first data set.

    Args:
        checkpoint: The network, with its threshold.
        stores: The data sets that it was trained on, weighted equally.
        settings: Sample sizes.
        progress: Called with the name of a stage, its finished and its total items.

    Raises:
        StoreError: no store has views in the split `train` or `val`, or a shape cannot be read.
        EmptySurfaceError: no validation view gives a mesh.
    """
    settings = settings or CalibrationSettings()
    rng = np.random.default_rng(settings.seed)
    known = checkpoint.calibration
    if known is not None and settings.training_views == 0:
        familiarity, counts = known.familiarity, {name: known.data.get(name, 0) for name in COUNTS}
    else:
        familiarity, counts = _fit_codes(checkpoint, stores, settings, rng, progress)
    reliability, meshes = _measure(checkpoint, stores, settings, rng, progress)
    data = {
        "sources": [store.info.source for store in stores],
        **counts,
        "meshes": meshes,
        "threshold": checkpoint.info.threshold,
    }
    # The front head depends only on the network's weights, so it is kept.
    found = Calibration(
        reliability, familiarity, data, front=None if known is None else known.front
    )
    if settings.doubt_views == 0:
        return found
    measured = replace(checkpoint, calibration=found)
    # Of the first set only, as for thresholds: meshes of other sets are bad for other reasons.
    trials = list(
        measure_trials(measured, stores[:1], "val", settings.doubt_views, progress=progress)
    )
    return replace(found, doubt=fit_trials(trials))


def _fit_codes(
    checkpoint: Checkpoint,
    stores: Sequence[ShapeStore],
    settings: CalibrationSettings,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[Familiarity, dict[str, int]]:
    """Return the distribution of codes, and the numbers of views (`COUNTS`) that it is of."""
    codes = {}
    for split, count in (("train", settings.training_views), ("val", settings.validation_views)):
        views = draw_views(stores, split, count, rng)
        codes[split] = _encode(checkpoint, views, lambda *done: progress("codes", *done))
    counts = dict(zip(COUNTS, map(len, codes.values()), strict=True))
    return fit_familiarity(codes["train"], codes["val"], settings.seed), counts


def _encode(
    checkpoint: Checkpoint,
    views: Sequence[View],
    progress: Callable[[int, int], None],
) -> NDArray[np.float32]:
    """Return the describing part (N, D) of the codes of N views."""
    size, codes = checkpoint.info.spec.image_size, []
    for start in range(0, len(views), BATCH):
        batch = views[start : start + BATCH]
        pixels = np.stack([resize_planes(view_picture(view), size) for view in batch])
        codes.append(checkpoint.describing(checkpoint.encode(pixels)))
        progress(start + len(batch), len(views))
    return np.concatenate(codes)


def _measure(
    checkpoint: Checkpoint,
    stores: Sequence[ShapeStore],
    settings: CalibrationSettings,
    rng: np.random.Generator,
    progress: Progress,
) -> tuple[Reliability, int]:
    """Return the reliability of vertex confidence, and the number of meshes used."""
    generator = MeshGenerator(checkpoint, plain_settings(settings.resolution))
    views = draw_views(stores, "val", settings.meshes, rng)
    pairs = list(_claims(generator, views, rng, lambda *done: progress("meshes", *done)))
    if not pairs:
        raise EmptySurfaceError("no validation view gives a mesh", hint="train the network first")
    claimed, distances = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return fit_reliability(claimed, distances), len(pairs)


def _claims(
    generator: MeshGenerator,
    views: Sequence[View],
    rng: np.random.Generator,
    progress: Callable[[int, int], None],
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Yield for each mesh the raw confidence of vertices, and their distances to the truth.

    Photos that give no mesh are skipped.
    """
    for done, (view, made, seen) in enumerate(look_at_views(generator, views), start=1):
        field = made.field
        ask: Field = made.bare
        try:
            mesh, _ = generator.extract(field)
        except EmptySurfaceError:
            continue
        if seen is not None:
            mesh, ask = stand(mesh, made.bare)
        vertices = np.asarray(mesh.vertices)
        normals = vertex_normals(vertices, np.asarray(mesh.faces))
        chosen = rng.permutation(len(vertices))[:VERTICES]
        places = vertices[chosen] if seen is None else seen.turned(vertices[chosen])
        distances, _ = nearest(places, view[0].read_surface(view[1]).points)
        yield claimed_confidence(ask, vertices[chosen], normals[chosen]), distances
        progress(done, len(views))
