"""Upright mirror planes of a shape."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.sampling import every_nth

ANGLES = 36
"""Number of upright planes tested, at regular steps over 180 degrees about +y."""

FINER = (-0.5, -0.25, 0.25, 0.5)
"""Further rotations from the best of these, in steps."""

MOST = 4
"""Number of best planes refined this way."""

TRIED, TARGETS = 128, 3000
"""Number of mirrored points, and of points among which their images are searched."""

LIKE = 0.012
"""Mean distance of mirror images from the shape, over its extent, below which it is symmetric."""


@dataclass(frozen=True)
class MirrorPlane:
    """The upright plane through all points p with p @ `normal` = `offset`."""

    normal: NDArray[np.float64]
    offset: float

    def mirror(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the mirror images of `points` (N, 3)."""
        points = np.asarray(points, np.float64)
        return points - 2 * np.outer(points @ self.normal - self.offset, self.normal)

    def turn(self, directions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the mirror images of `directions` (N, 3)."""
        return MirrorPlane(self.normal, 0.0).mirror(directions)


def plane_angles() -> NDArray[np.float64]:
    """Return the angles (36,) of these planes' normals, in radians: 0 is +x, pi / 2 is +z."""
    return np.linspace(0, np.pi, ANGLES, endpoint=False)


def upright_normals(angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the horizontal unit vectors (A, 3) at `angles` (A,), counted as in `plane_angles`."""
    return np.stack([np.cos(angles), np.zeros(len(angles)), np.sin(angles)], axis=1)


def mirror_planes(points: NDArray[np.floating]) -> list[MirrorPlane]:
    """Return the upright planes about which `points` (N, 3) of a surface are symmetric, best first.

    Their angles are accurate to about a degree; each is a local optimum.
    """
    extent = float(np.ptp(points, axis=0).max()) if len(points) else 0.0
    if extent == 0.0:
        return []
    tried, targets = every_nth(points, TRIED), every_nth(points, TARGETS)
    angles = plane_angles()
    _, distances = _try(angles, tried, targets)
    best = distances <= np.minimum(np.roll(distances, 1), np.roll(distances, -1))
    minima = np.flatnonzero(best)
    minima = minima[np.argsort(distances[minima])][:MOST]
    turns = np.array((0.0, *FINER)) * (np.pi / ANGLES)
    around = (angles[minima, None] + turns).astype(np.float64)
    planes, finer = _try(around.reshape(-1), tried, targets)
    chosen = finer.reshape(-1, len(turns)).argmin(axis=1) + len(turns) * np.arange(len(minima))
    limit = LIKE * extent + _spacing(targets)
    return [planes[k] for k in chosen[np.argsort(finer[chosen])] if finer[k] < limit]


def _try(
    angles: NDArray[np.float64], tried: NDArray[np.floating], targets: NDArray[np.floating]
) -> tuple[list[MirrorPlane], NDArray[np.float64]]:
    """Return the planes at `angles` (A,) and the mean distances (A,) of mirror images."""
    planes = _middle_planes(targets, angles)
    images = np.concatenate([plane.mirror(tried) for plane in planes])
    distances = nearest(images, targets)[0].reshape(len(planes), -1)
    return planes, distances.mean(axis=1, dtype=np.float64)


def _middle_planes(points: NDArray[np.floating], angles: NDArray[np.float64]) -> list[MirrorPlane]:
    """Return the upright planes at `angles` through the middle of the extent of `points`."""
    normals = upright_normals(angles)
    along = points @ normals.T
    offsets = (along.min(axis=0) + along.max(axis=0)) / 2
    return [MirrorPlane(n, float(offset)) for n, offset in zip(normals, offsets, strict=True)]


def _spacing(targets: NDArray[np.floating]) -> float:
    """Return the expected mean distance of surface points from the nearest of `targets`.

    It is estimated from the distances between two halves of `targets`.
    """
    distances, _ = nearest(every_nth(targets[::2], TRIED), targets[1::2])
    return float(distances.mean()) / math.sqrt(2)
