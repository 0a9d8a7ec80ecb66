"""Camera parameters: stored matrices as a few numbers that crops can transform."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_size import picture_size

CAMERA_FIELDS = (
    "azimuth",
    "elevation",
    "perspective",
    "focal",
    "offset_x",
    "offset_y",
    "principal_x",
    "principal_y",
)
"""Columns of `describe_cameras`; see `models.frame.PictureCamera` for their meaning."""

LEVEL = 1e-3
"""Tolerance for the sine of a roll, and for a shear."""


def describe_cameras(
    world: NDArray[np.floating],
    camera: NDArray[np.floating],
    sizes: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    """Return the cameras of K views as numbers (K, 8), in the order of `CAMERA_FIELDS`.

    Angles are radians, lengths half edges of the picture. A row is NaN if the matrices are not an
    upright pinhole camera: rolled, mirrored, sheared, with the cube behind it, or the identity.

    Args:
        world: (K, 3, 4) from the unit cube to the camera (x right, y down, z forward); it may
            scale.
        camera: (K, 3, 3) from there to pixels.
        sizes: (K, 2) width and height of the pictures in pixels, which give their centres. By
            default the centres are the principal points, as in Choy et al., ECCV 2016.
    """
    world, camera = np.asarray(world, np.float64), np.asarray(camera, np.float64)
    with np.errstate(all="ignore"):  # invalid matrices are rejected below
        scale = np.linalg.norm(world[:, :, :3], axis=2).mean(axis=1)
        turn = world[:, :, :3] / scale[:, None, None]
        x, y, depth = (world[:, :, 3] / scale[:, None]).T
        forward = turn[:, 2]
        half = camera[:, :2, 2] if sizes is None else np.asarray(sizes, np.float64) / 2
        focal = camera[:, 0, 0] / half[:, 0] / depth
        principal = (camera[:, :2, 2] - half) / half
        rows = np.stack(
            [
                np.arctan2(-forward[:, 0], -forward[:, 2]),
                np.arcsin(np.clip(-forward[:, 1], -1, 1)),
                1 / depth,
                focal,
                focal * x,
                focal * y,
                principal[:, 0],
                principal[:, 1],
            ],
            axis=1,
        )
        upright = np.abs(turn[:, 0, 1]) < LEVEL
        upright &= np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2)) < LEVEL
        upright &= (np.linalg.det(turn) > 0) & (turn[:, 1, 1] <= LEVEL) & (depth > 0)
        upright &= np.abs(camera[:, 0, 0] / camera[:, 1, 1] - 1) < LEVEL
        upright &= (camera != np.eye(3)).any(axis=(1, 2))
    upright &= np.isfinite(rows).all(axis=1)
    return np.where(upright[:, None], rows, np.nan).astype(np.float32)


def describe_pictures(
    world: NDArray[np.floating],
    camera: NDArray[np.floating],
    read: Callable[[int], bytes],
) -> NDArray[np.float32]:
    """Return the cameras (K, 8) of encoded pictures, as `describe_cameras` does.

    The pictures' sizes give their centres; pictures with the same principal point are assumed to
    have the same size, so only the first of these is read. The centre of a damaged picture is
    assumed to be its principal point.

    Args:
        world: (K, 3, 4), and
        camera: (K, 3, 3), as in `describe_cameras`.
        read: returns the bytes of picture k, at least its header.
    """
    principal = camera[:, :2, 2].astype(np.float64)
    sizes = 2 * principal
    known: dict[tuple[float, ...], tuple[int, int]] = {}
    for number, point in enumerate(map(tuple, principal.tolist())):
        size = known.get(point) or picture_size(read(number))
        if size is not None:
            sizes[number] = known[point] = size
    return describe_cameras(world, camera, sizes)


def no_cameras(views: int) -> NDArray[np.float32]:
    """Return the numbers (`views`, 8) of unknown cameras: NaN."""
    return np.full((views, len(CAMERA_FIELDS)), np.nan, dtype=np.float32)
