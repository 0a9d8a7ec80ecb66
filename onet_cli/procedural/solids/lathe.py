"""Lathe: a plane profile revolved about the y axis, fully or in part."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids import polygon
from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles


@dataclass(frozen=True, kw_only=True)
class Lathe(Solid):
    """The closed polygon `profile` (K, 2) of (radius, y), revolved by `sweep` degrees.

    Vessels, turned legs, tyres and, with a `sweep` below 360, curved walls and shells; the sweep is
    symmetric about the -z axis, so that the opening faces the front. Radii are nonnegative.
    """

    profile: Array
    sweep: float = 360.0
    segments: int = 24
    round_about_y: ClassVar[bool] = True

    @cached_property
    def _ring(self) -> Array:
        return polygon.turned(self.profile, left=True)

    @property
    def _whole(self) -> bool:
        return self.sweep >= 360.0

    @property
    def _angle(self) -> float:
        return float(np.radians(min(self.sweep, 360.0)))

    @cached_property
    def _bands(self) -> Array:
        """The areas (K,) that the profile's edges sweep."""
        start, end, _, length = polygon.edges([self._ring])
        return np.asarray(self._angle * (start + end)[:, 0] / 2 * length)

    @property
    def _ends(self) -> float:
        return 0.0 if self._whole else 2 * polygon.signed_area(self._ring)

    @property
    def area(self) -> float:
        """The exact surface area, by Pappus' theorem."""
        return float(self._bands.sum()) + self._ends

    @property
    def volume(self) -> float:
        """The exact volume, by Pappus' theorem."""
        r, y = self._ring.T
        r1, y1 = np.roll(r, -1), np.roll(y, -1)
        moment = ((r + r1) * (r * y1 - r1 * y)).sum() / 6
        return float(self._angle * moment)

    @property
    def thickness(self) -> float:
        """Twice the profile's area over its length off the axis: about the thickness of a wall."""
        start, end, _, length = polygon.edges([self._ring])
        off_axis = length[(start[:, 0] > 1e-9) | (end[:, 0] > 1e-9)].sum()
        return float(2 * polygon.signed_area(self._ring) / off_axis)

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        x, y, z = points.T
        inside = polygon.encloses([self._ring], np.hypot(x, z), y)
        if not self._whole:
            inside &= np.abs(np.arctan2(x, -z)) <= self._angle / 2
        return inside

    def _turn(self, radius: Array, y: Array, angle: Array) -> Array:
        return np.stack([radius * np.sin(angle), y, -radius * np.cos(angle)], axis=1)

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        start, end, outward, _ = polygon.edges([self._ring])
        ends = int(rng.binomial(count, self._ends / self.area))
        edge = rng.choice(len(self._bands), size=count - ends, p=self._bands / self._bands.sum())
        first, last, spread = start[edge, 0], end[edge, 0], rng.random(len(edge))
        # The density grows with the radius: the squared radius is uniform along the edge.
        radius = np.sqrt(first**2 + (last**2 - first**2) * spread)
        rise = last - first
        flat = np.abs(rise) < 1e-9
        share = np.where(flat, spread, (radius - first) / np.where(flat, 1.0, rise))
        y = start[edge, 1] + share * (end - start)[edge, 1]
        angle = rng.uniform(-0.5, 0.5, len(edge)) * self._angle
        points = self._turn(radius, y, angle)
        normals = self._turn(outward[edge, 0], outward[edge, 1], angle)
        if not ends:
            return points, normals
        plan = polygon.sample([self._ring], ends, rng)
        side = rng.choice((-0.5, 0.5), size=ends) * self._angle
        facing = np.stack([np.cos(side), 0 * side, np.sin(side)], axis=1) * np.sign(side)[:, None]
        caps = self._turn(plan[:, 0], plan[:, 1], side)
        return np.concatenate([points, caps]), np.concatenate([normals, facing])

    def _mesh(self) -> Triangles:
        ring, around = self._ring, self.segments
        count = len(ring)
        steps = around if self._whole else around + 1
        angle = (np.arange(steps) / around - 0.5) * self._angle
        vertices = self._turn(
            np.tile(ring[:, 0], steps), np.tile(ring[:, 1], steps), np.repeat(angle, count)
        )
        here = np.arange(around)[:, None] * count + np.arange(count)
        after = ((np.arange(around) + 1) % steps)[:, None] * count + np.arange(count)
        up, after_up = np.roll(here, -1, axis=1), np.roll(after, -1, axis=1)
        lower = np.stack([here, up, after], axis=-1).reshape(-1, 3)
        upper = np.stack([up, after_up, after], axis=-1).reshape(-1, 3)
        # A corner on the axis stays where it is; one of the two faces at it has no area.
        axis = ring[:, 0] <= 1e-12
        thin = np.roll(axis, -1)
        faces = [lower[~np.tile(axis, around)], upper[~np.tile(thin, around)]]
        if not self._whole:
            lid = polygon.triangulate([ring])
            faces += [lid[:, ::-1], lid + around * count]
        return vertices, np.concatenate(faces)

    def _extent(self, directions: Array) -> Array:
        across = np.hypot(directions[:, 0], directions[:, 2])
        if not self._whole:
            azimuth = np.arctan2(directions[:, 0], -directions[:, 2])
            beyond = np.maximum(np.abs(azimuth) - self._angle / 2, 0.0)
            across = across * np.cos(beyond)
        reach = np.outer(across, self._ring[:, 0]) + np.outer(directions[:, 1], self._ring[:, 1])
        return np.asarray(reach.max(axis=1))
