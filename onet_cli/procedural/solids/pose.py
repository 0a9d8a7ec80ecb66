"""Rigid motions: the pose of a solid."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pose:
    """The rigid motion `world = rotation @ local + translation`."""

    rotation: Array = field(default_factory=lambda: np.eye(3))
    translation: Array = field(default_factory=lambda: np.zeros(3))

    def apply(self, points: Array) -> Array:
        """Return local `points` (N, 3) in the world frame."""
        return points @ self.rotation.T + self.translation

    def undo(self, points: Array) -> Array:
        """Return world `points` (N, 3) in the local frame."""
        return (points - self.translation) @ self.rotation

    def turn(self, directions: Array) -> Array:
        """Return local `directions` (N, 3) in the world frame."""
        return directions @ self.rotation.T

    def then(self, other: "Pose") -> "Pose":
        """Return the motion that applies this one first and then `other`."""
        return Pose(
            other.rotation @ self.rotation, other.rotation @ self.translation + other.translation
        )


def at(x: float, y: float, z: float) -> Pose:
    """Return the translation to (x, y, z)."""
    return Pose(translation=np.array([x, y, z], dtype=np.float64))


def about(axis: str, degrees: float) -> Pose:
    """Return the rotation by `degrees` about the world axis "x", "y" or "z", right-handed."""
    first, second = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    rotation = np.eye(3)
    rotation[first, first] = rotation[second, second] = cosine
    rotation[first, second], rotation[second, first] = -sine, sine
    return Pose(rotation)


def along(start: Array, end: Array) -> Pose:
    """Return the motion that maps the origin to `start` and +y to the direction of `end`.

    Raises:
        ValueError: `start` and `end` coincide.
    """
    length = float(np.linalg.norm(end - start))
    if length == 0:
        raise ValueError("a rod needs two different ends")
    up = (end - start) / length
    helper = np.array([0.0, 0.0, 1.0]) if abs(up[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    side = np.cross(up, helper)
    side /= np.linalg.norm(side)
    return Pose(np.stack([side, up, np.cross(side, up)], axis=1), np.array(start, dtype=float))
