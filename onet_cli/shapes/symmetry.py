"""How far an object is its own mirror image: at each of some upright planes through its middle."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.nearest import nearest

PLANES = 36
"""Planes through the vertical axis that are looked at: every 5 degrees."""

NEAR = 0.03
"""Distance in the unit cube at which a mirrored point counts 1 / e of one on the surface."""

MIRRORED, TARGETS = 300, 3000
LOOKED_AT = MIRRORED + TARGETS
"""Points of the surface that are mirrored, and those that their images are compared with."""


def plane_angles() -> NDArray[np.float64]:
    """Return the angles (36,) of the planes' normals, in radians: 0 is +x, pi / 2 is +z."""
    return np.arange(PLANES) * np.pi / PLANES


def symmetry_of(surface: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return from 0 to about 1 (36,) how well an object's mirror images fall on itself.

    Of points on the surface the mirror images are found, and how near each of them is to other
    points of the surface: 1 is as near as these are to each other.

    Args:
        surface: (N, 3) points of the unit cube, in random order, at least 2.
    """
    points = np.asarray(surface[:LOOKED_AT], np.float32)
    moved, targets = points[: min(MIRRORED, len(points) // 2)], points[-TARGETS:]
    targets = targets[-(len(points) - len(moved)) :]
    angles = plane_angles()
    normals = np.stack([np.cos(angles), np.zeros(PLANES), np.sin(angles)], axis=1)
    across = moved @ normals.T
    images = moved[:, None] - 2 * across[:, :, None] * normals
    found = _nearness(images.reshape(-1, 3), targets).reshape(len(moved), PLANES)
    usual = max(float(_nearness(moved, targets).mean()), 1e-6)
    share: NDArray[np.float32] = (found.mean(axis=0) / usual).astype(np.float32)
    return share


def no_symmetry() -> NDArray[np.float32]:
    """Return what stands for a symmetry (36,) that is not known: NaN."""
    return np.full(PLANES, np.nan, dtype=np.float32)


def _nearness(points: NDArray[np.floating], targets: NDArray[np.floating]) -> NDArray[np.floating]:
    distances, _ = nearest(points, targets)
    nearness: NDArray[np.floating] = np.exp(-np.square(distances / NEAR))
    return nearness
