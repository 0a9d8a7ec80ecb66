"""A shape as the bytes of its HDF5 file, format version 1."""

import json
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.hdf5 import hdf5_bytes
from onet_cli.shapes.info import FORMAT_VERSION
from onet_cli.shapes.shape import OccupancySamples, Shape
from onet_cli.shapes.stored import CHECKSUM, checksum

CHUNK_ROWS = 4096
"""Points that are stored, and read for training, together."""


def shape_bytes(shape: Shape, rng: np.random.Generator) -> bytes:
    """Return the HDF5 file of `shape`, its points shuffled by `rng`."""
    return hdf5_bytes(lambda file: _write_shape(file, shape, rng))


def _write_shape(file: h5py.File, shape: Shape, rng: np.random.Generator) -> None:
    _write_attributes(file.attrs, shape)
    images = shape.views.images
    _write_array(file, "images/offsets", np.cumsum([0, *map(len, images)], dtype=np.int64))
    _write_array(file, "images/data", np.frombuffer(b"".join(images), dtype=np.uint8))
    if shape.views.world is not None and shape.views.camera is not None:
        _write_array(file, "camera/world_mat", shape.views.world.astype(np.float32))
        _write_array(file, "camera/camera_mat", shape.views.camera.astype(np.float32))
    _write_samples(file, "points", shape.occupancy, rng)
    _write_array(file, "pointcloud/points", shape.surface.points)
    _write_array(file, "pointcloud/normals", shape.surface.normals)
    if shape.near is not None:
        _write_samples(file, "near", shape.near, rng)
    file.attrs[CHECKSUM] = checksum(file)


def _write_samples(
    file: h5py.File, group: str, samples: OccupancySamples, rng: np.random.Generator
) -> None:
    order = rng.permutation(len(samples.points))
    rows = min(CHUNK_ROWS, len(order))
    file.create_dataset(f"{group}/points", data=samples.points[order], chunks=(rows, 3))
    _write_array(file, f"{group}/occupancies", np.packbits(samples.occupancies[order]))


def _write_array(file: h5py.File, name: str, array: NDArray[Any]) -> None:
    # Written as `file[name] = array`, a group would keep the time at which it was made.
    file.create_dataset(name, data=array)


def _write_attributes(attributes: h5py.AttributeManager, shape: Shape) -> None:
    attributes["format_version"] = FORMAT_VERSION
    attributes["id"] = shape.id.name
    attributes["category"] = shape.id.category
    attributes["unit_cube_centre"] = np.asarray(shape.unit_cube.centre, dtype=np.float64)
    attributes["unit_cube_scale"] = float(shape.unit_cube.scale)
    attributes["source_hash"] = shape.source_hash
    attributes["licence"] = shape.licence
    attributes["extra"] = json.dumps(shape.extra, sort_keys=True)
