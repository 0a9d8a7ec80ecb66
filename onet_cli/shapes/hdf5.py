"""The one place that opens HDF5 files: written in memory, read only where they hold plain arrays.

An HDF5 file can name other files (external storage, external links, virtual data sets), ask for
filters to be loaded, and claim any size. Such files are refused before anything of them is read.
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from itertools import count
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5i, h5l, h5o, h5p, h5s, h5t, h5z
from numpy.typing import NDArray

from onet_cli.errors import StoreError
from onet_cli.files import MAX_ARRAY_BYTES, describe_bytes, open_regular, read_regular

DAMAGE = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    RuntimeError,
    RecursionError,
    NotImplementedError,
)
"""What reading a damaged file may raise."""

_FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF)
_SUPERBLOCK = b"\x89HDF\r\n\x1a\n"
_OLDEST_CHECKED = 2  # version of the superblock from which on all structures have checksums
_MOST_OBJECTS = 1000
_DEEPEST = 8
_HEAP = re.compile(rb"GCOL\x01.{3}(.{8})", re.DOTALL)
_HEAP_HEADER = 16
_images = count()
_SMALLEST_HEAP = 4096
_TEXT = h5py.string_dtype()
_STORED_TEXT, _MEMORY_TEXT = h5t.py_create(_TEXT, logical=True), h5t.py_create(_TEXT)
_STRUCTURE_BYTES = 2**16  # more than the structures of a shape's file take


def _timeless(kind: h5p.PropClassID) -> Any:
    """Return properties of a new object that does not keep the time at which it was written."""
    properties = h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties


_GROUP, _ARRAY = _timeless(h5p.GROUP_CREATE), _timeless(h5p.DATASET_CREATE)
_SCALAR = h5s.create_simple(())


@lru_cache(maxsize=64)
def _type(dtype: np.dtype[Any]) -> h5t.TypeID:
    """Return the type of stored numbers; its creation takes as long as writing a few of them."""
    return h5t.py_create(dtype, logical=True)


def hdf5_bytes(write: Callable[[h5py.File], None], expected_bytes: int = 0) -> bytes:
    """Return the HDF5 file that `write` fills, made in memory.

    `expected_bytes` of arrays fit without moving the file as it grows. A full disk is noticed where
    plain bytes are written; HDF5 itself ignores it while closing.
    """
    # Sizes of headers follow the library version: fix it, so that bytes are reproducible. Room for
    # more attributes than 8 keeps them in the header, where they are read at once.
    creation = h5p.create(h5p.FILE_CREATE)
    creation.set_attr_phase_change(16, 12)
    creation.set_obj_track_times(False)
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    access.set_fapl_core(expected_bytes + _STRUCTURE_BYTES, backing_store=False)
    handle = h5py.h5f.create(b"shape.h5", h5py.h5f.ACC_TRUNC, fcpl=creation, fapl=access)
    with h5py.File(handle) as file:
        write(file)
        file.flush()
        image: bytes = file.id.get_file_image()
        return image


def write_array(
    group: h5g.GroupID, name: str, array: NDArray[Any], chunk: tuple[int, ...] | None = None
) -> None:
    """Write an array below `group`, as h5py's `create_dataset` in a fifth of its time.

    Nothing keeps the time at which it was written.
    """
    folder, _, base = name.rpartition("/")
    if folder:
        inner = folder.encode()
        known = group.links.exists(inner)
        group = h5g.open(group, inner) if known else h5g.create(group, inner, gcpl=_GROUP)
    layout = _ARRAY
    if chunk is not None:
        layout = _ARRAY.copy()
        layout.set_chunk(chunk)
    kind, space = _type(array.dtype), h5s.create_simple(array.shape)
    dataset = h5d.create(group, base.encode(), kind, space, dcpl=layout)
    dataset.write(h5s.ALL, h5s.ALL, np.ascontiguousarray(array))


def write_attribute(
    group: h5g.GroupID, name: str, value: str | float | NDArray[np.float64]
) -> None:
    """Write an attribute that `group` does not have yet, as h5py does in thrice the time."""
    text = isinstance(value, str)
    array = np.asarray(value, dtype=_TEXT if text else None)
    kind = _STORED_TEXT if text else _type(array.dtype)
    space = h5s.create_simple(array.shape) if array.ndim else _SCALAR
    attribute = h5a.create(group, name.encode(), kind, space)
    attribute.write(array, mtype=_MEMORY_TEXT if text else kind)


def open_hdf5(path: Path, checksums: bool = False, unread: Collection[str] = ()) -> h5py.File:
    """Return the file open for reading: all that is in it are groups and arrays of its own.

    With `checksums`, files of old versions of the format are refused, whose structures have none:
    damaged ones can keep the library busy for ever. `unread` names arrays that may have any size,
    as the caller never reads them as a whole.

    Raises:
        OSError: it cannot be opened or is no HDF5 file.
        ValueError: it refers to other files, needs an unknown filter, or is too large.
    """
    with open_regular(path) as plain:
        head = plain.read(len(_SUPERBLOCK) + 1)
    if checksums and (head[:-1] != _SUPERBLOCK or head[-1] < _OLDEST_CHECKED):
        raise OSError("it does not begin as an HDF5 file of onet")
    return _checked(h5py.File(path, "r"), unread)


def open_image(data: bytes) -> h5py.File:
    """Return the bytes of a file opened for reading, as `open_hdf5` with `checksums`.

    Raises:
        OSError, ValueError: as `open_hdf5`.
    """
    head = data[: len(_SUPERBLOCK) + 1]
    if head[:-1] != _SUPERBLOCK or head[-1] < _OLDEST_CHECKED:
        raise OSError("it does not begin as an HDF5 file of onet")
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(data)
    # HDF5 takes two images of one name for one file.
    name = f"image-{next(_images)}".encode()
    return _checked(h5py.File(h5py.h5f.open(name, h5py.h5f.ACC_RDONLY, fapl=access)))


def _checked(file: h5py.File, unread: Collection[str] = ()) -> h5py.File:
    """Return an opened file; it is closed if it refers to other files, or is too large."""
    try:
        sizes = {name: _checked_bytes(name, array) for name, array in _arrays(file.id, "", 0)}
        total = sum(size for name, size in sizes.items() if name not in unread)
        if total > MAX_ARRAY_BYTES:
            raise ValueError(f"its arrays take more than {describe_bytes(MAX_ARRAY_BYTES)}")
    except BaseException:
        file.close()
        raise
    return file


def read_hdf5(path: Path) -> dict[str, NDArray[Any]]:
    """Return every array of numbers of an HDF5 file, by its path in the file: `points/loc`.

    Raises:
        StoreError: the file is missing or damaged, or refers to other files.
    """
    try:
        with open_hdf5(path) as file:
            names = [name for name, _ in _arrays(file.id, "", 0)]
            return {name: np.asarray(file[name][()]) for name in names if _is_plain(file[name])}
    except DAMAGE as error:
        raise StoreError(f"{path} cannot be read: {error}") from error


def read_text_attribute(file: h5py.File, name: str) -> str:
    """Return a text that the file carries as an attribute.

    Raises:
        ValueError: it is no text, or damaged.
    """
    in_memory = file.driver == "core"
    _check_heaps(file.id.get_file_image() if in_memory else read_regular(Path(file.filename)))
    text = file.attrs[name]
    if not isinstance(text, str):
        raise ValueError(f"its {name} is no text")
    return text


def is_text_attribute(file: h5py.File, name: str) -> bool:
    """Return whether an attribute is there and one text, without reading it."""
    if name not in file.attrs:
        return False
    stored = file.attrs.get_id(name)
    return stored.shape == () and h5py.check_string_dtype(stored.dtype) is not None


def _arrays(group: h5g.GroupID, path: str, depth: int) -> Iterator[tuple[str, h5d.DatasetID]]:
    """Yield the arrays below `group` by name, in the order of their names."""
    if depth > _DEEPEST:
        raise ValueError("its groups are nested too deep")
    names: list[bytes] = []
    group.links.iterate(names.append)
    if len(names) > _MOST_OBJECTS:
        raise ValueError("it holds too many objects")
    for name in sorted(names):
        where = f"{path}{name.decode('utf-8', errors='replace')}"
        if group.links.get_info(name).type != h5l.TYPE_HARD:
            raise ValueError(f"{where!r} in it is a link to elsewhere")
        item = h5o.open(group, name)
        kind = h5i.get_type(item)
        if kind == h5i.GROUP:
            yield from _arrays(item, f"{where}/", depth + 1)
        elif kind == h5i.DATASET:
            yield where, item


def _checked_bytes(name: str, array: h5d.DatasetID) -> int:
    """Return what an array takes in memory; raise ValueError where it is not the file's own.

    A chunk is unpacked as a whole, whatever part of it the array has.
    """
    properties = array.get_create_plist()
    if properties.get_layout() == h5d.VIRTUAL or properties.get_external_count():
        raise ValueError(f"{name!r} in it is stored in other files")
    for index in range(properties.get_nfilters()):
        if properties.get_filter(index)[0] not in _FILTERS:
            raise ValueError(f"{name!r} in it is packed by an unknown filter")
    count, chunk = prod(array.shape or ()), 1
    if properties.get_layout() == h5d.CHUNKED:
        chunk = prod(properties.get_chunk())
    return int(max(count, chunk) * array.get_type().get_size())


def _is_plain(array: h5py.Dataset) -> bool:
    return array.shape is not None and array.dtype.kind in "biuf"


def _check_heaps(data: bytes) -> None:
    """Raise ValueError unless the objects in the heaps of texts follow each other.

    The heaps are what has no checksum in an HDF5 file, and the library walks one for ever where an
    object of no length is in it.
    Source: The HDF Group, HDF5 File Format Specification version 3.0, section III.E.
    """
    for match in _HEAP.finditer(data):
        length, start = int.from_bytes(match[1], "little"), match.start()
        if not _SMALLEST_HEAP <= length <= len(data) - start:
            continue  # no heap, or one that the library refuses
        place = _HEAP_HEADER
        while place + _HEAP_HEADER <= length:
            index = int.from_bytes(data[start + place : start + place + 2], "little")
            size = int.from_bytes(data[start + place + 8 : start + place + 16], "little")
            step = size if index == 0 else _HEAP_HEADER + -(-size // 8) * 8
            if step < _HEAP_HEADER or place + step > length:
                raise ValueError("its texts are damaged")
            place += step
