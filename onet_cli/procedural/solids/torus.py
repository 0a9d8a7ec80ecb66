"""Torus: rings, and the bends of tubes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles


@dataclass(frozen=True, kw_only=True)
class Torus(Solid):
    """A round tube of radius `tube` along the circle of radius `ring` about the y axis.

    With `sweep` degrees below 360 it is a bend from the +x axis towards +z with flat ends.
    """

    ring: float
    tube: float
    sweep: float = 360.0
    segments: int = 24
    around: int = 10
    round_about_y: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 < self.tube <= self.ring:
            raise ValueError(f"a tube of {self.tube} does not bend round {self.ring}")

    @property
    def _angle(self) -> float:
        return float(np.radians(min(self.sweep, 360.0)))

    @property
    def _whole(self) -> bool:
        return self.sweep >= 360.0

    @property
    def _ends(self) -> float:
        return 0.0 if self._whole else float(2 * np.pi * self.tube**2)

    @property
    def area(self) -> float:
        """The exact surface area, by Pappus' theorem."""
        return float(self._angle * self.ring * 2 * np.pi * self.tube) + self._ends

    @property
    def volume(self) -> float:
        """The exact volume, by Pappus' theorem."""
        return float(self._angle * self.ring * np.pi * self.tube**2)

    @property
    def thickness(self) -> float:
        """The tube's diameter."""
        return 2 * self.tube

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        x, y, z = points.T
        inside = (np.hypot(x, z) - self.ring) ** 2 + y * y <= self.tube**2
        if not self._whole:
            inside &= np.mod(np.arctan2(z, x), 2 * np.pi) <= self._angle
        return np.asarray(inside)

    def _turn(self, radius: Array, y: Array, angle: Array) -> Array:
        return np.stack([radius * np.cos(angle), y, radius * np.sin(angle)], axis=1)

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        ends = int(rng.binomial(count, self._ends / self.area))
        kept = np.empty(0)
        while len(kept) < count - ends:
            tilt = rng.uniform(0, 2 * np.pi, 2 * (count - ends - len(kept)) + 16)
            chance = (self.ring + self.tube * np.cos(tilt)) / (self.ring + self.tube)
            kept = np.concatenate([kept, tilt[rng.random(len(tilt)) < chance]])
        tilt = kept[: count - ends]
        angle = rng.random(len(tilt)) * self._angle
        radius = self.ring + self.tube * np.cos(tilt)
        points = self._turn(radius, self.tube * np.sin(tilt), angle)
        normals = self._turn(np.cos(tilt), np.sin(tilt), angle)
        if not ends:
            return points, normals
        tilt, reach = rng.uniform(0, 2 * np.pi, ends), self.tube * np.sqrt(rng.random(ends))
        last = rng.random(ends) < 0.5
        angle = np.where(last, self._angle, 0.0)
        caps = self._turn(self.ring + reach * np.cos(tilt), reach * np.sin(tilt), angle)
        facing = np.stack([-np.sin(angle), 0 * angle, np.cos(angle)], axis=1)
        facing *= np.where(last, 1.0, -1.0)[:, None]
        return np.concatenate([points, caps]), np.concatenate([normals, facing])

    def _mesh(self) -> Triangles:
        steps = self.segments if self._whole else self.segments + 1
        angle = self._angle * np.arange(steps) / self.segments
        tilt = 2 * np.pi * np.arange(self.around) / self.around
        radius = np.tile(self.ring + self.tube * np.cos(tilt), steps)
        vertices = self._turn(
            radius, np.tile(self.tube * np.sin(tilt), steps), np.repeat(angle, self.around)
        )
        here = np.arange(self.segments)[:, None] * self.around + np.arange(self.around)
        after = ((np.arange(self.segments) + 1) % steps)[:, None] * self.around
        after = after + np.arange(self.around)
        up, after_up = np.roll(here, -1, axis=1), np.roll(after, -1, axis=1)
        faces = [
            np.stack([here, up, after], axis=-1).reshape(-1, 3),
            np.stack([up, after_up, after], axis=-1).reshape(-1, 3),
        ]
        if not self._whole:
            fan = np.arange(1, self.around - 1)
            lid = np.stack([np.zeros_like(fan), fan, fan + 1], axis=1)
            faces += [lid[:, ::-1], lid + self.segments * self.around]
        return vertices, np.concatenate(faces)

    def _extent(self, directions: Array) -> Array:
        across = np.hypot(directions[:, 0], directions[:, 2])
        if self._whole:
            return np.asarray(self.ring * across + self.tube)
        azimuth = np.mod(np.arctan2(directions[:, 2], directions[:, 0]), 2 * np.pi)
        middle = np.where(azimuth <= self._angle, self.ring * across + self.tube, -np.inf)
        ends = []
        for angle in (0.0, self._angle):
            outward = directions[:, 0] * np.cos(angle) + directions[:, 2] * np.sin(angle)
            ends.append(self.ring * outward + self.tube * np.hypot(outward, directions[:, 1]))
        return np.asarray(np.maximum(middle, np.maximum(*ends)))
