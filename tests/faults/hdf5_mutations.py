"""Changes inside of HDF5 files and packs of them, with right checksums."""

import io
import struct
from contextlib import suppress
from itertools import pairwise
from typing import Any

import h5py
import numpy as np
from h5py import h5f, h5p

from tests.faults.mutations import all_places, mutate_bytes, mutate_json, odd_number, pick


def mutate_hdf5(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return an HDF5 file with arrays, attributes or links changed by the library, or its bytes.

    Checksums of the heads of objects are made right after bytes were changed in them.
    """
    if rng.random() < 0.5:
        return _edited(whole, rng)
    return with_checksums(
        mutate_bytes(whole, rng) if rng.random() < 0.3 else _head_bytes(whole, rng)
    )


def mutate_pack(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return a pack with its list, its offsets or a shape changed, or as any HDF5 file."""
    if rng.random() < 0.4:
        return mutate_hdf5(whole, rng)
    with h5py.File(io.BytesIO(whole)) as file:
        ids, offsets, data = (file[name][()] for name in ("ids", "offsets", "data"))
        version = file.attrs["pack_version"]
    names, files = ids.tobytes(), [data[a:b].tobytes() for a, b in pairwise(offsets.tolist())]
    match int(rng.integers(0, 4)):
        case 0:
            names = mutate_json(names, rng)
        case 1:
            place = int(rng.integers(0, len(offsets)))
            number = int.from_bytes(odd_number(8, rng), "little", signed=True)
            offsets[place] = pick((number, int(offsets[place]) + int(rng.integers(-9, 10))), rng)
        case 2:
            offsets = pick((offsets[:-1], offsets[::-1], np.append(offsets, offsets[-1])), rng)
        case _:
            place = int(rng.integers(0, len(files)))
            files[place] = mutate_hdf5(files[place], rng)
            offsets = np.cumsum([0, *map(len, files)])
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver=("v110", "v110")) as file:
        file.attrs["pack_version"] = version
        file["ids"] = np.frombuffer(names, np.uint8)
        file["offsets"] = offsets
        file["data"] = np.frombuffer(b"".join(files), np.uint8)
    return stream.getvalue()


def _edited(whole: bytes, rng: np.random.Generator) -> bytes:
    access = h5p.create(h5p.FILE_ACCESS)
    access.set_fapl_core(backing_store=False)
    access.set_file_image(whole)
    with h5py.File(h5f.open(b"edited.h5", h5f.ACC_RDWR, fapl=access)) as file:
        names: list[str] = []
        file.visit(names.append)
        for _ in range(int(rng.integers(1, 3))):
            name = pick(names, rng)
            if name in file:
                with suppress(TypeError, ValueError, OSError):  # what the library does not write
                    _edit(file, name, rng)
        file.flush()
        image: bytes = file.id.get_file_image()
        return image


def _edit(file: h5py.File, name: str, rng: np.random.Generator) -> None:
    match int(rng.integers(0, 6)):
        case 0:
            del file[name]
        case 1:
            del file[name]
            file[name] = pick(_links(), rng)
        case 2 if isinstance(file[name], h5py.Dataset):
            array = file[name][()]
            del file[name]
            shape = pick(((), (0,), (2**40,), (3, 3), (1,)), rng)
            file.create_dataset(name, shape=shape, dtype=array.dtype)
        case 3 if isinstance(file[name], h5py.Dataset):
            array = np.array(file[name][()])
            del file[name]
            kind = pick((">f8", "<f2", "u1", "i8", "c16", "?", "S3"), rng)
            with np.errstate(all="ignore"):
                file[name] = np.zeros_like(array, kind) if kind == "S3" else array.astype(kind)
        case 4 if file.attrs:
            key = pick(sorted(file.attrs), rng)
            file.attrs[key] = pick(_odd(), rng)
        case _:
            del file[name]
            file[name] = pick(_odd(), rng)


def _links() -> tuple[Any, ...]:
    return (
        h5py.SoftLink("/images"),
        h5py.SoftLink("/nowhere"),
        h5py.ExternalLink("/etc/passwd", "/x"),
        h5py.ExternalLink("x.h5", "/points"),
    )


def _odd() -> tuple[Any, ...]:
    return (
        *(-1, np.inf, np.nan, 2**63 - 1, "", "{", "[" * 2000, b"\xff\xfe", h5py.Empty("f4")),
        *(np.zeros((2, 2)), np.full((8, 3), np.nan, np.float16), np.zeros((0, 3), np.float32)),
        np.array(["a", "b"], dtype=h5py.string_dtype()),
        np.zeros(2, dtype=[("a", "f4"), ("b", "i8")]),
        np.array([[0, 2**63 - 1]], np.int64),
        np.array([5, 1, 0], np.int64),
    )


def _head_bytes(whole: bytes, rng: np.random.Generator) -> bytes:
    """Return the file with bytes changed in the heads of objects, where its meaning lies."""
    heads = [
        *all_places(whole, b"OHDR"),
        *all_places(whole, b"TREE"),
        *all_places(whole, b"SNOD"),
        0,
    ]
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 5))):
        place = pick(heads, rng) + 4 + int(rng.integers(0, 200))
        width = int(rng.choice([1, 1, 2, 4, 8]))
        if place + width <= len(data):
            data[place : place + width] = odd_number(width, rng)
    return bytes(data)


def with_checksums(whole: bytes) -> bytes:
    """Return an HDF5 file with right checksums of its superblock and of objects' first heads.

    Source: HDF5 File Format Specification 3.0, sections II.A.3 and IV.A.1.b.
    """
    data = bytearray(whole)
    if data[8:9] in (b"\2", b"\3") and len(data) >= 48:
        data[44:48] = lookup3(bytes(data[:44])).to_bytes(4, "little")
    for place in all_places(whole, b"OHDR"):
        if place + 40 > len(data):
            continue
        flags = data[place + 5]
        start = place + 6 + 16 * bool(flags & 0x20) + 4 * bool(flags & 0x10)
        width = 1 << (flags & 3)
        stop = start + width + int.from_bytes(data[start : start + width], "little")
        if stop + 4 <= len(data):
            data[stop : stop + 4] = lookup3(bytes(data[place:stop])).to_bytes(4, "little")
    return bytes(data)


def lookup3(data: bytes) -> int:
    """Return Bob Jenkins's hash of `data` as HDF5 uses it for metadata.

    Source: http://burtleburtle.net/bob/c/lookup3.c, `hashlittle` with 0 for the initial value.
    """
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    if not data:
        return c
    words = struct.unpack(f"<{-(-len(data) // 12) * 3}I", data + bytes(-len(data) % 12))
    for first in range(0, len(words), 3):
        a, b, c = (
            value + word & _MASK
            for value, word in zip((a, b, c), words[first : first + 3], strict=True)
        )
        if first + 3 < len(words):
            for shift in (4, 6, 8, 16, 19, 4):
                a, b, c = b, c + b & _MASK, (a - c & _MASK) ^ _turned(c, shift)
    for shift in (14, 11, 25, 16, 4, 14, 24):
        c = (c ^ b) - _turned(b, shift) & _MASK
        a, b, c = b, c, a
    return b


_MASK = 0xFFFFFFFF


def _turned(value: int, shift: int) -> int:
    return (value << shift | value >> 32 - shift) & _MASK
