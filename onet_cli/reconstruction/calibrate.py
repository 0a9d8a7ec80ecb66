"""Calibration of a checkpoint on the data sets that it was trained on."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import EmptySurfaceError, StoreError, UnknownNameError
from onet_cli.geometry.inside import contains
from onet_cli.geometry.metrics import occupancy_iou
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.normals import vertex_normals
from onet_cli.geometry.yaw import best_turn
from onet_cli.models.calibration import Calibration, Doubt, Familiarity, Reliability
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.reconstruction.confidence import Field, claimed_confidence, fit_reliability
from onet_cli.reconstruction.doubt import BAD_IOU, Signs, fit_doubt
from onet_cli.reconstruction.generator import (
    Impression,
    MeshGenerator,
    stand,
)
from onet_cli.reconstruction.out_of_distribution import fit_familiarity
from onet_cli.reconstruction.outline import OutlineFit, between, fit_outline
from onet_cli.reconstruction.seen_view import SeenView
from onet_cli.reconstruction.settings import GeneratorSettings, plain_settings
from onet_cli.reconstruction.threshold import POINTS, best_cut, falling_logits, fit_platt
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.photo_resize import resize_planes
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore

BATCH = 32
OUTLINE_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
OUTLINE_COST = 0.01
"""Candidate shares of the way from thresholds to those of outlines, and the allowed loss of mean
IoU."""

SCALES = (1.0, 0.8)
SCALE_GAIN = 0.002
"""Scales of the photo over which fields may be averaged, and the gain in IoU at points of
validation views that is worth the time."""

DOUBT_POINTS = 4096
"""Number of leading stored points used to measure the IoU of a mesh."""

COUNTS = ("training_views", "validation_views")
"""Names of the numbers of encoded views among a calibration's notes."""

VERTICES = 2000
"""Sampled vertices per mesh, so that large meshes do not count more."""

View = tuple[ShapeStore, ShapeId, int]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CalibrationSettings:
    """Sample sizes: encoded views of each split, views for thresholds, and validation meshes.

    With 0 `training_views`, a known distribution of codes is kept.

    The predictor of bad meshes is fitted to `doubt_views` validation views; 0 omits it.
    """

    training_views: int = 8192
    validation_views: int = 2048
    cut_views: int = 576
    meshes: int = 200
    resolution: int = 64
    seed: int = 0
    doubt_views: int = 0


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
    generator = MeshGenerator(checkpoint, GeneratorSettings(thin=False))
    cuts = []
    for done, (view, made, seen) in enumerate(_looks(generator, views), start=1):
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


def draw_views(
    stores: Sequence[ShapeStore], split: str, count: int, rng: np.random.Generator
) -> list[View]:
    """Return up to `count` distinct views of a split, balanced over stores, in random order.

    Views of a store are spread evenly over its shapes. Stores without the split are skipped.

    Raises:
        StoreError: no store has views in that split.
    """
    share = -(-count // len(stores))
    views = [view for store in stores for view in _draw(store, split, share, rng)]
    if not views:
        where = ", ".join(str(store.root) for store in stores)
        raise StoreError(f"the split {split!r} of {where} has no views")
    return [views[n] for n in rng.permutation(len(views))][:count]


def _draw(store: ShapeStore, split: str, count: int, rng: np.random.Generator) -> list[View]:
    try:
        ids = store.ids(split)
    except UnknownNameError:
        return []
    orders = [rng.permutation(store.view_count(shape_id)) for shape_id in ids]
    depth = max(map(len, orders), default=0)
    rounds = (
        [(ids[n], int(orders[n][k])) for n in rng.permutation(len(ids)) if k < len(orders[n])]
        for k in range(depth)
    )
    return [(store, *view) for one_each in rounds for view in one_each][:count]


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
    for done, (view, made, seen) in enumerate(_looks(generator, views), start=1):
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


def _looks(
    generator: MeshGenerator, views: Sequence[View]
) -> Iterator[tuple[View, Impression, SeenView | None]]:
    """Yield each view, its impression and, in the picture's frame, its camera.

    Raises:
        StoreError: the network needs the view's camera, which is unknown.
    """
    for start in range(0, len(views), BATCH):
        batch = views[start : start + BATCH]
        made = generator.look_at([view_picture(view) for view in batch])
        for view, impression in zip(batch, made, strict=True):
            yield view, impression, _seen(view, impression)


def _seen(view: View, made: Impression) -> SeenView | None:
    """Return the camera of a view for a network of the picture's frame, else None."""
    if made.camera is None:
        return None
    store, shape_id, number = view
    row = store.read_cameras(shape_id)[number]
    if np.isnan(row).any():
        raise StoreError(f"{shape_id} has no camera for view {number}, which this network needs")
    return SeenView.of(row, made.camera)


def view_picture(view: View) -> NDArray[np.uint8]:
    """Return a view as uint8 (3, H, W)."""
    store, shape_id, number = view
    pixels = decode_view(store.read_view(shape_id, number))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))
