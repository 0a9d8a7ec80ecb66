"""Zips in the layout of the official data set: one with its directory, one with a few objects.

The directory is that of a zip of 73.4 GB with 1.2 million members, the lists of the splits and
`metadata.yaml`. It has the offsets of such a zip, most of them beyond 4 GB and so in extra fields
of zip64. Members in front of it are a hole in a sparse file, but for the lists.
"""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from onet_cli.preprocessing.sources.archive import SYNSETS

REAL_BYTES = 73_400_000_000
VIEWS, POINTS, PIXELS = 24, 100_000, 137
FILES = ("points.npz", "pointcloud.npz", "model.binvox", "img_choy2016/cameras.npz")
SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}

_DEFLATED = 8
_LOCAL, _CENTRAL = struct.Struct("<HHHHHIIIHH"), struct.Struct("<HHHHHIIIHHHHHII")
_WIDE = 2**32 - 1
"""Stands for an offset that is in an extra field."""

_PROBE = 2**26


def require_holes(folder: Path) -> None:
    """End the program unless files in `folder` can have holes that take no space."""
    path = folder / "probe"
    with path.open("wb") as file:
        file.truncate(_PROBE)
    if 512 * path.stat().st_blocks > _PROBE // 64:
        raise SystemExit(f"{folder} is on a file system without sparse files: set TMPDIR")
    path.unlink()


def directory_zip(path: Path, members: int, total: int = REAL_BYTES) -> tuple[int, int]:
    """Write a zip of about `total` bytes that takes the space of its directory only.

    Returns:
        The number of members, and of those whose offset needs zip64.
    """
    directory, offset, count, wide = bytearray(), 0, 0, 0
    models = max(1, members // (VIEWS + len(FILES)))
    step = total // (models * (VIEWS + len(FILES)))
    with path.open("wb") as file:
        for name, data in _names_and_lists(models):
            facts = _facts(data, step)
            directory += _central(name, facts, offset)
            count, wide = count + 1, wide + (offset >= _WIDE)
            if data is None:
                offset += step
                continue
            file.seek(offset)
            file.write(b"PK\x03\x04" + _LOCAL.pack(*facts, len(name), 0) + name + data)
            offset = file.tell()
        file.seek(offset)
        _finish(file, directory, count)
    return count, wide


def _names_and_lists(models: int) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield the names of all members in their order, and the contents of lists."""
    below = [f"img_choy2016/{number:03d}.jpg" for number in range(VIEWS)]
    keys = sorted(SYNSETS)
    for index, key in enumerate(keys):
        own = range(index, models, len(keys))
        names = [hashlib.md5(str(number).encode()).hexdigest() for number in own]
        for name in names:
            for file in (*FILES, *below):
                yield f"ShapeNet/{key}/{name}/{file}".encode(), None
        first = 0
        for split, share in SHARES.items():
            last = first + round(share * len(names))
            yield f"ShapeNet/{key}/{split}.lst".encode(), "\n".join(names[first:last]).encode()
            first = last
    known = {key: {"id": key, "name": name} for key, name in SYNSETS.items()}
    yield b"ShapeNet/metadata.yaml", json.dumps(known).encode()


def _facts(data: bytes | None, step: int) -> tuple[int, ...]:
    """Return version, flags, method, time, date, checksum and sizes of a member."""
    if data is None:
        return 20, 0, _DEFLATED, 0, 33, 0, step // 2, step
    return 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data)


def _central(name: bytes, facts: tuple[int, ...], offset: int) -> bytes:
    wide = struct.pack("<HHQ", 1, 8, offset) if offset >= _WIDE else b""
    head = _CENTRAL.pack(*facts, len(name), len(wide), 0, 0, 0, 0, min(offset, _WIDE))
    return b"PK\x01\x02\x2d\x03" + head + name + wide


def _finish(file: BinaryIO, directory: bytes, count: int) -> None:
    start, size = file.tell(), len(directory)
    file.write(directory)
    end = file.tell()
    file.write(
        b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    )
    file.write(b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1))
    file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, _WIDE, _WIDE, 0))


def objects_zip(path: Path, objects: int) -> None:
    """Write a zip of `objects` spheres of the real size."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(objects):
            folder = f"ShapeNet/{list(SYNSETS)[number % 13]}/{number:032x}"
            points = rng.random((POINTS, 3)) - 0.5
            inside = np.packbits(np.linalg.norm(points, axis=1) < 0.5)
            normals = rng.normal(size=(POINTS, 3))
            normals /= np.linalg.norm(normals, axis=1, keepdims=True)
            cube = {"loc": np.zeros(3, np.float32), "scale": np.float32(1)}
            samples = {"points": points.astype(np.float16), "occupancies": inside}
            surface = {"points": (normals / 2).astype(np.float32)}
            surface["normals"] = normals.astype(np.float32)
            for name, arrays in (("points", samples), ("pointcloud", surface)):
                data = io.BytesIO()
                np.savez_compressed(data, **cube, **arrays)
                archive.writestr(f"{folder}/{name}.npz", data.getvalue())
            for view in range(VIEWS):
                data = io.BytesIO()
                Image.fromarray(_picture(rng)).save(data, "JPEG", quality=90)
                archive.writestr(f"{folder}/img_choy2016/{view:03d}.jpg", data.getvalue())
            data = io.BytesIO()
            np.savez(data, **_cameras())
            archive.writestr(f"{folder}/img_choy2016/cameras.npz", data.getvalue())


def _picture(rng: np.random.Generator) -> np.ndarray:
    rows, columns = np.mgrid[:PIXELS, :PIXELS]
    picture = np.full((PIXELS, PIXELS, 3), 255, np.uint8)
    disc = (rows - 68) ** 2 + (columns - 68) ** 2 < 50**2
    picture[disc] = rng.integers(40, 200, (int(disc.sum()), 3), dtype=np.uint8)
    return picture


def _cameras() -> dict[str, np.ndarray]:
    """Return a camera for each view, all of which see the sphere from the same place."""
    world = np.hstack([np.eye(3), [[0.0], [0.0], [2.0]]])
    camera = np.array([[149.0, 0, PIXELS / 2], [0, 149.0, PIXELS / 2], [0, 0, 1]])
    found = {f"world_mat_{number}": world for number in range(VIEWS)}
    return found | {f"camera_mat_{number}": camera for number in range(VIEWS)}
