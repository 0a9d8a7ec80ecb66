"""Validation of shapes against the data format."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import InvalidGeometryError
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId


def check_shape(shape: Shape) -> None:
    """Raise InvalidGeometryError unless the arrays of `shape` conform to the data format."""
    _check_samples(shape.occupancy, "points", shape.id)
    if shape.near is not None:
        _check_samples(shape.near, "points near the surface", shape.id)
    surface, normals = shape.surface.points, shape.surface.normals
    _check_array(surface, "surface points", shape.id)
    _check_array(normals, "normals", shape.id)
    if surface.shape != normals.shape:
        raise InvalidGeometryError(f"{shape.id}: not one normal for every surface point")
    for matrix, rows in ((shape.views.world, (3, 4)), (shape.views.camera, (3, 3))):
        if matrix is not None and matrix.shape != (len(shape.views.images), *rows):
            raise InvalidGeometryError(f"{shape.id}: not one camera for every view")


def _check_samples(samples: OccupancySamples, what: str, shape_id: ShapeId) -> None:
    count = len(samples.points)
    _check_array(samples.points, what, shape_id)
    if count == 0 or count % 8:
        raise InvalidGeometryError(f"{shape_id}: {count} {what} are no multiple of 8")
    if samples.occupancies.shape != (count,):
        raise InvalidGeometryError(f"{shape_id}: not one occupancy for each of the {what}")


def _check_array(array: NDArray[np.floating], what: str, shape_id: ShapeId) -> None:
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype not in (np.float16, np.float32):
        raise InvalidGeometryError(
            f"{shape_id}: {what} must be (N, 3) float16 or float32, not {array.shape} {array.dtype}"
        )
