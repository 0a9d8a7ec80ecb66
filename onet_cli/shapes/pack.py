"""Packs: many shapes in one HDF5 file, each as the bytes that its own file would have.

`ids` is the list of the shapes as JSON text in bytes, `data` their files one after the other, and
`offsets` where each begins in `data`, and its end.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import h5py
import numpy as np
from h5py import h5p

from onet_cli.errors import StoreError
from onet_cli.files import copy_pieces, describe_bytes, open_regular, whole_file
from onet_cli.shapes.hdf5 import DAMAGE, open_hdf5
from onet_cli.shapes.shape import ShapeId

FOLDER = "packs"
PACK_VERSION = 1
_MOST_BYTES = 2**33
_MOST_INDEX_BYTES = 2**24
"""Maximum size of the list of shapes, and of their offsets, as a small file can unpack to much."""


@dataclass(frozen=True)
class Located:
    """Where the file of a shape is: a file of its own, or `size` bytes of a pack at `start`."""

    path: Path
    start: int = 0
    size: int | None = None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Yield the file or pack, at the first byte of the shape's.

        Raises:
            OSError: it cannot be read.
        """
        with open_regular(self.path) as file:
            file.seek(self.start)
            yield file

    def read(self) -> bytes:
        """Return the bytes of the shape's file.

        Raises:
            OSError: they cannot be read.
        """
        with self.open() as file:
            data = file.read(-1 if self.size is None else self.size)
        if self.size is not None and len(data) != self.size:
            raise OSError("it ends early")
        return data


Index = Mapping[ShapeId, Located]

_known: dict[Path, tuple[int, dict[ShapeId, Located]]] = {}


def find_packed(root: Path) -> Index:
    """Return the shapes in the packs of the data set in `root`.

    Raises:
        StoreError: a pack is damaged.
    """
    folder = root / FOLDER
    try:
        stamp = _stamp(folder)
    except OSError:
        return {}
    known = _known.get(folder)
    if known is None or known[0] != stamp:
        index: dict[ShapeId, Located] = {}
        for path in sorted(folder.glob("[!.]*.h5")):
            index |= read_index(path)
        known = _known[folder] = stamp, index
    return known[1]


def _stamp(folder: Path) -> int:
    return folder.stat().st_mtime_ns


def read_index(path: Path) -> dict[ShapeId, Located]:
    """Return the shapes of a pack.

    Raises:
        StoreError: it is damaged, or of a newer version.
    """
    try:
        with open_hdf5(path, checksums=True, unread=("data",)) as file:
            version = int(file.attrs["pack_version"])
            if version > PACK_VERSION:
                raise StoreError(
                    f"{path} is a pack of version {version}; this onet reads up to {PACK_VERSION}",
                    hint="upgrade onet",
                )
            for name, kind in (("ids", "|u1"), ("offsets", "<i8"), ("data", "|u1")):
                if file[name].dtype.str != kind or file[name].ndim != 1:
                    raise ValueError(f"its {name} are {file[name].shape} {file[name].dtype}")
            if max(file["ids"].nbytes, file["offsets"].nbytes) > _MOST_INDEX_BYTES:
                raise ValueError(f"its index takes more than {describe_bytes(_MOST_INDEX_BYTES)}")
            names = json.loads(file["ids"][:].tobytes())
            offsets, start = file["offsets"][:].tolist(), file["data"].id.get_offset()
            size = int(file["data"].shape[0])
        if len(offsets) != len(names) + 1 or offsets[0] != 0 or offsets[-1] != size:
            raise ValueError("its index does not fit its data")
        if any(a > b for a, b in pairwise(offsets)) or start + size > path.stat().st_size:
            raise ValueError("its index does not fit its data")
        places = [Located(path, start + a, b - a) for a, b in pairwise(offsets)]
        return dict(zip(map(ShapeId.parse, names), places, strict=True))
    except DAMAGE as error:
        raise StoreError(
            f"{path} is damaged: {error}", hint="delete it and run `onet preprocess` again"
        ) from error


def write_pack(path: Path, shapes: Sequence[tuple[ShapeId, Located]]) -> None:
    """Write a pack of shapes whose files are there, atomically.

    Raises:
        StoreError: it cannot be written, or a shape cannot be read.
    """
    known = _known.get(path.parent)
    if known is not None and (
        known[0] != _stamp(path.parent) or path.exists() or any(i in known[1] for i, _ in shapes)
    ):
        known = None
    sizes = [place.path.stat().st_size if place.size is None else place.size for _, place in shapes]
    offsets = np.cumsum([0, *sizes], dtype=np.int64)
    if offsets[-1] > _MOST_BYTES:
        raise StoreError(f"{path} would have more than 8 GiB", hint="use a smaller --pack")
    names = [str(shape_id) for shape_id, _ in shapes]
    if max(len(json.dumps(names)), offsets.nbytes) > _MOST_INDEX_BYTES:
        raise StoreError(f"{path} would have too many shapes", hint="use a smaller --pack")
    with whole_file(path, StoreError) as temporary:
        start = _write_frame(temporary, names, offsets)
        # Plain writes, as HDF5 ignores a full disk while closing.
        with temporary.open("r+b", buffering=0) as file:
            for (_, place), offset, size in zip(shapes, offsets, sizes, strict=False):
                file.seek(start + int(offset))
                with place.open() as shape:
                    copied = copy_pieces(shape, file, size)
                    longer = place.size is None and shape.read(1)
                if copied != size or longer:
                    raise StoreError(f"{place.path} has changed while it was packed")
    if known is None:
        _known.pop(path.parent, None)
        return
    # The other indexes are not read again, which would take the square of their number.
    places = [Located(path, start + a, b - a) for a, b in pairwise(offsets.tolist())]
    known[1].update(zip((shape_id for shape_id, _ in shapes), places, strict=True))
    _known[path.parent] = _stamp(path.parent), known[1]


def remove_pack(path: Path) -> None:
    """Remove a pack.

    Raises:
        StoreError: it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{path} cannot be removed: {error.strerror}") from error
    _known.pop(path.parent, None)


def _write_frame(path: Path, names: list[str], offsets: np.ndarray) -> int:
    """Write a pack without the bytes of its shapes; return the place of the first one."""
    creation = h5p.create(h5p.FILE_CREATE)
    creation.set_obj_track_times(False)
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_file_locking(False, True)  # `whole_file` has locked it
    flags = h5py.h5f.ACC_TRUNC
    handle = h5py.h5f.create(os.fsencode(path), flags, fcpl=creation, fapl=access)
    with h5py.File(handle) as file:
        file.attrs["pack_version"] = PACK_VERSION
        file.create_dataset("ids", data=np.frombuffer(json.dumps(names).encode(), np.uint8))
        file.create_dataset("offsets", data=offsets)
        layout = h5p.create(h5p.DATASET_CREATE)
        layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        layout.set_obj_track_times(False)
        space = h5py.h5s.create_simple((int(offsets[-1]),))
        data = h5py.h5d.create(file.id, b"data", h5py.h5t.STD_U8LE, space, dcpl=layout)
        start: int = data.get_offset()
    return start
