"""Prism: boxes, tapered and leaning legs, oval and arched plates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles


@dataclass(frozen=True, kw_only=True)
class Prism(Solid):
    """A convex polygon at height 0 joined to a scaled and shifted copy of it at `height`.

    `outline` (M, 2) holds the polygon's (x, z) corners, in either order. The copy on top is
    `outline * scale + shift`, so that the sides stay flat: a box, a tapered or leaning leg, or an
    oval table top. A rectangle's two sides may have different scales.
    """

    outline: Array
    height: float
    scale: float | tuple[float, float] = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    @property
    def _scales(self) -> Array:
        return np.broadcast_to(np.asarray(self.scale, dtype=np.float64), (2,))

    @cached_property
    def _corners(self) -> Array:
        """The (2M, 3) corners, bottom ring first, counter-clockwise seen from below."""
        x, z = self.outline.T
        turn = x * np.roll(z, -1) - np.roll(x, -1) * z
        ring = self.outline if turn.sum() > 0 else self.outline[::-1]
        top = ring * self._scales + np.asarray(self.shift)
        low, high = np.zeros(len(ring)), np.full(len(ring), self.height)
        return np.concatenate(
            [
                np.stack([ring[:, 0], low, ring[:, 1]], axis=1),
                np.stack([top[:, 0], high, top[:, 1]], axis=1),
            ]
        )

    @cached_property
    def _triangles(self) -> NDArray[np.int64]:
        count = len(self.outline)
        near = np.arange(count)
        far = np.roll(near, -1)
        fan = np.arange(1, count - 1)
        return np.concatenate(
            [
                np.stack([np.zeros_like(fan), fan, fan + 1], axis=1),
                np.stack([np.full_like(fan, count), count + fan + 1, count + fan], axis=1),
                np.stack([near, near + count, far], axis=1),
                np.stack([far, near + count, far + count], axis=1),
            ]
        )

    @cached_property
    def _crosses(self) -> Array:
        a, b, c = (self._corners[self._triangles[:, k]] for k in range(3))
        return np.cross(b - a, c - a)

    @cached_property
    def _planes(self) -> tuple[Array, Array]:
        """Outward normals (M + 2, 3) and the offsets of the faces along them (M + 2,)."""
        count = len(self.outline)
        first = np.concatenate([[0, count - 2], 2 * (count - 2) + np.arange(count)])
        normals = self._crosses[first]
        normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        # The highest corner along the normal, so that rounding never cuts one off.
        return normals, (normals @ self._corners.T).max(axis=1)

    @property
    def area(self) -> float:
        """The exact surface area."""
        return float(np.linalg.norm(self._crosses, axis=1).sum() / 2)

    @property
    def volume(self) -> float:
        """The exact volume."""
        x, z = self.outline.T
        base = abs(float((x * np.roll(z, -1) - np.roll(x, -1) * z).sum())) / 2
        a, b = (self._scales - 1).tolist()
        return float(base * self.height * (1 + (a + b) / 2 + a * b / 3))

    @property
    def thickness(self) -> float:
        """The smaller of the height and the narrower end's smaller width."""
        widths = np.ptp(self.outline, axis=0) * np.minimum(1.0, self._scales)
        return min(float(widths.min()), self.height)

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        normals, offsets = self._planes
        inside = np.ones(len(points), dtype=np.bool_)
        for normal, offset in zip(normals, offsets, strict=True):
            inside &= points @ normal <= offset
        return inside

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        areas = np.linalg.norm(self._crosses, axis=1)
        share = rng.multinomial(count, areas / areas.sum())
        a, b, c = (np.repeat(self._corners[self._triangles[:, k]], share, axis=0) for k in range(3))
        u, v = rng.random((2, count, 1))
        folded = u + v > 1
        u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
        normals = np.repeat(self._crosses / areas[:, None], share, axis=0)
        return a + u * (b - a) + v * (c - a), normals

    def _mesh(self) -> Triangles:
        # Faces that meet at an angle share no vertex, so that smooth shading keeps the edge.
        if len(self.outline) <= 8:
            count = len(self._triangles)
            return self._corners[self._triangles.ravel()], np.arange(3 * count).reshape(count, 3)
        caps = 2 * (len(self.outline) - 2)
        faces = self._triangles.copy()
        faces[caps:] += len(self._corners)
        return np.concatenate([self._corners, self._corners]), faces

    def _extent(self, directions: Array) -> Array:
        return np.asarray((directions @ self._corners.T).max(axis=1))


def rectangle(width: float, depth: float) -> Array:
    """Return the (4, 2) corners of a centred rectangle."""
    signs = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    return np.asarray(signs * np.array([width, depth]) / 2)


def oval(width: float, depth: float, power: float = 2.0, corners: int = 40) -> Array:
    """Return a centred superellipse: `power` 2 is an ellipse, higher ones approach a rectangle."""
    angle = 2 * np.pi * np.arange(corners) / corners
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    corner = np.array([width, depth]) / 2
    return np.asarray(np.sign(unit) * np.abs(unit) ** (2 / power) * corner)


def arch(width: float, depth: float, rise: float, corners: int = 13) -> Array:
    """Return a centred rectangle whose +z side bulges by `rise` within `depth`."""
    angle = np.linspace(0, np.pi, corners)
    top = np.stack([width / 2 * np.cos(angle), depth / 2 - rise + rise * np.sin(angle)], axis=1)
    return np.concatenate([np.array([[-width, -depth], [width, -depth]]) / 2, top])
