"""The interface of every solid: an exact inside test and a surface sampler."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array, Pose

Triangles = tuple[Array, NDArray[np.int64]]
"""Vertices (V, 3) and outward-oriented faces (F, 3)."""


@dataclass(frozen=True, kw_only=True)
class Solid(ABC):
    """A closed body, defined in its own frame and placed by `pose`.

    Subclasses work in their own frame; the public methods in the world's. Textures are wrapped
    around the y axis of solids that are `round_about_y`, and projected onto six sides of the
    others.
    """

    pose: Pose = field(default_factory=Pose)
    round_about_y: ClassVar[bool] = False

    def moved(self, pose: Pose) -> Self:
        """Return the same body after the further motion `pose`."""
        return replace(self, pose=self.pose.then(pose))

    def contains(self, points: Array) -> NDArray[np.bool_]:
        """Return for each of `points` (N, 3) whether it lies in the body or on its surface."""
        return self._contains(self.pose.undo(points))

    def sample_surface(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return `count` points uniform on the surface, (N, 3), and outward normals.

        Their order is not random: a subset of them is not uniform.
        """
        points, normals = self._sample(count, rng)
        return self.pose.apply(points), self.pose.turn(normals)

    def mesh(self) -> Triangles:
        """Return a closed mesh for rendering; curved faces are approximated by inscribed ones."""
        vertices, faces = self._mesh()
        return self.pose.apply(vertices), faces

    def local_mesh(self) -> Triangles:
        """Return the mesh of `mesh()` in the body's own frame."""
        return self._mesh()

    def bounds(self) -> tuple[Array, Array]:
        """Return the lowest and highest corner of the exact axis-aligned box."""
        lower, upper = self._extent(-self.pose.rotation), self._extent(self.pose.rotation)
        return self.pose.translation - lower, self.pose.translation + upper

    @property
    @abstractmethod
    def area(self) -> float:
        """The exact surface area."""

    @property
    @abstractmethod
    def volume(self) -> float:
        """The exact volume."""

    @property
    @abstractmethod
    def thickness(self) -> float:
        """The minimum width that matters for sampling."""

    @abstractmethod
    def _contains(self, points: Array) -> NDArray[np.bool_]: ...

    @abstractmethod
    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]: ...

    @abstractmethod
    def _mesh(self) -> Triangles: ...

    @abstractmethod
    def _extent(self, directions: Array) -> Array:
        """Return how far the body reaches along each of the unit `directions` (N, 3)."""


def random_directions(count: int, rng: np.random.Generator) -> Array:
    """Return `count` directions, (N, 3), uniform on the unit sphere."""
    directions = rng.standard_normal((count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions
