"""Damaged HDF5 files, made of whole ones as a mutating fuzzer makes them."""

import re
from pathlib import Path

import h5py
import numpy as np


def break_heap(data: bytes, size: int = 2**64 - 16) -> bytes:
    """Give the first object in the heap of texts a size at which HDF5 walks it for ever."""
    place = re.search(rb"GCOL\x01", data).start() + 16
    broken = bytearray(data)
    broken[place + 8 : place + 16] = size.to_bytes(8, "little")
    return bytes(broken)


def external(path: Path, name: str, secret: Path, count: int) -> None:
    """Store the array `name` of the file in another file, `secret`."""
    with h5py.File(path, "r+") as file:
        del file[name]
        file.create_dataset(
            name, shape=(count,), dtype=np.uint8, external=[(str(secret), 0, count)]
        )


def linked(path: Path, name: str, other: Path) -> None:
    """Make `name` in the file a link to the same name in another one."""
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = h5py.ExternalLink(str(other), name)


def softly_linked(path: Path, name: str) -> None:
    """Make `name` in the file a link to itself."""
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = h5py.SoftLink(f"/{name}")


def virtual(path: Path, name: str, other: Path) -> None:
    """Make `name` in the file a view of the array of that name in another one."""
    with h5py.File(other) as source:
        shape, dtype = source[name].shape, source[name].dtype
    layout = h5py.VirtualLayout(shape, dtype)
    layout[...] = h5py.VirtualSource(str(other), name, shape, dtype)
    with h5py.File(path, "r+") as file:
        del file[name]
        file.create_virtual_dataset(name, layout)


def strangely_packed(path: Path, name: str) -> None:
    """Say of the array `name` that it is packed by a filter that nobody has."""
    with h5py.File(path, "r+") as file:
        data = file[name][()]
        del file[name]
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk(data.shape)
        properties.set_filter(32_023, h5py.h5z.FLAG_OPTIONAL)
        space = h5py.h5s.create_simple(data.shape)
        kind = h5py.h5t.py_create(data.dtype)
        h5py.h5d.create(file.id, name.encode(), kind, space, properties)


def huge(path: Path, name: str) -> None:
    """Claim a petabyte for the array `name`, none of which is stored."""
    with h5py.File(path, "r+") as file:
        dtype, width = file[name].dtype, file[name].shape[1:]
        del file[name]
        file.create_dataset(name, (2**43, *width), dtype, chunks=(4096, *width))


def hugely_chunked(path: Path, name: str) -> None:
    """Store the array `name` in one chunk of a gigabyte, which is unpacked as a whole."""
    with h5py.File(path, "r+") as file:
        dtype, shape = file[name].dtype, file[name].shape
        chunk = (2**30 // (dtype.itemsize * int(np.prod(shape[1:]))), *shape[1:])
        del file[name]
        file.create_dataset(name, shape, dtype, chunks=chunk, maxshape=(None, *shape[1:]))


ODD_VALUES: tuple[object, ...] = (
    -1,
    np.inf,
    np.nan,
    "[" * 100_000,
    b"\xff\xfe",
    np.zeros((2, 2)),
    h5py.Empty("f4"),
    np.array(["a", "b"], dtype=h5py.string_dtype()),
    np.zeros(2, dtype=[("a", "f4"), ("b", "i8")]),
)
"""What a fuzzer puts in the place of arrays and attributes."""
