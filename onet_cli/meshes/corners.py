"""Checks of vertices and indices, and attributes per vertex and per face corner."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError

FARTHEST = 1e18
"""Coordinates are smaller: the cube of this, a volume, is still finite."""


def checked_points(
    name: str, points: NDArray[np.number], used: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return `points` (V, 3) as float64; unused points that are not finite become 0.

    Args:
        name: the file, for error messages.
        points: (V, 3), as read.
        used: indices of the points that faces use, all valid.

    Raises:
        SourceError: a used point is NaN, infinite or has a coordinate of 1e18 or more.
    """
    checked: NDArray[np.float64] = np.array(points, np.float64)
    bad: NDArray[np.bool_] = np.any(~(np.abs(checked) < FARTHEST), axis=1)  # NaN is bad too
    if bad.any():
        if bad[used].any():
            raise SourceError(f"{name} has vertices that are not finite, or 1e18 or larger")
        checked[bad] = 0
    return checked


def checked_indices(name: str, values: NDArray[np.number], vertices: int) -> NDArray[np.intp]:
    """Return the vertex indices of faces of the file `name` after checking their range.

    Raises:
        SourceError: an index is not in 0..vertices-1.
    """
    if len(values) and not (0 <= values.min() <= values.max() < vertices):  # refuses NaN too
        raise SourceError(
            f"{name} cannot be read: a face has a vertex index outside its {vertices} vertices"
        )
    return values.astype(np.intp)


def face_normals(points: NDArray[np.float64], faces: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return unit normals (F, 3); zeros for degenerate faces."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    return unit(np.cross(b - a, c - a))


def unit(vectors: NDArray[np.number]) -> NDArray[np.float64]:
    """Return vectors (..., 3) scaled to unit length; zero vectors stay zero."""
    finite: NDArray[np.float64] = np.where(np.isfinite(vectors), vectors, 0).astype(np.float64)
    # Divide by the largest component first, to avoid underflow and overflow.
    largest = np.abs(finite).max(axis=-1, keepdims=True)
    finite /= np.where(largest > 0, largest, 1)
    length = np.linalg.norm(finite, axis=-1, keepdims=True)
    result: NDArray[np.float64] = finite / np.where(length > 0, length, 1)
    return result


def corner_normals(
    points: NDArray[np.float64],
    faces: NDArray[np.integer],
    normals: NDArray[np.number],
    which: NDArray[np.integer],
) -> NDArray[np.float32] | None:
    """Return unit normals (F, 3, 3) of face corners, or None if no corner has one.

    Args:
        points: (V, 3) vertices.
        faces: (F, 3) indices into `points`.
        normals: (N, 3) normals of any length.
        which: (F, 3) indices into `normals`; -1 for a corner that takes the normal of its face.
    """
    if not len(normals) or not (which >= 0).any():
        return None
    result: NDArray[np.float64] = unit(np.concatenate([normals, np.zeros((1, 3))]))[
        which
    ]  # -1 finds the last
    lacking = ~result.any(axis=2)
    if lacking.any():
        flat = np.broadcast_to(face_normals(points, faces)[:, None], result.shape)
        result[lacking] = flat[lacking]
    single: NDArray[np.float32] = result.astype(np.float32)
    return single


def vertex_colours(colours: NDArray[np.number], faces: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return colours (F, 3, 3) uint8 of face corners from vertex colours (V, 3).

    The range of the values is that of `as_bytes`.
    """
    result: NDArray[np.uint8] = as_bytes(colours)[faces]
    return result


def as_bytes(colours: NDArray[np.number]) -> NDArray[np.uint8]:
    """Return colours as uint8, from integers or from floats in 0..1 or 0..255.

    Integers are scaled from the range of their type, unless none is above 255: files that store
    bytes in a wider type are more frequent than nearly black meshes. Floats are in 0..1 if none is
    above 1.
    """
    if colours.dtype == np.uint8:
        return np.asarray(colours, np.uint8)
    values: NDArray[np.float64] = np.nan_to_num(colours.astype(np.float64))
    highest = values.max(initial=0)
    if colours.dtype.kind in "iu" and highest > 255:
        values = values / (2 ** (8 * colours.itemsize - (colours.dtype.kind == "i")) - 1) * 255
    elif colours.dtype.kind == "f" and highest <= 1:
        values = values * 255
    return values.round().clip(0, 255).astype(np.uint8)


def vertex_confidence(values: object, vertices: int) -> NDArray[np.float32] | None:
    """Return a file's `values` as (V,) float32, or None if they are not one number per vertex."""
    if (
        not isinstance(values, np.ndarray)
        or values.size != vertices
        or values.dtype.kind not in "fiu"
    ):
        return None
    single = np.asarray(values, np.float32).reshape(-1)
    return np.nan_to_num(single, nan=0.0, posinf=0.0, neginf=0.0)
