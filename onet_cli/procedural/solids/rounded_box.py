"""RoundedBox: cushions, mattresses, moulded seats."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles, random_directions

STEPS = 3
"""Segments of each rounded edge in the mesh."""


@dataclass(frozen=True, kw_only=True)
class RoundedBox(Solid):
    """A centred box of full `size` (width, height, depth) with edges of `radius`.

    It is the Minkowski sum of a smaller box and a ball, so area and volume follow from Steiner's
    formula.
    """

    size: tuple[float, float, float]
    radius: float

    def __post_init__(self) -> None:
        if not 0 < self.radius <= min(self.size) / 2:
            raise ValueError(f"radius {self.radius} does not fit a box of {self.size}")

    @property
    def _core(self) -> Array:
        """Half the size of the inner box."""
        return np.asarray(self.size) / 2 - self.radius

    @property
    def _pieces(self) -> Array:
        """Areas of the flat sides across x, y, z, of the edges along x, y, z, of the corners."""
        a, b, c = 2 * self._core
        flat = 2 * np.array([b * c, c * a, a * b])
        edges = 2 * np.pi * self.radius * np.array([a, b, c])
        return np.concatenate([flat, edges, [4 * np.pi * self.radius**2]])

    @property
    def area(self) -> float:
        """The exact surface area."""
        return float(self._pieces.sum())

    @property
    def volume(self) -> float:
        """The exact volume."""
        core, pieces, radius = 2 * self._core, self._pieces, self.radius
        edges = pieces[3:6].sum() * radius / 2
        ball = pieces[6] * radius / 3
        return float(core.prod() + pieces[:3].sum() * radius + edges + ball)

    @property
    def thickness(self) -> float:
        """The smallest side."""
        return min(self.size)

    def _contains(self, points: Array) -> NDArray[np.bool_]:
        beyond = np.maximum(np.abs(points) - self._core, 0.0)
        return np.asarray(np.einsum("ij,ij->i", beyond, beyond) <= self.radius**2)

    def _sample(self, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
        pieces = self._pieces
        piece = rng.choice(7, size=count, p=pieces / pieces.sum())
        normals = random_directions(count, rng)
        for axis in range(3):
            normals[np.ix_(piece == axis, [k for k in range(3) if k != axis])] = 0.0
            normals[piece == 3 + axis, axis] = 0.0
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        spread = rng.uniform(-1, 1, (count, 3)) * self._core
        # A zero component means that the ball may be anywhere along that axis.
        base = np.where(normals == 0, spread, np.sign(normals) * self._core)
        return base + self.radius * normals, normals

    def _mesh(self) -> Triangles:
        half = np.tan(np.linspace(0, np.pi / 4, STEPS + 1))
        tangent = np.concatenate([-half[::-1], half])
        side = np.concatenate([-np.ones(STEPS + 1), np.ones(STEPS + 1)])
        u, v = np.meshgrid(tangent, tangent, indexing="ij")
        su, sv = np.meshgrid(side, side, indexing="ij")
        count = len(tangent)
        corner = (np.arange(count - 1)[:, None] * count + np.arange(count - 1)).ravel()
        quads = np.stack([corner, corner + count, corner + count + 1, corner + 1], axis=1)
        faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        all_vertices: list[Array] = []
        all_faces: list[NDArray[np.int64]] = []
        for axis in range(3):
            for sign in (1.0, -1.0):
                order = [(axis + 1) % 3, (axis + 2) % 3, axis]
                cube, signs = np.empty((count * count, 3)), np.empty((count * count, 3))
                cube[:, order] = np.stack([u.ravel(), v.ravel(), np.full(u.size, sign)], axis=1)
                signs[:, order] = np.stack([su.ravel(), sv.ravel(), np.full(u.size, sign)], axis=1)
                normals = cube / np.linalg.norm(cube, axis=1, keepdims=True)
                all_faces.append((faces if sign > 0 else faces[:, ::-1]) + len(all_faces) * u.size)
                all_vertices.append(signs * self._core + self.radius * normals)
        return np.concatenate(all_vertices), np.concatenate(all_faces)

    def _extent(self, directions: Array) -> Array:
        reach = np.abs(directions) @ self._core
        return np.asarray(reach + self.radius * np.linalg.norm(directions, axis=1))
