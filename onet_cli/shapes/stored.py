"""Whether a shape's HDF5 file is what format version 1 says, and the checksum in it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.hdf5 import is_text_attribute, read_text_attribute
from onet_cli.shapes.info import check_version

CHECKSUM = "sha256"
"""The attribute with the checksum of all arrays; files of earlier versions have none."""

_TEXTS = ("id", "category", "source_hash", "licence", "extra")
_FLOATS = ("<f2", "<f4")


def check_stored(file: h5py.File, name: str) -> None:
    """Raise ValueError unless attributes and arrays of `file` are those of the format.

    Raises:
        StoreError: the file is of a newer format version.
    """
    version = _number(file, "format_version")
    if version < 1:
        raise ValueError(f"its format version is {version:g}")
    check_version(int(version), name)
    for text in _TEXTS:
        if not is_text_attribute(file, text):
            raise ValueError(f"its {text} is no text")
    centre, scale = np.asarray(file.attrs["unit_cube_centre"]), _number(file, "unit_cube_scale")
    if centre.shape != (3,) or centre.dtype.kind != "f" or not np.isfinite(centre).all():
        raise ValueError("its unit cube has no centre")
    if scale <= 0:
        raise ValueError("its unit cube has no size")
    views = _check_pictures(file)
    if "camera" in file:
        _check_array(file, "camera/world_mat", (views, 3, 4), "<f4")
        _check_array(file, "camera/camera_mat", (views, 3, 3), "<f4")
    _check_samples(file, "points")
    if "near" in file:
        _check_samples(file, "near")
    surface = _check_array(file, "pointcloud/points", (None, 3), *_FLOATS)
    _check_array(file, "pointcloud/normals", surface.shape, *_FLOATS)


def checksum(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the SHA-256 of all arrays in the order of their names: name, type, shape and bytes."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def check_checksum(file: h5py.File) -> bool:
    """Return whether the file has a checksum at all.

    Raises:
        ValueError: it has another one than its arrays.
    """
    if CHECKSUM not in file.attrs:
        return False
    if not is_text_attribute(file, CHECKSUM):
        raise ValueError("its checksum is no text")
    if read_text_attribute(file, CHECKSUM) != checksum(_all_arrays(file)):
        raise ValueError("its checksum is wrong")
    return True


def _all_arrays(file: h5py.File) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}

    def keep(name: str, item: h5py.Group | h5py.Dataset) -> None:
        if isinstance(item, h5py.Dataset):
            arrays[name] = item[()]

    file.visititems(keep)
    return arrays


def _number(file: h5py.File, name: str) -> float:
    stored = file.attrs.get_id(name)
    if stored.shape != () or stored.dtype.kind not in "iuf":
        raise ValueError(f"its {name} is no number")
    value = float(file.attrs[name])
    if not np.isfinite(value):
        raise ValueError(f"its {name} is {value:g}")
    return value


def _check_pictures(file: h5py.File) -> int:
    """Return the number of pictures."""
    data = _check_array(file, "images/data", (None,), "|u1")
    offsets = _check_array(file, "images/offsets", (None,), "<i8")[:]
    ends = offsets[[0, -1]].tolist() if len(offsets) else []
    if ends != [0, len(data)] or np.any(np.diff(offsets) < 0):
        raise ValueError("its pictures do not follow each other")
    return len(offsets) - 1


def _check_samples(file: h5py.File, group: str) -> None:
    points = _check_array(file, f"{group}/points", (None, 3), *_FLOATS)
    if len(points) == 0 or len(points) % 8:
        raise ValueError(f"its {group} are {len(points)}, which is no multiple of 8")
    _check_array(file, f"{group}/occupancies", (len(points) // 8,), "|u1")


def _check_array(
    file: h5py.File, name: str, shape: tuple[int | None, ...], *types: str
) -> h5py.Dataset:
    """Return an array of the file; lengths that are None in `shape` are free."""
    array: Any = file.get(name)
    if not isinstance(array, h5py.Dataset) or array.shape is None:
        raise ValueError(f"its {name} is missing")
    fits = len(array.shape) == len(shape) and all(
        wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype.str not in types:
        raise ValueError(f"its {name} is {array.shape} {array.dtype}")
    return array
