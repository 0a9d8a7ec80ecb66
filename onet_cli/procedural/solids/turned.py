"""Frustum and Ellipsoid."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles, random_directions


@dataclass(frozen=True, kw_only=True)
class Frustum(Solid):
    """A round column from height 0, of radius `bottom`, to `height`, of radius `top`."""

    bottom: float
    top: float
    height: float
    segments: int = 24
    round_about_y: ClassVar[bool] = True

    @property
    def _areas(self) -> Array:
        slant = np.hypot(self.height, self.top - self.bottom)
        side = np.pi * (self.bottom + self.top) * slant
        return np.array([np.pi * self.bottom**2, np.pi * self.top**2, side])

    @property
    def area(self) -> float:
        """The exact surface area."""
        return float(self._areas.sum())

    @property
    def volume(self) -> float:
        """The exact volume."""
        squares = self.bottom**2 + self.bottom * self.top + self.top**2
        return float(np.pi * self.height * squares / 3)

    @property
    def thickness(self) -> float:
        """The smaller of the height and the mean diameter."""
        return min(self.height, self.bottom + self.top)

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        x, y, z = points.T
        radius = self.bottom + (self.top - self.bottom) * (y / self.height)
        return np.asarray((y >= 0) & (y <= self.height) & (x * x + z * z <= radius * radius))

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        areas = self._areas
        piece = rng.choice(3, size=count, p=areas / areas.sum())
        angle, spread = rng.uniform(0, 2 * np.pi, count), rng.random(count)
        ring = np.sqrt(self.bottom**2 + (self.top**2 - self.bottom**2) * spread)
        rise = self.top - self.bottom
        # On the side the density grows with the radius: the squared radius is uniform.
        if abs(rise) > 1e-9 * max(self.top, self.bottom):
            share = (ring - self.bottom) / rise
        else:
            share = spread
        radius = np.choose(piece, [self.bottom * np.sqrt(spread), self.top * np.sqrt(spread), ring])
        height = np.choose(piece, [np.zeros(count), np.ones(count), share]) * self.height
        slant = np.hypot(self.height, rise)
        outward = np.where(piece == 2, self.height / slant, 0.0)
        upward = np.choose(piece, [-1.0, 1.0, -rise / slant])
        cosine, sine = np.cos(angle), np.sin(angle)
        points = np.stack([radius * cosine, height, radius * sine], axis=1)
        return points, np.stack([outward * cosine, upward, outward * sine], axis=1)

    def _mesh(self) -> Triangles:
        count = self.segments
        angle = 2 * np.pi * np.arange(count) / count
        circle = np.stack([np.cos(angle), np.zeros(count), np.sin(angle)], axis=1)
        low, lid = circle * self.bottom, circle * self.top + [0, self.height, 0]
        near = np.arange(count)
        far = np.roll(near, -1)
        fan = np.arange(1, count - 1)
        faces = [
            np.stack([near, near + count, far], axis=1),
            np.stack([far, near + count, far + count], axis=1),
            np.stack([np.zeros_like(fan), fan, fan + 1], axis=1) + 2 * count,
            np.stack([np.zeros_like(fan), fan + 1, fan], axis=1) + 3 * count,
        ]
        # The caps have vertices of their own, so that smooth shading keeps their rim sharp.
        return np.concatenate([low, lid, low, lid]), np.concatenate(faces)

    def _extent(self, directions: Array) -> Array:
        across = np.hypot(directions[:, 0], directions[:, 2])
        ends = [self.bottom * across, self.top * across + self.height * directions[:, 1]]
        return np.maximum(*ends)


@dataclass(frozen=True, kw_only=True)
class Ellipsoid(Solid):
    """A centred ellipsoid with the three `radii` along x, y and z."""

    radii: tuple[float, float, float]
    segments: int = 28
    round_about_y: ClassVar[bool] = True

    def _stretch(self, directions: Array) -> Array:
        """Return the area scale of the map from the unit sphere, up to a factor abc."""
        return np.asarray(np.linalg.norm(directions / np.asarray(self.radii), axis=1))

    @property
    def area(self) -> float:
        """The surface area, by quadrature, to about ten digits for the proportions of furniture."""
        height, weight = np.polynomial.legendre.leggauss(64)
        angle = 2 * np.pi * np.arange(128) / 128
        ring = np.sqrt(1 - height**2)
        x, z = np.outer(ring, np.cos(angle)), np.outer(ring, np.sin(angle))
        y = np.broadcast_to(height[:, None], x.shape)
        stretch = self._stretch(np.stack([x, y, z], axis=-1).reshape(-1, 3)).reshape(x.shape)
        mean = float(weight @ stretch.mean(axis=1)) / 2
        return 4 * np.pi * float(np.prod(self.radii)) * mean

    @property
    def volume(self) -> float:
        """The exact volume."""
        return 4 / 3 * np.pi * float(np.prod(self.radii))

    @property
    def thickness(self) -> float:
        """The smallest diameter."""
        return 2 * min(self.radii)

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        scaled = points / np.asarray(self.radii)
        return np.asarray(np.einsum("ij,ij->i", scaled, scaled) <= 1)

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        kept = np.empty((0, 3))
        while len(kept) < count:
            directions = random_directions(2 * (count - len(kept)) + 16, rng)
            chance = self._stretch(directions) * min(self.radii)
            kept = np.concatenate([kept, directions[rng.random(len(chance)) < chance]])
        directions = kept[:count]
        normals = directions / np.asarray(self.radii)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        return directions * np.asarray(self.radii), normals

    def _mesh(self) -> Triangles:
        around, rings = self.segments, self.segments // 2
        angle = 2 * np.pi * np.arange(around) / around
        tilt = np.linspace(0, np.pi, rings + 1)
        ring, height = np.sin(tilt)[:, None], np.cos(tilt)[:, None]
        directions = np.stack(
            [
                ring * np.cos(angle),
                np.broadcast_to(height, (rings + 1, around)),
                ring * np.sin(angle),
            ],
            axis=-1,
        ).reshape(-1, 3)
        start = (np.arange(rings)[:, None] * around + np.arange(around)).ravel()
        after = (np.arange(rings)[:, None] * around + (np.arange(around) + 1) % around).ravel()
        upper = np.stack([start, after, start + around], axis=1)
        lower = np.stack([after, after + around, start + around], axis=1)
        # The first and last ring are single points, where one of each pair has no area.
        faces = np.concatenate([upper[around:], lower[:-around]])
        return directions * np.asarray(self.radii), faces

    def _extent(self, directions: Array) -> Array:
        return np.asarray(np.linalg.norm(directions * np.asarray(self.radii), axis=1))
