"""A shape as the bytes of its HDF5 file, format version 1."""

import json
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.hdf5 import hdf5_bytes, write_array, write_attribute
from onet_cli.shapes.info import FORMAT_VERSION
from onet_cli.shapes.shape import OccupancySamples, Shape
from onet_cli.shapes.shuffle import permutation, take_rows
from onet_cli.shapes.stored import CHECKSUM, checksum

CHUNK_ROWS = 4096
"""Points that are stored, and read for training, together."""

_CHUNKED = ("points/points", "near/points")

Arrays = dict[str, NDArray[Any]]
"""Arrays by their path in the file."""


def shape_bytes(shape: Shape, rng: np.random.Generator) -> bytes:
    """Return the HDF5 file of `shape`, its points shuffled by `rng`."""
    arrays = _arrays(shape, rng)
    size = sum(array.nbytes for array in arrays.values())
    return hdf5_bytes(lambda file: _write_shape(file, shape, arrays), size)


def _write_shape(file: h5py.File, shape: Shape, arrays: Arrays) -> None:
    for name, value in _attributes(shape).items():
        write_attribute(file.id, name, value)
    for name, array in arrays.items():
        chunk = (min(CHUNK_ROWS, len(array)), 3) if name in _CHUNKED else None
        write_array(file.id, name, array, chunk)
    write_attribute(file.id, CHECKSUM, checksum(arrays))


def _arrays(shape: Shape, rng: np.random.Generator) -> Arrays:
    """Return the arrays of the file in the order in which they are written."""
    images = shape.views.images
    arrays: Arrays = {
        "images/offsets": np.cumsum([0, *map(len, images)], dtype=np.int64),
        "images/data": np.frombuffer(b"".join(images), dtype=np.uint8),
    }
    if shape.views.world is not None and shape.views.camera is not None:
        arrays["camera/world_mat"] = shape.views.world.astype(np.float32)
        arrays["camera/camera_mat"] = shape.views.camera.astype(np.float32)
    arrays |= _samples("points", shape.occupancy, rng)
    arrays["pointcloud/points"] = shape.surface.points
    arrays["pointcloud/normals"] = shape.surface.normals
    if shape.near is not None:
        arrays |= _samples("near", shape.near, rng)
    return arrays


def _samples(group: str, samples: OccupancySamples, rng: np.random.Generator) -> Arrays:
    order = permutation(len(samples.points), rng)
    return {
        f"{group}/points": take_rows(samples.points, order),
        f"{group}/occupancies": np.packbits(take_rows(samples.occupancies, order)),
    }


def _attributes(shape: Shape) -> dict[str, str | float | NDArray[np.float64]]:
    return {
        "format_version": FORMAT_VERSION,
        "id": shape.id.name,
        "category": shape.id.category,
        "unit_cube_centre": np.asarray(shape.unit_cube.centre, dtype=np.float64),
        "unit_cube_scale": float(shape.unit_cube.scale),
        "source_hash": shape.source_hash,
        "licence": shape.licence,
        "extra": json.dumps(shape.extra, sort_keys=True),
    }
