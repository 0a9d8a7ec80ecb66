"""Byte offsets of a shape's arrays in its file, so that a sample needs no HDF5 call.

h5py takes milliseconds to locate what training reads from a file: one picture and one chunk of
points. Their offsets never change, so they are looked up once per file and then read as plain
bytes.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import StoreError
from onet_cli.files import open_regular
from onet_cli.shapes.pack import Located
from onet_cli.shapes.shape import OccupancySamples, ShapeId
from onet_cli.shapes.store import ShapeStore, chunk_range, read_cameras
from onet_cli.shapes.symmetry import LOOKED_AT, symmetry_of

_POINT = 6  # bytes: three coordinates in float16


@dataclass(frozen=True)
class SamplesLayout:
    """Offsets of `rows` points in blocks of `block` rows at `starts`, and of their `bits`."""

    rows: int
    block: int
    starts: NDArray[np.int64]
    bits: int


@dataclass(frozen=True)
class FileLayout:
    """`views` (K + 1,) are the byte offsets that delimit the pictures, from `place` on.

    `stamp` identifies the file. `cameras` (K, 8) are those of `shapes.camera`, NaN if unknown.
    """

    place: Located
    stamp: tuple[int, int]
    views: NDArray[np.int64]
    cameras: NDArray[np.float32]
    points: SamplesLayout
    near: SamplesLayout | None


class SampleReader:
    """Reads views and chunks of the shapes of a store, with the same results as the store.

    Raises, in all reading methods:
        StoreError: the shape is not stored, or its file is damaged or too new.
    """

    def __init__(self, store: ShapeStore) -> None:
        self.store = store
        self._layouts: dict[ShapeId, FileLayout] = {}
        self._symmetries: dict[ShapeId, tuple[tuple[int, int], NDArray[np.float32]]] = {}

    @contextmanager
    def open(self, shape: ShapeId) -> Iterator["OpenShape"]:
        """Yield the file of `shape`, open for reading."""
        layout = self._layouts.get(shape)
        place = self.store.locate(shape) if layout is None else layout.place
        try:
            file = open_regular(place.path)
        except OSError:
            self._layouts.pop(shape, None)
            self.store.view_count(shape)  # raises a descriptive error
            place, layout = self.store.locate(shape), None
            file = open_regular(place.path)
        with file:
            stamp = _stamp(file)
            if layout is None or layout.stamp != stamp:
                layout = self._layouts[shape] = self._look_up(shape, place, stamp)
            if layout.place == place:
                yield OpenShape(place, file.fileno(), layout)
                return
        # It has moved: packs are written anew, and shapes go to packs.
        with open_regular(layout.place.path) as file:
            yield OpenShape(layout.place, file.fileno(), layout)

    def cameras(self, shape: ShapeId) -> NDArray[np.float32]:
        """Return the cameras (K, 8) of all views of `shape`, NaN where unknown."""
        with self.open(shape) as file:
            return file.layout.cameras

    def symmetry(self, shape: ShapeId) -> NDArray[np.float32]:
        """Return the mirror symmetry of `shape` at each plane, (36,): see `symmetry_of`.

        It is cached, as it takes 20 ms.
        """
        with self.open(shape) as file:
            stamp = file.layout.stamp
        known = self._symmetries.get(shape)
        if known is None or known[0] != stamp:
            surface = self.store.read_surface(shape, LOOKED_AT)
            known = self._symmetries[shape] = stamp, symmetry_of(surface.points)
        return known[1]

    def _look_up(self, shape: ShapeId, place: Located, stamp: tuple[int, int]) -> FileLayout:
        now = self.store.locate(shape)
        if now != place:
            with open_regular(now.path) as moved:
                place, stamp = now, _stamp(moved)
        with self.store.open_file(shape) as file:
            data = file["images/data"]
            start = data.id.get_offset()
            if start is None:
                raise ValueError("its pictures are stored in pieces")
            views = file["images/offsets"][:] + start
            near = _samples(file, "near") if "near" in file else None
            return FileLayout(
                place, stamp, views, read_cameras(file), _samples(file, "points"), near
            )


def _stamp(file: BinaryIO) -> tuple[int, int]:
    state = os.fstat(file.fileno())
    return state.st_size, state.st_mtime_ns


def _samples(file: h5py.File, group: str) -> SamplesLayout:
    points, bits = file[f"{group}/points"], file[f"{group}/occupancies"].id.get_offset()
    blocks = points.id.get_num_chunks()
    starts = np.empty(blocks, np.int64)
    for number in range(blocks):
        block = points.id.get_chunk_info(number)
        starts[block.chunk_offset[0] // points.chunks[0]] = block.byte_offset
    if bits is None or points.compression is not None or points.dtype != np.dtype("<f2"):
        raise ValueError(f"its {group} are not stored plainly")
    return SamplesLayout(len(points), points.chunks[0], starts, bits)


@dataclass(frozen=True)
class OpenShape:
    """One shape's file, of its own or in a pack."""

    place: Located
    descriptor: int
    layout: FileLayout

    @property
    def view_count(self) -> int:
        """Number of stored pictures."""
        return len(self.layout.views) - 1

    def view(self, number: int) -> bytes:
        """Return the encoded JPEG or PNG of one view."""
        start, stop = (int(byte) for byte in self.layout.views[number : number + 2])
        return self._bytes(start, stop - start)

    def camera(self, number: int) -> NDArray[np.float32]:
        """Return the camera (8,) of one view, NaN if unknown: see `shapes.camera`."""
        row: NDArray[np.float32] = self.layout.cameras[number]
        return row

    def chunk(self, number: int) -> OccupancySamples:
        """Return one chunk of points, like `ShapeStore.read_chunk`."""
        return self._chunk(self.layout.points, number)

    def near_chunk(self, number: int) -> OccupancySamples:
        """Return one chunk of the points near the surface; the shape must have some."""
        assert self.layout.near is not None
        return self._chunk(self.layout.near, number)

    def _chunk(self, samples: SamplesLayout, number: int) -> OccupancySamples:
        first, stop = chunk_range(samples.rows, number)
        parts = []
        for block in range(first // samples.block, -(-stop // samples.block)):
            rows = min(samples.block, samples.rows - block * samples.block)
            raw = self._bytes(int(samples.starts[block]), rows * _POINT)
            parts.append(np.frombuffer(raw, "<f2").reshape(rows, 3))
        packed = self._bytes(samples.bits + first // 8, -(-(stop - first) // 8))
        inside = np.unpackbits(np.frombuffer(packed, np.uint8), count=stop - first)
        points = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return OccupancySamples(points, inside.view(np.bool_))

    def _bytes(self, start: int, count: int) -> bytes:
        place = self.place
        found = os.pread(self.descriptor, count, place.start + start)
        # In a pack, the file of another shape follows.
        if len(found) != count or (place.size is not None and start + count > place.size):
            raise StoreError(
                f"{place.path} is damaged: it ends early",
                hint="delete it and run `onet preprocess` again",
            )
        return found
