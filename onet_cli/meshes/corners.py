"""What vertices, and faces at their corners, have, from what a file says of its vertices."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError

_FARTHEST = 1e18  # its cube, a volume, is still a number


def checked_points(
    name: str, points: NDArray[np.number], used: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return `points` (V, 3) as float64; those that no face uses become 0 if they are no numbers.

    Args:
        name: the file, for the message.
        points: (V, 3), as read.
        used: indices of the points that faces use, all of them valid.

    Raises:
        SourceError: a point that a face uses is NaN, infinite or absurdly far away.
    """
    checked: NDArray[np.float64] = np.array(points, np.float64)
    bad: NDArray[np.bool_] = np.any(~(np.abs(checked) < _FARTHEST), axis=1)  # NaN is bad too
    if bad.any():
        if bad[used].any():
            raise SourceError(f"{name} has vertices that are not finite")
        checked[bad] = 0
    return checked


def checked_indices(name: str, values: NDArray[np.number], vertices: int) -> NDArray[np.intp]:
    """Return the vertices that faces of the file `name` speak of, each in 0..vertices-1.

    Raises:
        SourceError: one is not there.
    """
    if len(values) and not (0 <= values.min() <= values.max() < vertices):  # refuses NaN too
        raise SourceError(
            f"{name} cannot be read: a face names a vertex that is not among its {vertices}"
        )
    return values.astype(np.intp)


def face_normals(points: NDArray[np.float64], faces: NDArray[np.integer]) -> NDArray[np.float64]:
    """Return unit normals (F, 3); zeros for faces without area."""
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    return unit(np.cross(b - a, c - a))


def unit(vectors: NDArray[np.number]) -> NDArray[np.float64]:
    """Return vectors (..., 3) of length 1; zeros where there is no direction."""
    finite: NDArray[np.float64] = np.where(np.isfinite(vectors), vectors, 0).astype(np.float64)
    # Divided first by the largest part, so that tiny and huge ones keep their direction.
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
    """Return unit normals (F, 3, 3) of corners, or None when no corner has one.

    Args:
        points: (V, 3) vertices.
        faces: (F, 3) indices into `points`.
        normals: (N, 3) normals of any length.
        which: (F, 3) indices into `normals`; -1 where a corner has none and takes its face's.
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
    """Return colours (F, 3, 3) uint8 of corners from those of vertices, (V, 3).

    Integers are of their type's range; other numbers are of 0..1, or of 0..255 when any is above 1.
    """
    result: NDArray[np.uint8] = as_bytes(colours)[faces]
    return result


def as_bytes(colours: NDArray[np.number]) -> NDArray[np.uint8]:
    """Return colours as 0..255, whether they come as integers, as 0..1 or as 0..255.

    Wide integers are taken for bytes where none is above 255: files with a careless header are
    more frequent than meshes that are all but black.
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
    """Return a file's `values` as one number per vertex (V,), or None where they are not that."""
    if (
        not isinstance(values, np.ndarray)
        or values.size != vertices
        or values.dtype.kind not in "fiu"
    ):
        return None
    single = np.asarray(values, np.float32).reshape(-1)
    return np.nan_to_num(single, nan=0.0, posinf=0.0, neginf=0.0)
