"""Training samples from a data set: one view and one chunk of points of a shape each."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from onet_cli.errors import StoreError
from onet_cli.shapes.layout import OpenShape, SampleReader
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import OccupancySamples, ShapeId
from onet_cli.shapes.store import ShapeStore, chunk_count
from onet_cli.shapes.symmetry import no_symmetry
from onet_cli.training.config import Sampling, TrainingConfig
from onet_cli.training.draws import Draw


class Batch(NamedTuple):
    """A batch of samples.

    `images` is (B, 3, H, W) uint8, `points` (B, T, 3) float32 in the unit-cube frame,
    `occupancies` (B, T) float32 of 0 and 1, and `weights` (B, T) float32 the weights of points:
    1 with uniform sampling, importance weights with balanced sampling.
    `cameras` (B, 8) float32 are as in `shapes.camera`, NaN if unknown, and `symmetry` (B, 36)
    float32 as in `shapes.symmetry`, NaN if not requested.
    """

    images: Tensor
    points: Tensor
    occupancies: Tensor
    weights: Tensor
    cameras: Tensor
    symmetry: Tensor


@dataclass(frozen=True)
class PointDraw:
    """Rows (T,) of a chunk and their weights (T,) float32."""

    rows: NDArray[np.int64]
    weights: NDArray[np.float32]


def draw_points(
    occupancies: NDArray[np.bool_], count: int, sampling: Sampling, rng: np.random.Generator
) -> PointDraw:
    """Sample `count` rows of a chunk with `occupancies` (N,).

    Uniform sampling takes a window of the chunk, which is stored in random order. Balanced sampling
    takes half of the points inside and half outside, with replacement, with weights that make the
    weighted mean unbiased. A chunk that is all inside or all outside is sampled uniformly.
    """
    total = len(occupancies)
    inside = np.flatnonzero(occupancies) if sampling == "balanced" else occupancies[:0]
    if len(inside) in (0, total):
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


class Drawable(Protocol):
    """Interface of a shape for drawing samples."""

    @property
    def view_count(self) -> int:
        """Number of stored views."""

    def rows(self, near: bool) -> int:
        """Return the number of stored points, in the cube or `near` the surface."""

    def inside(self, near: bool, chunk: int) -> NDArray[np.bool_]:
        """Return the occupancies of one chunk."""


class PartDraw(NamedTuple):
    """Points of one chunk, in the cube or `near` the surface."""

    near: bool
    chunk: int
    points: PointDraw


@dataclass(frozen=True)
class SampleDraw:
    """The view and the points of a sample."""

    view: int
    parts: tuple[PartDraw, ...]


def draw_sample(shape: Drawable, config: TrainingConfig, draw: Draw) -> SampleDraw:
    """Select the view and points of a sample, determined by `shape`, `draw` and the seed."""
    index, this_pass = draw
    rng = np.random.default_rng([config.seed, this_pass, index])
    near = round(config.points * config.near)
    view = int(rng.integers(shape.view_count))
    chunk = int(rng.integers(chunk_count(shape.rows(near=False))))
    parts = []
    if near < config.points:
        inside = shape.inside(near=False, chunk=chunk)
        points = draw_points(inside, config.points - near, config.sampling, rng)
        parts.append(PartDraw(near=False, chunk=chunk, points=points))
    if near:
        chunk = int(rng.integers(chunk_count(shape.rows(near=True))))
        inside = shape.inside(near=True, chunk=chunk)
        points = draw_points(inside, near, "uniform", rng)
        parts.append(PartDraw(near=True, chunk=chunk, points=points))
    return SampleDraw(view, tuple(parts))


class OccupancyDataset(Dataset[Batch]):
    """The training shapes of a data set, as unbatched samples addressed by `Draw`.

    Shapes of a second set, `extra`, have the indices after them. With `cameras`, every view must
    have a camera; with `symmetry`, the mirror symmetry of shapes is included.
    """

    def __init__(
        self,
        root: Path,
        config: TrainingConfig,
        extra: Path | None = None,
        cameras: bool = False,
        symmetry: bool = False,
    ) -> None:
        self.config, self.cameras, self.with_symmetry = config, cameras, symmetry
        self.store, self.ids = _training_shapes(root)
        self._reader = SampleReader(self.store)
        self.extra_ids: list[ShapeId] = []
        if extra is not None:
            self.extra_store, self.extra_ids = _training_shapes(extra)
            self._extra_reader = SampleReader(self.extra_store)

    def __len__(self) -> int:
        return len(self.ids) + len(self.extra_ids)

    def find(self, index: int) -> tuple[SampleReader, ShapeId]:
        """Return the shape at `index` and the reader of its data set."""
        if index < len(self.ids):
            return self._reader, self.ids[index]
        return self._extra_reader, self.extra_ids[index - len(self.ids)]

    def __getitem__(self, draw: Draw) -> Batch:
        reader, shape = self.find(draw[0])
        with reader.open(shape) as file:
            source = _File(shape, file)
            sample = draw_sample(source, self.config, draw)
            parts = [(source.chunk(part.near, part.chunk), part.points) for part in sample.parts]
            camera = check_camera(file.camera(sample.view), shape, self.cameras)
            picture = decode_view(file.view(sample.view))
        return _assemble(picture, parts, camera, self.symmetry(draw[0]))

    def symmetry(self, index: int) -> NDArray[np.float32]:
        """Return the mirror symmetry (36,) of the shape at `index`, NaN if not requested."""
        if not self.with_symmetry:
            return no_symmetry()
        reader, shape = self.find(index)
        return reader.symmetry(shape)


class _File:
    """An open file with the interface of `Drawable`; each chunk is read once."""

    def __init__(self, shape: ShapeId, file: OpenShape) -> None:
        self._shape, self._file = shape, file
        self._chunks: dict[bool, OccupancySamples] = {}

    @property
    def view_count(self) -> int:
        return self._file.view_count

    def rows(self, near: bool) -> int:
        return near_rows(self._shape, self._file) if near else self._file.layout.points.rows

    def inside(self, near: bool, chunk: int) -> NDArray[np.bool_]:
        return self.chunk(near, chunk).occupancies

    def chunk(self, near: bool, chunk: int) -> OccupancySamples:
        if near not in self._chunks:
            read = self._file.near_chunk if near else self._file.chunk
            self._chunks[near] = read(chunk)
        return self._chunks[near]


def near_rows(shape: ShapeId, file: OpenShape) -> int:
    """Return the number of stored points near the surface.

    Raises:
        StoreError: there are none.
    """
    if file.layout.near is None or file.layout.near.rows == 0:
        raise StoreError(
            f"{shape} has no points near the surface",
            hint="run `onet preprocess` with --near-points, or train with --near 0",
        )
    return file.layout.near.rows


def check_camera(
    camera: NDArray[np.float32], shape: ShapeId, needed: bool = True
) -> NDArray[np.float32]:
    """Return `camera`, (8,) or (K, 8) for several views, after checking it.

    Raises:
        StoreError: a required camera is unknown.
    """
    if needed and np.isnan(camera).any():
        raise StoreError(
            f"{shape} has views without cameras, which this network needs for training",
            hint="convert a source with cameras, or train another model, such as onet-small",
        )
    return camera


def _training_shapes(root: Path) -> tuple[ShapeStore, list[ShapeId]]:
    store = ShapeStore.open(root)
    ids = store.ids("train")
    if not ids:
        raise StoreError(f"{root} has no shapes to train on", hint="check its *.lst files")
    return store, ids


class ValidationDataset(Dataset[Batch]):
    """Fixed samples of `ids`: views spread over those stored, and the first chunk of points.

    There are about `samples` at most. A small split has several views per shape, which reduces the
    variance of its score.
    """

    def __init__(
        self, root: Path, ids: list[ShapeId], points: int, samples: int, cameras: bool = False
    ) -> None:
        self.store, self.ids, self.points = ShapeStore.open(root), ids[:samples], points
        self.cameras = cameras
        stored = min((self.store.view_count(shape) for shape in self.ids), default=0)
        self.views = max(1, min(stored, samples // max(1, len(self.ids))))

    def __len__(self) -> int:
        return len(self.ids) * self.views

    def __getitem__(self, index: int) -> Batch:
        turn, number = divmod(index, len(self.ids))
        shape = self.ids[number]
        stored = self.store.view_count(shape)
        view = (number + turn * stored // self.views) % stored
        picture = decode_view(self.store.read_view(shape, view))
        camera = check_camera(self.store.read_cameras(shape)[view], shape, self.cameras)
        samples = self.store.read_chunk(shape, 0)
        rows = np.arange(self.points) % len(samples.occupancies)
        draw = PointDraw(rows, np.ones(self.points, np.float32))
        return _assemble(picture, [(samples, draw)], camera, no_symmetry())


def _assemble(
    picture: NDArray[np.uint8],
    parts: list[tuple[OccupancySamples, PointDraw]],
    camera: NDArray[np.float32],
    symmetry: NDArray[np.float32],
) -> Batch:
    points = np.concatenate([samples.points[draw.rows] for samples, draw in parts])
    inside = np.concatenate([samples.occupancies[draw.rows] for samples, draw in parts])
    return Batch(
        torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1))),
        torch.from_numpy(points.astype(np.float32)),
        torch.from_numpy(inside.astype(np.float32)),
        torch.from_numpy(np.concatenate([draw.weights for _, draw in parts])),
        torch.from_numpy(camera.copy()),
        torch.from_numpy(symmetry.copy()),
    )
