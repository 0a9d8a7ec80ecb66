"""Many packed meshes in one file."""

import json
import lzma
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from packing.packed import Integers, Look, PackedMesh

COLUMNS = {"points": 3, "faces": 3, "uv": 2, "colours": 3, "look_of_face": 1}
"""The arrays of a mesh."""

_PRESET = lzma.PRESET_EXTREME | 9


def write_pack(path: Path, meshes: Iterable[PackedMesh], table: str) -> None:
    """Write `meshes` and the CSV `table` of their metadata to a file."""
    arrays: dict[str, list[Integers]] = {name: [] for name in COLUMNS}
    pictures: list[bytes] = []
    heads = []
    for mesh in meshes:
        for name in COLUMNS:
            arrays[name].append(_differences(name, getattr(mesh, name)))
        looks = []
        for look in mesh.looks:
            looks.append([*look.colour, look.opacity, look.gloss, len(look.picture or b"")])
            pictures.append(look.picture or b"")
        rows = [len(getattr(mesh, name)) for name in COLUMNS]
        heads.append({"name": mesh.name, "rows": rows, "looks": looks})
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("table.csv", lzma.compress(table.encode(), preset=_PRESET))
        file.writestr("heads.json", lzma.compress(json.dumps(heads).encode(), preset=_PRESET))
        for name, parts in arrays.items():
            file.writestr(name, _squeezed(np.concatenate(parts)))
        file.writestr("pictures", b"".join(pictures))


def read_pack(path: Path) -> tuple[Iterator[PackedMesh], str]:
    """Return the meshes of a file, and the table of their metadata."""
    with zipfile.ZipFile(path) as file:
        heads = json.loads(lzma.decompress(file.read("heads.json")))
        table = lzma.decompress(file.read("table.csv")).decode()
        arrays = {name: _unsqueezed(file.read(name), width) for name, width in COLUMNS.items()}
        pictures = file.read("pictures")
    return _meshes(heads, arrays, pictures), table


def _meshes(
    heads: Sequence[dict[str, Any]], arrays: dict[str, Integers], pictures: bytes
) -> Iterator[PackedMesh]:
    at, start = dict.fromkeys(COLUMNS, 0), 0
    for head in heads:
        own = {}
        for name, rows in zip(COLUMNS, head["rows"], strict=True):
            own[name] = _sums(name, arrays[name][at[name] : at[name] + rows])
            at[name] += rows
        looks = []
        for red, green, blue, opacity, gloss, size in head["looks"]:
            picture = pictures[start : start + size] or None
            looks.append(Look((red, green, blue), opacity, gloss, picture))
            start += size
        yield PackedMesh(str(head["name"]), looks=tuple(looks), **own)


def _differences(name: str, array: Integers) -> Integers:
    if name == "faces":
        array = np.column_stack([array[:, 0], array[:, 1] - array[:, 0], array[:, 2] - array[:, 0]])
        array[1:, 0] -= array[:-1, 0].copy()
        return array
    return np.diff(array, axis=0, prepend=np.zeros((1, array.shape[1]), np.int32))


def _sums(name: str, array: Integers) -> Integers:
    if name == "faces":
        first = np.cumsum(array[:, 0], dtype=np.int32)
        return np.column_stack([first, array[:, 1] + first, array[:, 2] + first])
    return np.cumsum(array, axis=0, dtype=np.int32)


def _squeezed(array: Integers) -> bytes:
    # Small numbers of either sign have zeros in their upper bytes, which come together.
    folded = (array.astype(np.int64) << 1) ^ (array.astype(np.int64) >> 63)
    planes = np.ascontiguousarray(folded.astype("<u4").T).view(np.uint8).reshape(-1, 4).T
    return lzma.compress(np.ascontiguousarray(planes).tobytes(), preset=_PRESET)


def _unsqueezed(data: bytes, columns: int) -> Integers:
    planes = np.frombuffer(lzma.decompress(data), np.uint8).reshape(4, -1).T
    folded = np.ascontiguousarray(planes).view("<u4").reshape(columns, -1).T.astype(np.int64)
    return ((folded >> 1) ^ -(folded & 1)).astype(np.int32)
