"""Pillow: superellipsoids, from the ellipsoid to nearly a box."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles, random_directions

QUADRATURE = 48


@dataclass(frozen=True, kw_only=True)
class Pillow(Solid):
    """The body (|x/a|^p + |z/c|^p)^(q/p) + |y/b|^q <= 1 with `radii` (a, b, c).

    `plan` is p, the roundness seen from above (2 an ellipse, more a rectangle), and `side` is q,
    that of every upright section through the middle. Both at least 2: the body is convex.

    Source: A. H. Barr, Superquadrics and angle-preserving transformations, 1981.
    """

    radii: tuple[float, float, float]
    plan: float = 4.0
    side: float = 2.0
    segments: int = 28
    round_about_y: ClassVar[bool] = True

    def _level(self, unit: Array) -> Array:
        """Return the left side of the definition, at points divided by the radii."""
        x, y, z = np.abs(unit.T)
        plan = (x**self.plan + z**self.plan) ** (self.side / self.plan)
        return np.asarray(plan + y**self.side)

    def _on_surface(self, directions: Array) -> tuple[Array, Array, Array]:
        """Return the end points of rays of the unit sphere, the normals, and their area per solid
        angle.

        Points are before scaling by the radii, normals and areas after it.
        """
        length = self._level(directions) ** (-1 / self.side)
        unit = directions * length[:, None]
        x, y, z = np.abs(unit.T)
        base = np.maximum(x**self.plan + z**self.plan, 1e-300) ** (self.side / self.plan - 1)
        steep = np.stack(
            [base * x ** (self.plan - 1), y ** (self.side - 1), base * z ** (self.plan - 1)], axis=1
        )
        slope = np.sign(directions) * steep
        stretched = slope / np.asarray(self.radii)
        size = np.linalg.norm(stretched, axis=1)
        area = length**2 * np.prod(self.radii) * size / np.einsum("ij,ij->i", slope, directions)
        return unit, stretched / size[:, None], area

    @cached_property
    def _quadrature(self) -> tuple[float, float]:
        """The surface area, and the maximum area per unit of solid angle."""
        # By symmetry, the octant with positive coordinates represents all.
        height, weight = np.polynomial.legendre.leggauss(QUADRATURE)
        height, angle = (height + 1) / 2, (height + 1) * np.pi / 4
        ring = np.sqrt(1 - height**2)
        y = np.broadcast_to(height[:, None], (QUADRATURE, QUADRATURE))
        grid = np.stack([np.outer(ring, np.cos(angle)), y, np.outer(ring, np.sin(angle))], axis=-1)
        area = self._on_surface(grid.reshape(-1, 3))[2].reshape(y.shape)
        return float(weight @ area @ weight) * np.pi, float(area.max())

    @property
    def area(self) -> float:
        """The surface area, by quadrature: to about four digits."""
        return self._quadrature[0]

    @property
    def volume(self) -> float:
        """The exact volume."""
        from math import gamma

        p, q = self.plan, self.side
        plan = gamma(1 + 1 / p) ** 2 / gamma(1 + 2 / p)
        side = gamma(1 + 1 / q) * gamma(1 + 2 / q) / gamma(1 + 3 / q)
        return 8 * float(np.prod(self.radii)) * plan * side

    @property
    def thickness(self) -> float:
        """The smallest diameter."""
        return 2 * min(self.radii)

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        return np.asarray(self._level(points / np.asarray(self.radii)) <= 1)

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        kept, normals = np.empty((0, 3)), np.empty((0, 3))
        highest = 1.1 * self._quadrature[1]
        while len(kept) < count:
            directions = random_directions(3 * (count - len(kept)) + 32, rng)
            unit, outward, area = self._on_surface(directions)
            chosen = rng.random(len(area)) * highest < area
            kept = np.concatenate([kept, unit[chosen]])
            normals = np.concatenate([normals, outward[chosen]])
        return kept[:count] * np.asarray(self.radii), normals[:count]

    def _mesh(self) -> Triangles:
        around, rings = self.segments, self.segments // 2
        # Angles by a root of their tangent, so that the corners of high powers are sampled.
        tilt, angle = np.linspace(0, np.pi, rings + 1), 2 * np.pi * np.arange(around) / around
        up, ring = _power(np.cos(tilt), 2 / self.side), _power(np.sin(tilt), 2 / self.side)
        x, z = _power(np.cos(angle), 2 / self.plan), _power(np.sin(angle), 2 / self.plan)
        unit = np.stack(
            [
                np.outer(ring, x),
                np.broadcast_to(up[:, None], (rings + 1, around)),
                np.outer(ring, z),
            ],
            axis=-1,
        ).reshape(-1, 3)
        start = (np.arange(rings)[:, None] * around + np.arange(around)).ravel()
        after = (np.arange(rings)[:, None] * around + (np.arange(around) + 1) % around).ravel()
        upper = np.stack([start, after, start + around], axis=1)
        lower = np.stack([after, after + around, start + around], axis=1)
        faces = np.concatenate([upper[around:], lower[:-around]])
        return unit * np.asarray(self.radii), faces

    def _extent(self, directions: Array) -> Array:
        # The support function of a p-norm's ball is the dual norm.
        p, q = self.plan / (self.plan - 1), self.side / (self.side - 1)
        x, y, z = np.abs(directions * np.asarray(self.radii)).T
        across = (x**p + z**p) ** (1 / p)
        return np.asarray((across**q + y**q) ** (1 / q))


def _power(values: Array, exponent: float) -> Array:
    return np.asarray(np.sign(values) * np.abs(values) ** exponent)
