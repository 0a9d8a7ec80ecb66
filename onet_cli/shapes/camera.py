"""Where a view was taken from: a stored pair of matrices as a few numbers that crops can follow."""

import numpy as np
from numpy.typing import NDArray

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
"""Columns of `describe_cameras`; `models.frame.PictureCamera` says what they mean."""

LEVEL = 1e-3
"""Largest sine of a roll, and largest shear, that counts as none."""


def describe_cameras(
    world: NDArray[np.floating], camera: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return the cameras of K views as numbers (K, 8), in the order of `CAMERA_FIELDS`.

    Angles are radians, lengths half edges of the picture. A row is NaN where the matrices are no
    upright pinhole camera: rolled, mirrored, sheared, or with the cube behind it.

    Args:
        world: (K, 3, 4) from the unit cube to the camera (x right, y down, z forward); it may
            scale.
        camera: (K, 3, 3) from there to pixels; the principal point is the middle of the picture,
            as in Choy et al., ECCV 2016.
    """
    world, camera = np.asarray(world, np.float64), np.asarray(camera, np.float64)
    with np.errstate(all="ignore"):  # what comes of a broken matrix is refused below
        scale = np.linalg.norm(world[:, :, :3], axis=2).mean(axis=1)
        turn = world[:, :, :3] / scale[:, None, None]
        x, y, depth = (world[:, :, 3] / scale[:, None]).T
        forward = turn[:, 2]
        half = camera[:, :2, 2]
        focal = camera[:, 0, 0] / half[:, 0] / depth
        rows = np.stack(
            [
                np.arctan2(-forward[:, 0], -forward[:, 2]),
                np.arcsin(np.clip(-forward[:, 1], -1, 1)),
                1 / depth,
                focal,
                focal * x,
                focal * y,
                np.zeros(len(world)),
                np.zeros(len(world)),
            ],
            axis=1,
        )
        upright = np.abs(turn[:, 0, 1]) < LEVEL
        upright &= np.abs(turn @ turn.transpose(0, 2, 1) - np.eye(3)).max(axis=(1, 2)) < LEVEL
        upright &= (np.linalg.det(turn) > 0) & (turn[:, 1, 1] <= LEVEL) & (depth > 0)
        upright &= np.abs(camera[:, 0, 0] / camera[:, 1, 1] - 1) < LEVEL
    upright &= np.isfinite(rows).all(axis=1)
    return np.where(upright[:, None], rows, np.nan).astype(np.float32)


def no_cameras(views: int) -> NDArray[np.float32]:
    """Return the numbers (`views`, 8) of cameras that are not known."""
    return np.full((views, len(CAMERA_FIELDS)), np.nan, dtype=np.float32)
