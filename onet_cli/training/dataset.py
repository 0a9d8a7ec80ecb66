"""Training samples from a store: one view and one chunk of points of a shape each."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from onet_cli.errors import StoreError
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import OccupancySamples, ShapeId
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.config import Sampling
from onet_cli.training.draws import Draw


class Batch(NamedTuple):
    """Samples side by side.

    `images` is (B, 3, H, W) uint8, `points` (B, T, 3) float32 in the unit-cube frame,
    `occupancies` (B, T) float32 of 0 and 1, and `weights` (B, T) float32 what each point counts:
    1 under uniform sampling, and under balanced sampling whatever restores the uniform mean.
    """

    images: Tensor
    points: Tensor
    occupancies: Tensor
    weights: Tensor


@dataclass(frozen=True)
class PointDraw:
    """Rows of a chunk, (T,), and the weight of each, (T,) float32."""

    rows: NDArray[np.int64]
    weights: NDArray[np.float32]


def draw_points(
    occupancies: NDArray[np.bool_], count: int, sampling: Sampling, rng: np.random.Generator
) -> PointDraw:
    """Return `count` rows of a chunk whose `occupancies` are (N,).

    Uniform sampling takes a window of the chunk, which lies in random order on disk. Balanced
    sampling takes half of the points inside and half outside, with replacement, and weighs them
    so that a weighted mean estimates the same as a uniform one. A chunk that is all inside or
    all outside is drawn uniformly.
    """
    total = len(occupancies)
    inside = np.flatnonzero(occupancies)
    if sampling == "uniform" or len(inside) in (0, total):
        rows = (rng.integers(total) + np.arange(count)) % total
        return PointDraw(rows, np.ones(count, dtype=np.float32))
    outside = np.flatnonzero(~occupancies)
    half = count // 2
    rows = np.concatenate([rng.choice(inside, half), rng.choice(outside, count - half)])
    share = len(inside) / total
    weights = np.empty(count, dtype=np.float32)
    weights[:half] = share * count / max(half, 1)
    weights[half:] = (1 - share) * count / (count - half)
    return PointDraw(rows, weights)


class OccupancyDataset(Dataset[Batch]):
    """One split of a store, as unbatched samples addressed by `Draw`."""

    def __init__(
        self, root: Path, ids: list[ShapeId], points: int, sampling: Sampling, seed: int
    ) -> None:
        if not ids:
            raise StoreError(f"{root} has no shapes to train on", hint="check its *.lst files")
        self.store = ShapeStore.open(root)
        self.ids, self.points, self.sampling, self.seed = ids, points, sampling, seed

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, draw: Draw) -> Batch:
        index, this_pass = draw
        shape = self.ids[index]
        rng = np.random.default_rng([self.seed, this_pass, index])
        view = int(rng.integers(self.store.view_count(shape)))
        chunk = int(rng.integers(self.store.chunk_count(shape)))
        picture = decode_view(self.store.read_view(shape, view))
        samples = self.store.read_chunk(shape, chunk)
        return _assemble(picture, samples, self._draw(samples, rng))

    def _draw(self, samples: OccupancySamples, rng: np.random.Generator) -> PointDraw:
        return draw_points(samples.occupancies, self.points, self.sampling, rng)


class ValidationDataset(Dataset[Batch]):
    """Fixed samples: of each shape one view (spread over the shapes) and its first chunk."""

    def __init__(self, root: Path, ids: list[ShapeId], points: int) -> None:
        self.store, self.ids, self.points = ShapeStore.open(root), ids, points

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> Batch:
        shape = self.ids[index]
        picture = decode_view(self.store.read_view(shape, index % self.store.view_count(shape)))
        samples = self.store.read_chunk(shape, 0)
        rows = np.arange(self.points) % len(samples.occupancies)
        return _assemble(picture, samples, PointDraw(rows, np.ones(self.points, np.float32)))


def _assemble(picture: NDArray[np.uint8], samples: OccupancySamples, draw: PointDraw) -> Batch:
    return Batch(
        torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))),
        torch.from_numpy(samples.points[draw.rows].astype(np.float32)),
        torch.from_numpy(samples.occupancies[draw.rows].astype(np.float32)),
        torch.from_numpy(draw.weights),
    )
