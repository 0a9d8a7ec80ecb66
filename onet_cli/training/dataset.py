"""Training samples from a store: one view and one chunk of points of a shape each."""

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
    """Samples side by side.

    `images` is (B, 3, H, W) uint8, `points` (B, T, 3) float32 in the unit-cube frame,
    `occupancies` (B, T) float32 of 0 and 1, and `weights` (B, T) float32 what each point counts:
    1 under uniform sampling, and under balanced sampling whatever restores the uniform mean.
    `cameras` (B, 8) float32 are the pictures', as in `shapes.camera`, NaN where unknown, and
    `symmetry` (B, 36) float32 the shapes', as in `shapes.symmetry`, NaN where it is not asked for.
    """

    images: Tensor
    points: Tensor
    occupancies: Tensor
    weights: Tensor
    cameras: Tensor
    symmetry: Tensor


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
    """What has to be known of a shape to draw a sample of it."""

    @property
    def view_count(self) -> int:
        """Pictures stored."""

    def rows(self, near: bool) -> int:
        """Return how many points are stored: of all of them, or of those `near` the surface."""

    def inside(self, near: bool, chunk: int) -> NDArray[np.bool_]:
        """Return the occupancies of one chunk of them."""


class PartDraw(NamedTuple):
    """Points of one chunk, of all or of those `near` the surface."""

    near: bool
    chunk: int
    points: PointDraw


@dataclass(frozen=True)
class SampleDraw:
    """Which picture and which points of a shape make up a sample."""

    view: int
    parts: tuple[PartDraw, ...]


def draw_sample(shape: Drawable, config: TrainingConfig, draw: Draw) -> SampleDraw:
    """Return what the sample `draw` of `shape` is made of: a function of these and the seed."""
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

    Those of a second set, `extra`, are numbered after them. With `cameras`, each picture has to
    have one; with `symmetry`, how shapes mirror themselves is found.
    """

    def __init__(
        self,
        root: Path,
        config: TrainingConfig,
        extra: Path | None = None,
        cameras: bool = False,
        symmetry: bool = False,
    ) -> None:
        self.config, self.cameras, self._symmetry = config, cameras, symmetry
        self.store, self.ids = _training_shapes(root)
        self._reader = SampleReader(self.store)
        self.extra_ids: list[ShapeId] = []
        if extra is not None:
            self.extra_store, self.extra_ids = _training_shapes(extra)
            self._extra_reader = SampleReader(self.extra_store)

    def __len__(self) -> int:
        return len(self.ids) + len(self.extra_ids)

    def find(self, index: int) -> tuple[SampleReader, ShapeId]:
        """Return shape number `index` and what reads its set."""
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
        """Return how shape number `index` mirrors itself, (36,); NaN where it is not asked for."""
        if not self._symmetry:
            return no_symmetry()
        reader, shape = self.find(index)
        return reader.symmetry(shape)


class _File:
    """An open file as `draw_sample` wants it; the chunk it looked at is read once."""

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
    """Return how many points near the surface are stored.

    Raises:
        StoreError: none are.
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
    """Return the numbers of `camera`, (8,) or those of several views, (K, 8).

    Raises:
        StoreError: cameras are needed, and one is not known.
    """
    if needed and np.isnan(camera).any():
        raise StoreError(
            f"{shape} has pictures without cameras, and this network learns where they were taken",
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
    """Fixed samples of `ids`: some views of each, spread over its turn, and its first chunk.

    At most about `samples` of them: a small split is seen from several sides, so that its score
    does not hang on a lucky view.
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
