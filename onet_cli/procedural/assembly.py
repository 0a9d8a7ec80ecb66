"""Assembly: a shape as a union of solids with finishes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.normalize import UnitCube
from onet_cli.procedural.cull import Cull
from onet_cli.procedural.finish import Finish
from onet_cli.procedural.solids.pose import Array, Pose
from onet_cli.procedural.solids.solid import Solid
from onet_cli.procedural.unwrap import unwrap

STEP = 1e-6
"""Offset from the surface, in longest edges, at which samples are tested for being hidden."""


PILOT = 16384
"""Samples drawn first, to estimate how much of the parts' surface is hidden."""


@dataclass(frozen=True)
class Part:
    """One solid and its finish."""

    solid: Solid
    finish: Finish

    def moved(self, pose: Pose) -> "Part":
        """Return the part after the motion `pose`."""
        return Part(self.solid.moved(pose), self.finish)


def moved(parts: Iterable[Part], pose: Pose) -> list[Part]:
    """Return all of `parts` after the motion `pose`."""
    return [part.moved(pose) for part in parts]


@dataclass(frozen=True)
class Assembly:
    """The union of `parts`. Methods take and return points of the unit-cube frame."""

    parts: Sequence[Part]

    @cached_property
    def _boxes(self) -> tuple[Array, Array]:
        boxes = [part.solid.bounds() for part in self.parts]
        return np.stack([low for low, _ in boxes]), np.stack([high for _, high in boxes])

    @cached_property
    def unit_cube(self) -> UnitCube:
        """The map from the unit cube to the parts' own units (metres)."""
        lower, upper = self._boxes
        return UnitCube.around(np.stack([lower.min(axis=0), upper.max(axis=0)]))

    def contains(self, points: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return for each of `points` (N, 3) whether any part contains it."""
        source = self.unit_cube.from_unit(points)
        cull, found = Cull(source), np.zeros(len(source), dtype=np.bool_)
        for part, low, high in zip(self.parts, *self._boxes, strict=True):
            rows = cull.within(low, high)
            rows = rows[~found[rows]]
            found[rows] = part.solid.contains(source[rows])
        return found

    def sample_surface(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return `count` points uniform on the union's surface, (N, 3), and normals.

        Each part is sampled by its area, and samples inside another part are redrawn.
        """
        areas = np.array([part.solid.area for part in self.parts])
        shares, found, missing = areas / areas.sum(), [], count
        draws = min(count, PILOT)
        while missing > 0:
            fresh = self._draw(rng.multinomial(draws, shares), rng)
            # Samples are ordered by part, so the surplus is dropped at random.
            found.append(fresh[rng.permutation(len(fresh))[:missing]])
            missing -= len(found[-1])
            visible = max(len(fresh) / draws, 0.01)
            draws = int(1.03 * missing / visible) + 64
        points = np.concatenate(found)
        return self.unit_cube.to_unit(points[:, :3]), points[:, 3:]

    def _draw(self, draws: NDArray[np.int64], rng: np.random.Generator) -> Array:
        """Return samples of each part, point and normal (N, 6), without hidden ones."""
        samples = []
        for index, draw in enumerate(draws.tolist()):
            points, normals = self.parts[index].solid.sample_surface(draw, rng)
            seen = self._visible(index, points, normals)
            samples.append(np.hstack([points[seen], normals[seen]]))
        return np.concatenate(samples)

    @cached_property
    def _neighbours(self) -> list[list[int]]:
        """For each part, the parts whose bounding boxes intersect its own."""
        lower, upper = self._boxes
        step = STEP * self.unit_cube.scale
        return [
            [k for k in _meet(lower, upper, low - step, high + step) if k != index]
            for index, (low, high) in enumerate(zip(lower, upper, strict=True))
        ]

    def _visible(self, owner: int, points: Array, normals: Array) -> NDArray[np.bool_]:
        """Return which of a part's samples are not hidden by other parts."""
        lower, upper = self._boxes
        step, columns = STEP * self.unit_cube.scale, np.ascontiguousarray(points.T)
        seen = np.ones(len(points), dtype=np.bool_)
        for other in self._neighbours[owner]:
            rows = None
            for axis in range(3):
                low, high = lower[other, axis] - step, upper[other, axis] + step
                if low <= lower[owner, axis] and high >= upper[owner, axis]:
                    continue  # all of the owner lies between
                values = columns[axis] if rows is None else columns[axis][rows]
                inside = np.flatnonzero((values >= low) & (values <= high))
                rows = inside if rows is None else rows[inside]
            rows = np.flatnonzero(seen) if rows is None else rows[seen[rows]]
            if not len(rows):
                continue
            solid, out = self.parts[other].solid, step * normals[rows]
            hidden = solid.contains(points[rows] + out)
            if other < owner:
                # Where two parts share a face and its direction, only the earlier one's count.
                hidden |= solid.contains(points[rows] - out)
            seen[rows] = ~hidden
        return seen

    def mesh(self) -> tuple[Trimesh, Appearance]:
        """Return the parts' meshes together, in the unit-cube frame, and their appearance.

        The parts' meshes are not merged: surface inside other parts remains.
        """
        vertices, faces, uv, owners, count = [], [], [], [], 0
        materials: dict[int, Material] = {}
        places: dict[int, int] = {}
        for index, part in enumerate(self.parts):
            corners, triangles = part.solid.local_mesh()
            vertices.append(part.solid.pose.apply(corners))
            faces.append(triangles + count)
            place = places.setdefault(id(part.finish.material), len(places))
            materials[place] = part.finish.material
            owners.append(np.full(len(triangles), place, dtype=np.int32))
            flat = np.zeros((len(triangles), 3, 2), dtype=np.float32)
            if part.finish.material.texture is not None:
                flat = unwrap(part.solid, (corners, triangles), part.finish.tile)
                # Each part uses a different section of the texture.
                flat += np.array([0.618, 0.414], np.float32) * (index % 64)
            uv.append(flat)
            count += len(corners)
        appearance = Appearance(
            tuple(materials.values()), np.concatenate(owners), np.concatenate(uv)
        )
        corners = self.unit_cube.to_unit(np.concatenate(vertices))
        return make_mesh(corners, np.concatenate(faces)), appearance


def _meet(lower: Array, upper: Array, low: Array, high: Array) -> list[int]:
    """Return the indices of the boxes (P, 3) that intersect the box from `low` to `high`."""
    return np.flatnonzero(np.all((lower <= high) & (upper >= low), axis=1)).tolist()
