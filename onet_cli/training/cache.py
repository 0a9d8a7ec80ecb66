"""Cache of all training shapes in memory: decoded images, stored points and labels.

A batch is then assembled by indexing, on the CPU or on a GPU, without files, decoders and loader
processes; its samples are bit for bit those of the data loader.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import torch
from numpy.typing import NDArray

from onet_cli.cores import available_cores
from onet_cli.errors import InvalidOptionError, StoreError
from onet_cli.shapes.layout import OpenShape, SampleReader
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import chunk_count, chunk_range
from onet_cli.training.dataset import (
    Batch,
    OccupancyDataset,
    check_camera,
    draw_sample,
    near_rows,
)
from onet_cli.training.draws import Draw, Draws
from onet_cli.training.memory import free_memory
from onet_cli.training.transfer import to_device

READERS = 8
"""Number of threads that fill the cache."""

FEWEST_FOR_PROCESSES = 1500
"""Shapes whose mirror planes take longer than worker processes to start."""

_BITS = 8


@dataclass(frozen=True)
class _Place:
    """Location of a shape in the cache: its views, its points and those near the surface.

    `starts` are the first rows, multiples of 8, and `counts` the numbers of rows, 0 for points near
    the surface if they are not used.
    """

    first_view: int
    view_count: int
    starts: tuple[int, int]
    counts: tuple[int, int]


@dataclass(frozen=True)
class CachePlan:
    """Layout of a cache; `bytes` is its size."""

    places: tuple[_Place, ...]
    views: int
    rows: int
    picture: tuple[int, int]

    @property
    def bytes(self) -> int:
        """Size: 3 bytes per pixel, 6 bytes and 1 bit per point."""
        height, width = self.picture
        return self.views * 3 * height * width + self.rows * 6 + self.rows // _BITS


def plan_cache(data: OccupancyDataset) -> CachePlan:
    """Return the layout of a cache for `data`, after opening every file.

    Raises:
        StoreError: a shape cannot be read, or lacks required points near the surface.
    """
    places, views, rows = [], 0, 0
    picture = (0, 0)
    for number in range(len(data)):
        reader, shape = data.find(number)
        with reader.open(shape) as file:
            if number == 0:
                picture = decode_view(file.view(0)).shape[:2]
            points = file.layout.points.rows
            near = near_rows(shape, file) if data.config.near else 0
            start = rows + _padded(points)
            places.append(_Place(views, file.view_count, (rows, start), (points, near)))
            views += file.view_count
            rows = start + _padded(near)
    return CachePlan(tuple(places), views, rows, picture)


def check_room(plan: CachePlan, device: torch.device, copies: int = 1) -> None:
    """Check that a cache fits into the free memory.

    Args:
        plan: Layout of the cache.
        device: The CPU or a GPU.
        copies: Number of processes on this machine with a cache each, on the CPU.

    Raises:
        InvalidOptionError: it needs more than is free.
    """
    needed = plan.bytes * (copies if device.type == "cpu" else 1)
    free = free_memory(device)
    if free is not None and needed > free:
        raise InvalidOptionError(
            f"the cache needs {_size(needed)} of memory, but {_size(free)} are free",
            hint="omit --cache, to read the files on demand",
        )


def _size(count: int) -> str:
    gigabytes = count / 1e9
    return f"{gigabytes:.0f} GB" if gigabytes >= 10 else f"{gigabytes:.2g} GB"


def _padded(rows: int) -> int:
    return -(-rows // _BITS) * _BITS


class ShapeCache:
    """The training shapes of a data set in memory, on `device`."""

    def __init__(self, data: OccupancyDataset, plan: CachePlan, device: torch.device) -> None:
        """Read all shapes.

        Raises:
            StoreError: a shape cannot be read, or its images differ in size from the first.
        """
        self._config, self._places, self._device = data.config, plan.places, device
        images = torch.empty((plan.views, 3, *plan.picture), dtype=torch.uint8)
        points = torch.empty((plan.rows, 3), dtype=torch.float16)
        self._bits = np.zeros(plan.rows // _BITS, np.uint8)
        arrays = images.numpy(), points.numpy(), self._bits
        with ThreadPoolExecutor(READERS) as pool:
            jobs = [
                pool.submit(_fill, *data.find(number), place, arrays)
                for number, place in enumerate(plan.places)
            ]
            for job in jobs:
                job.result()
        cameras = [
            check_camera(reader.cameras(shape), shape, data.cameras)
            for reader, shape in map(data.find, range(len(plan.places)))
        ]
        self._cameras = torch.from_numpy(np.concatenate(cameras)).to(device)
        symmetries = np.stack(_symmetries(data, len(plan.places)))
        self._symmetries = torch.from_numpy(symmetries).to(device)
        self._images, self._points = images.to(device), points.to(device)
        self._packed = torch.from_numpy(self._bits).to(device)

    def batch(self, draws: Sequence[Draw]) -> Batch:
        """Return the samples for `draws`, equal to those of `OccupancyDataset`, on `device`."""
        views, rows, weights = [], [], []
        for draw in draws:
            place = self._places[draw[0]]
            sample = draw_sample(_Cached(place, self._bits), self._config, draw)
            views.append(place.first_view + sample.view)
            rows += [
                place.starts[part.near]
                + chunk_range(place.counts[part.near], part.chunk)[0]
                + part.points.rows
                for part in sample.parts
            ]
            weights += [part.points.weights for part in sample.parts]
        chosen = to_device(torch.from_numpy(np.concatenate(rows)), self._device)
        packed = self._packed.index_select(0, chosen >> 3)
        inside = (packed >> (7 - (chosen & 7)).to(torch.uint8)) & 1
        shape = len(draws), -1
        pictures = to_device(torch.tensor(views), self._device)
        shapes = to_device(torch.tensor([draw[0] for draw in draws]), self._device)
        return Batch(
            self._images.index_select(0, pictures),
            self._points.index_select(0, chosen).float().view(*shape, 3),
            inside.float().view(shape),
            to_device(torch.from_numpy(np.concatenate(weights)), self._device).view(shape),
            self._cameras.index_select(0, pictures),
            self._symmetries.index_select(0, shapes),
        )

    def pinned(self, batch: Batch) -> Batch:
        """Return `batch` in pinned memory if the cache is on the CPU."""
        if self._device.type != "cpu":
            return batch
        return Batch(*(part.pin_memory() for part in batch))


class CachedBatches:
    """Infinite iterator over batches of a cache, in the order of `draws`.

    With a network on a GPU, a thread prepares the next batch in advance. On a CPU, the network
    uses all cores.
    """

    def __init__(
        self, cache: ShapeCache, draws: Draws, batch_size: int, for_gpu: bool = False
    ) -> None:
        self._cache, self._draws = cache, draws
        self._batch_size, self._for_gpu = batch_size, for_gpu

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches."""
        draws = iter(self._draws)

        def make() -> Batch:
            batch = self._cache.batch([next(draws) for _ in range(self._batch_size)])
            return self._cache.pinned(batch) if self._for_gpu else batch

        if not self._for_gpu:
            while True:
                yield make()
        with ThreadPoolExecutor(1) as thread:
            coming = thread.submit(make)
            while True:
                batch = coming.result()
                coming = thread.submit(make)
                yield batch


def _symmetries(data: OccupancyDataset, count: int) -> list[NDArray[np.float32]]:
    """Return the mirror symmetry of each shape: 10 to 20 ms, so by processes if there are many."""
    workers = available_cores()
    if workers == 1 or count < FEWEST_FOR_PROCESSES or not data.with_symmetry:
        return [data.symmetry(number) for number in range(count)]
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return list(pool.map(data.symmetry, range(count), chunksize=32))


@dataclass(frozen=True)
class _Cached:
    """A cached shape with the interface of `Drawable`."""

    place: _Place
    bits: NDArray[np.uint8]

    @property
    def view_count(self) -> int:
        return self.place.view_count

    def rows(self, near: bool) -> int:
        return self.place.counts[near]

    def inside(self, near: bool, chunk: int) -> NDArray[np.bool_]:
        first, stop = (
            self.place.starts[near] + row for row in chunk_range(self.place.counts[near], chunk)
        )
        packed = self.bits[first // _BITS : _padded(stop) // _BITS]
        return np.unpackbits(packed, count=stop - first).view(np.bool_)


def _fill(
    reader: SampleReader,
    shape: ShapeId,
    place: _Place,
    arrays: tuple[NDArray[np.uint8], NDArray[np.float16], NDArray[np.uint8]],
) -> None:
    """Read `shape` into the arrays of images, points and bits."""
    images, points, bits = arrays
    with reader.open(shape) as file:
        for view in range(place.view_count):
            picture = decode_view(file.view(view))
            if picture.shape[:2] != images.shape[2:]:
                sizes = [f"{h} x {w}" for h, w in (picture.shape[:2], images.shape[2:])]
                raise StoreError(
                    f"the images of {shape} are {sizes[0]}, those of other shapes {sizes[1]}",
                    hint="convert all shapes with the same image size",
                )
            images[place.first_view + view] = picture.transpose(2, 0, 1)
        for near, start in enumerate(place.starts):
            if place.counts[near]:
                _fill_points(file, bool(near), start, points, bits)


def _fill_points(
    file: OpenShape,
    near: bool,
    start: int,
    points: NDArray[np.float16],
    bits: NDArray[np.uint8],
) -> None:
    layout = file.layout.near if near else file.layout.points
    assert layout is not None  # for the type checker: there are rows
    for chunk in range(chunk_count(layout.rows)):
        samples = file.near_chunk(chunk) if near else file.chunk(chunk)
        first, stop = (start + row for row in chunk_range(layout.rows, chunk))
        points[first:stop] = samples.points
        packed = np.packbits(samples.occupancies)
        bits[first // _BITS : first // _BITS + len(packed)] = packed
