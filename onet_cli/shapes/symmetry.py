"""Mirror symmetry of an object at each of several upright planes through its centre."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.symmetry import ANGLES, MirrorPlane, plane_angles, upright_normals

NEAR = 0.03
"""Distance in the unit cube at which a mirrored point counts 1 / e of one on the surface."""

ALIKE = 0.9
"""Symmetry from which an object counts as its own mirror image from front to back."""

MIRRORED, TARGETS = 300, 3000
LOOKED_AT = MIRRORED + TARGETS
"""Numbers of mirrored surface points, and of points with which their images are compared."""


def symmetry_of(surface: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return an object's mirror symmetry (36,), 0 to about 1, at each plane.

    The planes go through the vertical axis, at the angles of `geometry.symmetry.plane_angles`.

    It is the nearness of mirrored surface points to other points of the surface, divided by that of
    the unmirrored points.

    Args:
        surface: (N, 3) points of the unit cube, in random order. NaN for fewer than 2.
    """
    if len(surface) < 2:
        return no_symmetry()
    points = np.asarray(surface[:LOOKED_AT], np.float32)
    moved, targets = points[: min(MIRRORED, len(points) // 2)], points[-TARGETS:]
    targets = targets[-(len(points) - len(moved)) :]
    planes = [MirrorPlane(normal, 0.0) for normal in upright_normals(plane_angles())]
    images = np.concatenate([plane.mirror(moved) for plane in planes])
    found = _nearness(images, targets).reshape(ANGLES, len(moved))
    usual = max(float(_nearness(moved, targets).mean()), 1e-6)
    share: NDArray[np.float32] = (found.mean(axis=1) / usual).astype(np.float32)
    return share


def no_symmetry() -> NDArray[np.float32]:
    """Return an unknown symmetry (36,): NaN."""
    return np.full(ANGLES, np.nan, dtype=np.float32)


def has_front(symmetry: NDArray[np.floating]) -> bool:
    """Return whether an object of this `symmetry` (36,) differs from its mirror image from behind.

    If not, as tables, vases and balls, no side of it is the front. Its front, if any, is at +z.
    """
    half = ANGLES // 2  # the angle of the plane between front and back, whose normal is along z
    return bool(symmetry[half - 1 : half + 2].max() < ALIKE)


def _nearness(points: NDArray[np.floating], targets: NDArray[np.floating]) -> NDArray[np.floating]:
    distances, _ = nearest(points, targets)
    nearness: NDArray[np.floating] = np.exp(-np.square(distances / NEAR))
    return nearness
