"""One evaluation from paths to table: data set and checkpoint in, scores out."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli import __version__
from onet_cli.evaluation.evaluate import F_SCORE_DISTANCE, Predict, evaluate_shapes
from onet_cli.evaluation.selection import category_names, select_shapes
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.table import EvaluationFacts, EvaluationTable
from onet_cli.models.checkpoint import Checkpoint, find_checkpoint, load_checkpoint
from onet_cli.reconstruction.generator import GeneratorSettings, MeshGenerator
from onet_cli.shapes.info import FORMAT_VERSION
from onet_cli.shapes.store import ShapeStore


def evaluate_checkpoint(
    data: Path,
    checkpoint: str | Path,
    settings: EvaluationSettings,
    device: str = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> EvaluationTable:
    """Return the scores of a checkpoint (a path or a shipped name) on the data set in `data`.

    Raises:
        StoreError: there is no data set, or nothing to score in it.
        UnknownNameError: there is no such split or category.
        CheckpointError: the checkpoint cannot be read.
    """
    store = ShapeStore.open(data)
    ids = select_shapes(store, settings)
    loaded = load_checkpoint(checkpoint, device)
    generator = MeshGenerator(
        loaded, GeneratorSettings(settings.resolution, settings.protocol.rules.threshold)
    )
    results, unscored = evaluate_shapes(store, ids, predict_with(generator), settings, progress)
    return EvaluationTable(
        facts=_facts(store, str(checkpoint), generator.threshold, loaded, settings),
        objects=results,
        names=category_names(store),
        unscored=unscored,
    )


def predict_with(generator: MeshGenerator) -> Predict:
    """Return `generator` as a function from a view, (H, W, 3) uint8, to a mesh."""

    def predict(image: NDArray[np.uint8]) -> Trimesh:
        planes = np.ascontiguousarray(image.transpose(2, 0, 1))
        return generator.generate(torch.from_numpy(planes)).mesh

    return predict


def _facts(
    store: ShapeStore,
    checkpoint: str,
    threshold: float,
    loaded: Checkpoint,
    settings: EvaluationSettings,
) -> EvaluationFacts:
    with find_checkpoint(checkpoint).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return EvaluationFacts(
        protocol=settings.protocol.value,
        split=settings.split,
        view=settings.view,
        threshold=threshold,
        resolution=settings.resolution,
        mesh_samples=settings.mesh_samples,
        f_score_distance=F_SCORE_DISTANCE,
        seed=settings.seed,
        checkpoint_path=checkpoint,
        checkpoint_sha256=digest,
        model=loaded.info.spec.name,
        data_path=store.root.as_posix(),
        data_format_version=FORMAT_VERSION,
        data_source=store.info.source,
        onet_version=__version__,
    )
