"""Silhouettes of prediction and ground truth, rendered from surface samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.sampling import every_nth
from onet_cli.shapes.camera import CAMERA_FIELDS

SIZE = 96
"""Edge of a silhouette in pixels."""

DISTANCE, FOCAL = 3.4, 1.8
"""Camera distance, and focal length in image edges; the unit cube's bounding sphere fits."""

MOST_SAMPLES = 100_000

ROUNDS = 3
"""Iterations of hole filling."""


@dataclass(frozen=True)
class Outlines:
    """IoU of silhouettes from the photo's direction, and at 90 and 180 degrees from it."""

    photo: float
    side: float
    behind: float


def compare_outlines(
    predicted: NDArray[np.floating], target: NDArray[np.floating], camera: NDArray[np.floating]
) -> Outlines | None:
    """Return the IoU of silhouettes of two surfaces, or None if one has no samples.

    Both are rendered from equal numbers of samples by the same rule (`covered`).

    Args:
        predicted: (N, 3) samples of the predicted surface, unit-cube frame.
        target: (M, 3) samples of the true surface.
        camera: (8,) as in `shapes.camera.CAMERA_FIELDS`; only its direction is used.
    """
    count = min(len(predicted), len(target), MOST_SAMPLES)
    if count == 0:
        return None
    sides = every_nth(predicted, count), every_nth(target, count)
    azimuth, elevation = np.degrees(
        [camera[CAMERA_FIELDS.index(name)] for name in ("azimuth", "elevation")]
    )
    ious = []
    for turn in (0, 90, 180):
        view = Camera.orbit(azimuth + turn, elevation, DISTANCE, SIZE, FOCAL * SIZE)
        a, b = (covered(side, view) for side in sides)
        either = np.count_nonzero(a | b)
        ious.append(float(np.count_nonzero(a & b) / either) if either else 0.0)
    return Outlines(*ious)


def covered(points: NDArray[np.floating], camera: Camera) -> NDArray[np.bool_]:
    """Return the pixels (SIZE, SIZE) that surface `points` (N, 3) cover.

    A pixel is covered if all of its four quarters contain a point: with a single point per pixel,
    pixels at the border would make thin parts a pixel wider. Holes between samples are filled
    first: quarters with at least five covered neighbours of eight become covered; next to a
    straight edge at most four are.
    """
    x, y, depth = (2 * camera.project(points)).T
    fine = 2 * SIZE
    seen = (x >= 0) & (x < fine) & (y >= 0) & (y < fine) & (depth > 0)
    quarters = np.zeros((fine + 2, fine + 2), dtype=np.int8)  # with a margin
    quarters[y[seen].astype(np.int64) + 1, x[seen].astype(np.int64) + 1] = 1
    for _ in range(ROUNDS):
        columns = quarters[:-2] + quarters[1:-1] + quarters[2:]
        around = columns[:, :-2] + columns[:, 1:-1] + columns[:, 2:]
        quarters[1:-1, 1:-1] |= around >= 5
    inner = quarters[1:-1, 1:-1].reshape(SIZE, 2, SIZE, 2)
    return np.asarray(inner.all(axis=(1, 3)), np.bool_)
