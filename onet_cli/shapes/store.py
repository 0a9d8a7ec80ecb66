"""A data set on disk, format version 1: HDF5 files of shapes, lists and a description."""

import json
import os
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import StoreError, UnknownNameError
from onet_cli.files import read_text, remove_all_leftovers, write_bytes, write_text
from onet_cli.geometry.normalize import UnitCube
from onet_cli.shapes.camera import describe_pictures, no_cameras
from onet_cli.shapes.check import check_shape
from onet_cli.shapes.hdf5 import DAMAGE, open_hdf5, open_image, read_text_attribute
from onet_cli.shapes.info import CategoryInfo as CategoryInfo
from onet_cli.shapes.info import DatasetInfo as DatasetInfo
from onet_cli.shapes.info import Licence as Licence
from onet_cli.shapes.pack import FOLDER as PACKS
from onet_cli.shapes.pack import Located, find_packed, read_index, remove_pack, write_pack
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples, Views
from onet_cli.shapes.shape_bytes import CHUNK_ROWS as CHUNK_ROWS
from onet_cli.shapes.shape_bytes import shape_bytes
from onet_cli.shapes.stored import check_checksum, check_stored

_MOST_TEXT = 2**30  # bytes of a description or list
_UNSAFE = frozenset('/\\:*?"<>|')
_REPEAT = "run `onet preprocess` again"
_AGAIN = "delete it and run `onet preprocess` again"


class ShapeStore:
    """The data set in one folder. Cheap, without open files, safe to copy to processes."""

    def __init__(self, root: Path, info: DatasetInfo) -> None:
        self.root = root
        self._info = info

    @classmethod
    def create(cls, root: Path, info: DatasetInfo) -> "ShapeStore":
        """Return a new store in `root` (created if necessary), described by `info`.

        Raises:
            StoreError: the folder cannot be written to.
        """
        try:
            (root / "shapes").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{root} cannot hold a data set: {error.strerror}") from error
        store = cls(root, info)
        store.update_info(info)
        return store

    @classmethod
    def open(cls, root: Path) -> "ShapeStore":
        """Return the store in `root`.

        Raises:
            StoreError: there is none, or it is damaged or of a newer format version.
        """
        description = Path(root) / "dataset.json"
        try:
            text = read_text(description, _MOST_TEXT)
        except OSError as error:
            source, out = (root, "DATA") if Path(root).exists() else ("SOURCE", root)
            raise StoreError(
                f"{root} is not a data set: {description.name} is missing or unreadable",
                hint=f"make one with `onet preprocess {source} {out}`",
            ) from error
        return cls(Path(root), DatasetInfo.from_json(text, str(description)))

    @property
    def info(self) -> DatasetInfo:
        """The contents of `dataset.json`."""
        return self._info

    def update_info(self, info: DatasetInfo) -> None:
        """Replace the description, on disk and in memory."""
        write_text(self.root / "dataset.json", info.to_json(), StoreError)
        self._info = info

    def splits(self) -> list[str]:
        """Return the names of the splits that have a list."""
        return sorted(path.stem for path in self.root.glob("*.lst"))

    def ids(self, split: str | None = None) -> list[ShapeId]:
        """Return the shapes of `split` in the order of its list, or all stored ones, sorted.

        Raises:
            UnknownNameError: there is no list of that name.
            StoreError: the list is damaged.
        """
        if split is None:
            files = (self.root / "shapes").glob("*/[!.]*.h5")
            found = {ShapeId(path.parent.name, path.stem) for path in files}
            return sorted(found.union(find_packed(self.root)))
        if split not in self.splits():
            raise UnknownNameError.among("split", split, self.splits())
        path = self.root / f"{split}.lst"
        try:
            lines = read_text(path, _MOST_TEXT).splitlines()
        except OSError as error:
            raise StoreError(f"{path} cannot be read: {error.strerror}", hint=_REPEAT) from error
        # A shape listed twice would count twice in every mean.
        return list(dict.fromkeys(ShapeId.parse(line) for line in lines if line.strip()))

    def set_split(self, name: str, ids: Iterable[ShapeId]) -> None:
        """Write the list of the split `name`."""
        lines = "".join(f"{shape_id}\n" for shape_id in ids)
        write_text(self.root / f"{name}.lst", lines, StoreError)

    def path(self, shape_id: ShapeId) -> Path:
        """Return the path of the shape's file, existing or not, always inside the store.

        Raises:
            StoreError: category or name cannot be a plain file name.
        """
        for part in (shape_id.category, shape_id.name):
            if not _is_file_name(part):
                raise StoreError(f"{str(shape_id)!r} cannot be stored: {part!r} is no file name")
        return self.root / "shapes" / shape_id.category / f"{shape_id.name}.h5"

    def has(self, shape_id: ShapeId) -> bool:
        """Return whether the shape is stored."""
        return self.path(shape_id).is_file() or shape_id in find_packed(self.root)

    def locate(self, shape_id: ShapeId) -> Located:
        """Return where a shape is stored, or would be: a file of its own hides one in a pack.

        Raises:
            StoreError: as `path`, or a pack is damaged.
        """
        path = self.path(shape_id)
        if path.is_file():
            return Located(path)
        return find_packed(self.root).get(shape_id, Located(path))

    def pack(self, name: str, ids: Iterable[ShapeId]) -> None:
        """Move the files of those of `ids` that are stored to the pack `name`.

        If this is interrupted, shapes have files of their own, or both, which is the same.

        Raises:
            StoreError: the pack cannot be written, or a shape cannot be read.
        """
        path = self.root / PACKS / f"{name}.h5"
        shapes = [(i, self.locate(i)) for i in ids if _is_storable(i) and self.has(i)]
        single = [place.path for _, place in shapes if place.size is None]
        if single:
            write_pack(path, shapes)
            for file in single:
                file.unlink(missing_ok=True)

    def remove_leftovers(self) -> int:
        """Remove what killed runs left of files; return how many there were.

        Files that another process is writing stay.
        """
        folders = [self.root, self.root / PACKS, *(self.root / "shapes").glob("*/")]
        return sum(map(remove_all_leftovers, folders))

    def write(self, shape: Shape, rng: np.random.Generator) -> Path:
        """Store `shape` atomically, its points shuffled by `rng`, and return the file.

        Raises:
            InvalidGeometryError: the shape's arrays do not match each other or the format.
            StoreError: the file cannot be written.
        """
        check_shape(shape)
        path = self.path(shape.id)
        write_bytes(path, shape_bytes(shape, rng), StoreError)
        return path

    def read(self, shape_id: ShapeId) -> Shape:
        """Return everything stored about a shape.

        Raises:
            StoreError: the shape is not stored, or its file is damaged or too new. The other
                readers below raise the same.
        """
        with self.open_file(shape_id) as file:
            attributes = file.attrs
            x, y, z = (float(value) for value in attributes["unit_cube_centre"])
            return Shape(
                id=shape_id,
                unit_cube=UnitCube((x, y, z), float(attributes["unit_cube_scale"])),
                occupancy=_read_rows(file, "points"),
                surface=_read_surface(file),
                views=_read_views(file),
                source_hash=read_text_attribute(file, "source_hash"),
                licence=read_text_attribute(file, "licence"),
                extra=_read_extra(file),
                near=_read_near(file),
            )

    def view_count(self, shape_id: ShapeId) -> int:
        """Return the number of stored views of a shape."""
        with self.open_file(shape_id) as file:
            return int(file["images/offsets"].shape[0]) - 1

    def chunk_count(self, shape_id: ShapeId) -> int:
        """Return the number of chunks of `CHUNK_ROWS` points in the shape's samples."""
        with self.open_file(shape_id) as file:
            return chunk_count(file["points/points"].shape[0])

    def read_view(self, shape_id: ShapeId, view: int) -> bytes:
        """Return the encoded JPEG or PNG of one view.

        Raises:
            UnknownNameError: the shape has no view of that number.
        """
        with self.open_file(shape_id) as file:
            offsets = file["images/offsets"][:]
            _check_index("view", view, len(offsets) - 1, shape_id)
            return bytes(file["images/data"][offsets[view] : offsets[view + 1]])

    def read_chunk(self, shape_id: ShapeId, chunk: int) -> OccupancySamples:
        """Return one chunk of points: a random sample of the shape's points.

        A chunk has `CHUNK_ROWS` points. The remainder after the last whole chunk belongs to that
        chunk, so every point is in exactly one chunk, and chunks are smaller only for shapes with
        fewer points.

        Raises:
            UnknownNameError: the shape has no chunk of that number.
        """
        with self.open_file(shape_id) as file:
            rows = int(file["points/points"].shape[0])
            _check_index("chunk", chunk, chunk_count(rows), shape_id)
            return _read_rows(file, "points", *chunk_range(rows, chunk))

    def read_occupancy(self, shape_id: ShapeId) -> OccupancySamples:
        """Return all points of a shape, in stored order."""
        with self.open_file(shape_id) as file:
            return _read_rows(file, "points")

    def read_surface(self, shape_id: ShapeId, most: int | None = None) -> SurfaceSamples:
        """Return the first `most` surface samples of a shape, or all."""
        with self.open_file(shape_id) as file:
            return _read_surface(file, most)

    def read_cameras(self, shape_id: ShapeId) -> NDArray[np.float32]:
        """Return the cameras of all views, (K, 8): those of `shapes.camera`, NaN if unknown."""
        with self.open_file(shape_id) as file:
            return read_cameras(file)

    def verify(self, shape_id: ShapeId) -> bool:
        """Return whether a shape's arrays are those of its checksum; False where it has none.

        Raises:
            StoreError: they are not, or the shape cannot be read.
        """
        self.read(shape_id)
        with self.open_file(shape_id) as file:
            return check_checksum(file)

    def remove(self, ids: Iterable[ShapeId]) -> None:
        """Remove shapes, if they are there.

        Raises:
            StoreError: one cannot be removed.
        """
        packed, packs = find_packed(self.root), defaultdict(set)
        for shape_id in ids:
            if shape_id in packed:
                packs[packed[shape_id].path].add(shape_id)
            try:
                self.path(shape_id).unlink(missing_ok=True)
            except OSError as error:
                raise StoreError(f"{shape_id} cannot be removed: {error.strerror}") from error
        for path, gone in packs.items():
            kept = [(i, place) for i, place in read_index(path).items() if i not in gone]
            if kept:
                write_pack(path, kept)
            else:
                remove_pack(path)

    @contextmanager
    def open_file(self, shape_id: ShapeId) -> Iterator[h5py.File]:
        """Yield the HDF5 file of a shape; errors inside the block become a StoreError."""
        place = self.locate(shape_id)
        try:
            yield _last.file(place)
        except FileNotFoundError as error:
            raise StoreError(
                f"{shape_id} is not in the data set {self.root}",
                hint="run `onet preprocess` again to add what is missing",
            ) from error
        except DAMAGE as error:
            where = "" if place.size is None else f"{shape_id} in "
            raise StoreError(f"{where}{place.path} is damaged: {error}", hint=_AGAIN) from error


class _LastFile(threading.local):
    """The last file read by this thread, kept open: one sample is several reads of one file."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] | None = None
        self._file: h5py.File | None = None

    def file(self, place: Located) -> h5py.File:
        """Return the shape's file opened, its format version checked."""
        path = place.path
        state = path.stat()
        # A forked process must not use its parent's handle; a file may have been replaced.
        key = (os.getpid(), place, state.st_ino, state.st_size, state.st_mtime_ns)
        if self._file is None or key != self._key:
            if self._file is not None:
                self._file.close()
                self._file = None
            file = (
                open_hdf5(path, checksums=True) if place.size is None else open_image(place.read())
            )
            try:
                check_stored(file, str(path))
            except BaseException:
                file.close()
                raise
            self._key, self._file = key, file
        return self._file


_last = _LastFile()


def _is_storable(shape_id: ShapeId) -> bool:
    return _is_file_name(shape_id.category) and _is_file_name(shape_id.name)


def _is_file_name(part: str) -> bool:
    plain = part.isprintable() and part == part.strip() and not _UNSAFE.intersection(part)
    return plain and part != "" and not part.startswith(".")


def _read_rows(
    file: h5py.File, group: str, start: int = 0, stop: int | None = None
) -> OccupancySamples:
    points = file[f"{group}/points"][start:stop]
    # Chunks begin at multiples of 8 rows, so a range of rows is a range of whole bytes.
    packed = file[f"{group}/occupancies"][start // 8 : -(-(start + len(points)) // 8)]
    return OccupancySamples(points, np.unpackbits(packed, count=len(points)).view(np.bool_))


def _read_extra(file: h5py.File) -> dict[str, Any]:
    extra = json.loads(read_text_attribute(file, "extra"))
    if not isinstance(extra, dict):
        raise ValueError("its extra is no table")
    return extra


def _read_near(file: h5py.File) -> OccupancySamples | None:
    return _read_rows(file, "near") if "near" in file else None


def _read_surface(file: h5py.File, most: int | None = None) -> SurfaceSamples:
    return SurfaceSamples(file["pointcloud/points"][:most], file["pointcloud/normals"][:most])


def read_cameras(file: h5py.File) -> NDArray[np.float32]:
    """Return the cameras of the views of an open file, like `ShapeStore.read_cameras`."""
    offsets = file["images/offsets"][:]
    if "camera" not in file:
        return no_cameras(len(offsets) - 1)
    data = file["images/data"]
    world, camera = file["camera/world_mat"][:], file["camera/camera_mat"][:]
    return describe_pictures(world, camera, lambda n: data[offsets[n] : offsets[n + 1]].tobytes())


def _read_views(file: h5py.File) -> Views:
    offsets = file["images/offsets"][:]
    data = file["images/data"][:].tobytes()
    images = tuple(data[a:b] for a, b in pairwise(offsets))
    if "camera" not in file:
        return Views(images)
    return Views(images, file["camera/world_mat"][:], file["camera/camera_mat"][:])


def chunk_count(rows: int) -> int:
    """Return the number of chunks of `rows` points."""
    return max(1, rows // CHUNK_ROWS)


def chunk_range(rows: int, chunk: int) -> tuple[int, int]:
    """Return the first row of a chunk of `rows` points and the row after its last."""
    first = chunk * CHUNK_ROWS
    return first, rows if chunk == chunk_count(rows) - 1 else first + CHUNK_ROWS


def _check_index(kind: str, index: int, count: int, shape_id: ShapeId) -> None:
    if not 0 <= index < count:
        raise UnknownNameError(
            f"{shape_id} has no {kind} {index}", hint=f"it has {count}, counted from 0"
        )
