"""Extrusion: any plane outline, with holes, of constant thickness."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids import polygon
from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles


@dataclass(frozen=True, kw_only=True)
class Extrusion(Solid):
    """The polygon `rings` in (x, z), the outer ring first and holes after it, from 0 to `height`.

    Rings need not be convex, but must not cross themselves or each other.
    """

    rings: tuple[Array, ...]
    height: float

    @cached_property
    def _rings(self) -> list[Array]:
        return polygon.outwards(self.rings)

    @property
    def _plan(self) -> float:
        return sum(polygon.signed_area(ring) for ring in self._rings)

    @cached_property
    def area(self) -> float:
        """The exact surface area."""
        return float(2 * self._plan + self.height * polygon.edges(self._rings)[3].sum())

    @property
    def volume(self) -> float:
        """The exact volume."""
        return self._plan * self.height

    @property
    def thickness(self) -> float:
        """The smaller of the height and twice the plan's area over its outline's length."""
        return min(self.height, 2 * self._plan / float(polygon.edges(self._rings)[3].sum()))

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        x, y, z = points.T
        inside = (y >= 0) & (y <= self.height)
        inside[inside] = polygon.encloses(self._rings, x[inside], z[inside])
        return np.asarray(inside)

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        start, end, outward, length = polygon.edges(self._rings)
        on_caps = int(rng.binomial(count, 2 * self._plan / self.area))
        plan = polygon.sample(self._rings, on_caps, rng)
        side = rng.choice((-1.0, 1.0), size=on_caps)
        caps = np.insert(plan, 1, np.where(side > 0, self.height, 0.0), axis=1)
        up = np.stack([0 * side, side, 0 * side], axis=1)
        edge = rng.choice(len(length), size=count - on_caps, p=length / length.sum())
        spot = start[edge] + rng.random((len(edge), 1)) * (end - start)[edge]
        walls = np.insert(spot, 1, rng.uniform(0, self.height, len(edge)), axis=1)
        normals = np.insert(outward[edge], 1, 0.0, axis=1)
        return np.concatenate([caps, walls]), np.concatenate([up, normals])

    def _mesh(self) -> Triangles:
        corners = np.concatenate(self._rings)
        count = len(corners)
        low = np.insert(corners, 1, 0.0, axis=1)
        high = np.insert(corners, 1, self.height, axis=1)
        lid = polygon.triangulate(self._rings)
        # (x, z) seen from above has the opposite orientation of (u, v).
        near, far = np.arange(count), _following(self._rings)
        faces = [
            lid,
            lid[:, ::-1] + count,
            np.stack([near, near + count, far], axis=1),
            np.stack([far, near + count, far + count], axis=1),
        ]
        return np.concatenate([low, high]), np.concatenate(faces)

    def _extent(self, directions: Array) -> Array:
        flat = directions[:, [0, 2]] @ self._rings[0].T
        return np.asarray(flat.max(axis=1) + np.maximum(directions[:, 1] * self.height, 0.0))


def _following(rings: list[Array]) -> NDArray[np.int64]:
    """Return for each corner of the concatenated rings the index of the next on its ring."""
    first = np.cumsum([0, *(len(ring) for ring in rings)])
    return np.concatenate(
        [
            np.roll(np.arange(len(ring)), -1) + base
            for ring, base in zip(rings, first[:-1], strict=True)
        ]
    )
