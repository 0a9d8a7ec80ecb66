"""Conversion of the arrays of other data sets to stored samples, without changing values."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.geometry.normalize import UnitCube
from onet_cli.shapes.shape import OccupancySamples, SurfaceSamples

Arrays = Mapping[str, NDArray[Any]]

_SIGNATURES = ((b"\xff\xd8\xff", b"\xff\xd9"), (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"))
_FARTHEST = 1e4  # maximum coordinate of a point, in edges of the unit cube
_TAIL = 1024  # writers may pad an image after its end marker


def occupancy_samples(arrays: Arrays) -> OccupancySamples:
    """Return the samples of a `points.npz`: `points` (N, 3) and `occupancies`, packed or not.

    If N is not a multiple of 8, the first points (at most 7) are repeated, so that the set of
    pairs of point and occupancy does not change.

    Raises:
        SourceError: an array is missing or malformed.
    """
    points = _points(arrays, "points")
    occupancies = np.ravel(require(arrays, "occupancies"))
    if occupancies.dtype == np.uint8 and len(occupancies) == -(-len(points) // 8) != len(points):
        inside = np.unpackbits(occupancies, count=len(points)).view(np.bool_)
    elif len(occupancies) == len(points):
        inside = occupancies.astype(np.float32) >= 0.5
    else:
        raise SourceError(f"there are {len(occupancies)} occupancies for {len(points)} points")
    if len(points) % 8 == 0:
        return OccupancySamples(points, inside)
    filled = np.arange(-(-len(points) // 8) * 8) % len(points)
    return OccupancySamples(points[filled], inside[filled])


def surface_samples(arrays: Arrays) -> SurfaceSamples:
    """Return the samples of a `pointcloud.npz`: `points` and `normals`, both (M, 3).

    Raises:
        SourceError: an array is missing or malformed.
    """
    points, normals = _points(arrays, "points"), _points(arrays, "normals")
    if points.shape != normals.shape:
        raise SourceError(f"there are {len(normals)} normals for {len(points)} surface points")
    return SurfaceSamples(points, normals)


def unit_cube(arrays: Arrays) -> UnitCube:
    """Return the unit cube given by `loc` (3,) and `scale` (), by default the source's frame.

    Raises:
        SourceError: they are malformed.
    """
    if "loc" not in arrays or "scale" not in arrays:
        return UnitCube((0.0, 0.0, 0.0), 1.0)
    centre = np.ravel(arrays["loc"]).astype(np.float64)
    scale = np.ravel(arrays["scale"]).astype(np.float64)
    if centre.shape != (3,) or scale.shape != (1,):
        raise SourceError("loc must be a point and scale a number")
    if not (np.isfinite(centre).all() and np.isfinite(scale[0]) and scale[0] > 0):
        raise SourceError("loc or scale is not finite and positive")
    return UnitCube((float(centre[0]), float(centre[1]), float(centre[2])), float(scale[0]))


def cameras(
    arrays: Arrays, numbers: list[int], cube: UnitCube, surface: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """Return the world and camera matrices of the views `numbers`, or None if not available.

    In official files, `world_mat_<i>` applies to the source's frame, in others to the unit cube.
    The variant that projects the surface into the first view is used; if neither does, the cameras
    do not belong to the views, and None is returned.

    Args:
        arrays: `world_mat_<i>` (3, 4) and `camera_mat_<i>` (3, 3).
        numbers: indices of the views, in the order of the returned matrices.
        cube: the unit cube in the source's frame.
        surface: (M, 3) points of the shape in the unit cube.
    """
    try:
        world = np.stack([arrays[f"world_mat_{i}"] for i in numbers]).astype(np.float64)
        camera = np.stack([arrays[f"camera_mat_{i}"] for i in numbers]).astype(np.float64)
    except (KeyError, ValueError):
        return None
    if world.shape[1:] != (3, 4) or camera.shape[1:] != (3, 3):
        return None
    moved = world.copy()
    moved[:, :, 3] += world[:, :, :3] @ np.asarray(cube.centre)
    moved[:, :, :3] *= cube.scale
    for candidate in (moved, world):
        if _share_in_picture(surface, candidate[0], camera[0]) > 0.9:
            return candidate.astype(np.float32), camera.astype(np.float32)
    return None


def check_view(data: bytes, name: str) -> None:
    """Raise SourceError unless `data` begins and ends like a JPEG or PNG image."""
    for head, tail in _SIGNATURES:
        if data.startswith(head) and tail in data[-_TAIL:]:
            return
    raise SourceError(f"{name} is not a complete JPEG or PNG image")


def require(arrays: Arrays, key: str) -> NDArray[Any]:
    """Return the array `key`, or raise SourceError if it is missing."""
    if key not in arrays:
        raise SourceError(f"the array {key!r} is missing")
    return arrays[key]


def _points(arrays: Arrays, key: str) -> NDArray[np.floating]:
    points = require(arrays, key)
    if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
        raise SourceError(f"{key!r} must be (N, 3), not {points.shape}")
    if points.dtype not in (np.float16, np.float32, np.float64):
        raise SourceError(f"{key!r} must be floats, not {points.dtype}")
    # The format has no float64; `astype` also converts to the native byte order.
    with np.errstate(over="ignore"):
        stored: NDArray[np.floating] = points.astype(
            np.float16 if points.dtype == np.float16 else np.float32, copy=False
        )
    if _largest_magnitude(stored) > _FARTHEST:
        raise SourceError(f"{key!r} contains values that are not finite, or too large")
    return stored


def _largest_magnitude(values: NDArray[np.floating]) -> float:
    """Return the largest absolute value of float16 or float32 numbers, infinity for NaN.

    Processors have no float16; without the sign, its numbers are in the order of their bits, with
    infinity and then NaN at the end, and comparing integers takes a tenth of the time.
    """
    if values.dtype == np.float16:
        bits = (values.view(np.uint16) & 0x7FFF).max()
        found = float(bits.view(np.float16))
    else:
        found = max(float(values.max()), -float(values.min()))
    return found if np.isfinite(found) else np.inf


def _share_in_picture(
    points: NDArray[np.floating], world: NDArray[np.float64], camera: NDArray[np.float64]
) -> float:
    """Return the share of `points` (M, 3) inside an image centred at the principal point."""
    seen = points[:1000].astype(np.float64) @ world[:, :3].T + world[:, 3]
    depth = seen[:, 2]
    pixels = seen @ camera.T
    limit = 2 * camera[:2, 2] * depth[:, None]
    # Compared before the division by depth, which may be 0.
    inside = (depth > 0) & (pixels[:, :2] >= 0).all(axis=1) & (pixels[:, :2] <= limit).all(axis=1)
    return float(inside.mean())
