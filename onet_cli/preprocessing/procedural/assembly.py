"""Assembly: coloured solids whose union is one shape."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.normalize import UnitCube
from onet_cli.preprocessing.procedural.solids.pose import Array, Pose
from onet_cli.preprocessing.procedural.solids.solid import Solid

Colour = tuple[int, int, int]

STEP = 1e-6
"""How far off the surface, in units of the longest edge, hidden surface is looked for."""


@dataclass(frozen=True)
class Part:
    """One solid and its colour."""

    solid: Solid
    colour: Colour

    def moved(self, pose: Pose) -> "Part":
        """Return the part after the motion `pose`."""
        return Part(self.solid.moved(pose), self.colour)


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
        return self._owned_by_another(self.unit_cube.from_unit(points), None)

    def _owned_by_another(
        self, points: Array, owners: NDArray[np.int64] | None, only_earlier: bool = False
    ) -> NDArray[np.bool_]:
        """Return whether a part contains each point, not counting the point's own part."""
        x, y, z = np.ascontiguousarray(points.T)
        found = np.zeros(len(points), dtype=np.bool_)
        for index, (part, low, high) in enumerate(zip(self.parts, *self._boxes, strict=True)):
            near = (x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1])
            near &= (z >= low[2]) & (z <= high[2]) & ~found
            if owners is not None:
                near &= owners > index if only_earlier else owners != index
            rows = np.flatnonzero(near)
            found[rows] = part.solid.contains(points[rows])
        return found

    def sample_surface(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return `count` points spread evenly over the union's surface, (N, 3), and normals.

        Each part is sampled by its area, and what lies inside another part is drawn again.
        """
        areas = np.array([part.solid.area for part in self.parts])
        points, normals = np.empty((0, 3)), np.empty((0, 3))
        while len(points) < count:
            draws = rng.multinomial(int(1.3 * (count - len(points))) + 64, areas / areas.sum())
            samples = [
                part.solid.sample_surface(int(draw), rng)
                for part, draw in zip(self.parts, draws, strict=True)
            ]
            fresh = np.concatenate([sample[0] for sample in samples])
            outward = np.concatenate([sample[1] for sample in samples])
            keep = np.flatnonzero(
                self._visible(fresh, outward, np.repeat(np.arange(len(draws)), draws))
            )
            keep = rng.permutation(keep)[: count - len(points)]
            points = np.concatenate([points, fresh[keep]])
            normals = np.concatenate([normals, outward[keep]])
        return self.unit_cube.to_unit(points), normals

    def _visible(
        self, points: Array, normals: Array, owners: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        step = STEP * self.unit_cube.scale * normals
        seen = ~self._owned_by_another(points + step, owners)
        # Where two parts share a face and its direction, only the earlier one's samples count.
        twice = self._owned_by_another((points - step)[seen], owners[seen], only_earlier=True)
        seen[seen] = ~twice
        return seen

    def mesh(self) -> tuple[Array, NDArray[np.int64], NDArray[np.uint8]]:
        """Return the parts' vertices (V, 3), faces (F, 3) and face colours (F, 3) together.

        The parts' meshes are not merged: surface inside another part is still there.
        """
        vertices, faces, colours, count = [], [], [], 0
        for part in self.parts:
            corners, triangles = part.solid.mesh()
            vertices.append(corners)
            faces.append(triangles + count)
            colours.append(np.tile(np.array(part.colour, dtype=np.uint8), (len(triangles), 1)))
            count += len(corners)
        return (
            self.unit_cube.to_unit(np.concatenate(vertices)),
            np.concatenate(faces),
            np.concatenate(colours),
        )
