"""Baselines: oracle, retrieval and mean shape of the training split.

A model that does not beat the closest training shape may only perform retrieval (Tatarchenko et
al., "What do single-view 3D reconstruction networks learn?", CVPR 2019).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from onet_cli.errors import InvalidOptionError, StoreError
from onet_cli.evaluation.codes import encode_views
from onet_cli.evaluation.measure import Truth, defined_iou
from onet_cli.evaluation.methods import MethodFacts
from onet_cli.evaluation.tasks import Predict, Prediction, Task
from onet_cli.geometry.isosurface import extract_surface
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import OccupancySamples, ShapeId
from onet_cli.shapes.store import ShapeStore

Baseline = Literal["oracle", "oracle-category", "retrieval", "category-mean"]

CELLS = 24
"""Cells per side of the coarse grids; about 7 of 100 000 points fall into each cell."""

CANDIDATES = 5
"""Shapes with the best coarse overlap that the oracle compares at full resolution."""

VIEWS = 6
"""Approximate number of views per training shape for retrieval."""

Grids = NDArray[np.float32]


@dataclass(frozen=True)
class BaselineMethod:
    """Predictions from the training split of the data set in `root`.

    `oracle` returns the training shape with the best IoU with the ground truth; `oracle-category`
    the same within the true category; `retrieval` the training shape with the view whose code is
    nearest to the photo's; `category-mean` the mean shape of the true category.

    Raises:
        InvalidOptionError: `retrieval` without a checkpoint.
    """

    kind: Baseline
    root: Path
    checkpoint: str | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.kind == "retrieval" and self.checkpoint is None:
            raise InvalidOptionError(
                "the retrieval baseline compares codes", hint="add --checkpoint"
            )

    def facts(self) -> MethodFacts:
        """Return the baseline's name; the table's facts identify the data."""
        return MethodFacts(self.checkpoint or "", f"baseline:{self.kind}")

    def files(self, task: Task) -> tuple[Path, ...]:
        """Return an empty tuple: predictions are not read from files."""
        return ()

    def start(self) -> Predict:
        """Read the training split into memory and return the predictor.

        Raises:
            StoreError: there are no training shapes.
        """
        store = ShapeStore.open(self.root)
        ids = store.ids("train")
        if not ids:
            raise StoreError(f"{self.root} has no training shapes to compare with")
        if self.kind == "retrieval":
            assert self.checkpoint is not None
            return _by_code(store, ids, load_checkpoint(self.checkpoint, self.device).network)
        grids = np.stack([coarse_grid(store.read_occupancy(i)) for i in ids])
        if self.kind == "category-mean":
            return _category_mean(ids, grids)
        return _oracle(store, ids, grids, within=self.kind == "oracle-category")


def coarse_grid(samples: OccupancySamples, cells: int = CELLS) -> NDArray[np.float32]:
    """Return the share of inside points per cell of the cube, (cells ** 3,); 0 for empty cells."""
    where = np.clip((samples.points.astype(np.float32) / CUBE_EDGE + 0.5) * cells, 0, cells - 1)
    flat = np.ravel_multi_index(tuple(where.astype(np.int64).T), (cells,) * 3)
    total = np.bincount(flat, minlength=cells**3)
    inside = np.bincount(flat[samples.occupancies], minlength=cells**3)
    return (inside / np.maximum(total, 1)).astype(np.float32)


def overlap(grid: NDArray[np.float32], grids: Grids) -> NDArray[np.float32]:
    """Return the soft IoU of `grid` (K,) with each of `grids` (N, K): sum of minima / of maxima."""
    joint = np.minimum(grid, grids).sum(axis=1)
    either = np.maximum(grid, grids).sum(axis=1)
    return np.asarray(joint / np.maximum(either, 1e-9), np.float32)


def membership(samples: OccupancySamples) -> Callable[[NDArray[np.float32]], NDArray[np.bool_]]:
    """Return a function that labels points (N, 3) by the nearest of `samples`."""
    points = samples.points.astype(np.float32)

    def contains(queries: NDArray[np.float32]) -> NDArray[np.bool_]:
        _, index = nearest(queries, points)
        found: NDArray[np.bool_] = samples.occupancies[index]
        return found

    return contains


def _stored(store: ShapeStore, shape_id: ShapeId) -> Prediction:
    """Return a stored shape as a prediction, with its surface samples and occupancy."""
    return Prediction(
        mesh=None,
        contains=membership(store.read_occupancy(shape_id)),
        surface=store.read_surface(shape_id),
    )


def _oracle(store: ShapeStore, ids: Sequence[ShapeId], grids: Grids, within: bool) -> Predict:
    categories = np.array([shape_id.category for shape_id in ids])

    def predict(task: Task, image: NDArray[np.uint8], truth: Truth) -> Prediction:
        allowed = np.flatnonzero(~within | (categories == task.id.category))
        if len(allowed) == 0:
            return Prediction(None, failure="no training shape of its category")
        coarse = overlap(coarse_grid(truth.occupancy), grids[allowed])
        best = [ids[allowed[k]] for k in np.argsort(-coarse, kind="stable")[:CANDIDATES]]
        points = truth.occupancy.points.astype(np.float32)

        def iou(shape_id: ShapeId) -> float:
            inside = membership(store.read_occupancy(shape_id))(points)
            return defined_iou(inside, truth.occupancy.occupancies) or 0.0

        return _stored(store, max(best, key=iou))

    return predict


def _category_mean(ids: Sequence[ShapeId], grids: Grids) -> Predict:
    keys = sorted({shape_id.category for shape_id in ids})
    members = {key: [n for n, i in enumerate(ids) if i.category == key] for key in keys}
    means = {key: grids[rows].mean(axis=0) for key, rows in members.items()}
    levels = {key: _best_level(means[key], grids[rows]) for key, rows in members.items()}

    def predict(task: Task, image: NDArray[np.uint8], truth: Truth) -> Prediction:
        key = task.id.category
        if key not in means:
            return Prediction(None, failure="no training shape of its category")
        cells = np.pad(means[key].reshape((CELLS,) * 3), 1)
        # Cell centres, padded with empty cells, are the corners of a slightly larger grid.
        return Prediction(extract_surface(cells, levels[key], CUBE_EDGE * (1 + 1 / CELLS)))

    return predict


def _best_level(mean: NDArray[np.float32], grids: Grids) -> float:
    """Return the level with the best mean overlap between the mean shape and its members."""
    candidates = np.linspace(0.1, 0.7, 13)
    scores = [overlap((mean >= level).astype(np.float32), grids).mean() for level in candidates]
    level = float(candidates[int(np.argmax(scores))])
    return min(level, 0.999 * float(mean.max()))


def _by_code(store: ShapeStore, ids: Sequence[ShapeId], network: OccupancyNetwork) -> Predict:
    codes, owners = [], []
    for shape_id in ids:
        count = store.view_count(shape_id)
        for view in range(0, count, max(1, count // VIEWS)):
            codes.append(encode_views(network, [decode_view(store.read_view(shape_id, view))])[0])
            owners.append(shape_id)
    known = torch.stack(codes)

    def predict(task: Task, image: NDArray[np.uint8], truth: Truth) -> Prediction:
        distances = torch.cdist(encode_views(network, [image]), known)[0]
        return _stored(store, owners[int(distances.argmin())])

    return predict
