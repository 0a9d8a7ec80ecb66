"""Shapes with known volume, area and occupancy: the formulas that tests compare with."""

from dataclasses import dataclass

import numpy as np
import trimesh


@dataclass(frozen=True)
class Sphere:
    radius: float = 0.4
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def volume(self):
        return 4 / 3 * np.pi * self.radius**3

    @property
    def area(self):
        return 4 * np.pi * self.radius**2

    def depth(self, points):
        """Distance below the surface, negative outside."""
        return self.radius - np.linalg.norm(np.asarray(points) - self.centre, axis=-1)

    def contains(self, points):
        return self.depth(points) > 0

    def mesh(self, subdivisions=4):
        mesh = trimesh.creation.icosphere(subdivisions=subdivisions, radius=self.radius)
        mesh.apply_translation(self.centre)
        return mesh


@dataclass(frozen=True)
class Box:
    size: tuple[float, float, float] = (0.5, 0.75, 0.25)
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def volume(self):
        return float(np.prod(self.size))

    @property
    def area(self):
        x, y, z = self.size
        return 2 * (x * y + y * z + z * x)

    def depth(self, points):
        """Least distance below a face's plane, negative outside."""
        return (np.asarray(self.size) / 2 - np.abs(np.asarray(points) - self.centre)).min(axis=-1)

    def contains(self, points):
        return self.depth(points) > 0

    def mesh(self, subdivisions=0):
        mesh = trimesh.creation.box(self.size)
        for _ in range(subdivisions):
            mesh = mesh.subdivide()
        mesh.apply_translation(self.centre)
        return mesh


@dataclass(frozen=True)
class Torus:
    """A ring around the z axis: `major` to the middle of the tube, whose radius is `minor`."""

    major: float = 0.3
    minor: float = 0.12

    @property
    def volume(self):
        return 2 * np.pi**2 * self.major * self.minor**2

    @property
    def area(self):
        return 4 * np.pi**2 * self.major * self.minor

    def depth(self, points):
        """Distance below the surface, negative outside."""
        x, y, z = np.moveaxis(np.asarray(points), -1, 0)
        return self.minor - np.hypot(np.hypot(x, y) - self.major, z)

    def contains(self, points):
        return self.depth(points) > 0

    def mesh(self, sections=96):
        return trimesh.creation.torus(self.major, self.minor, sections, sections // 2)


def grid_points(resolution, edge):
    """(R+1, R+1, R+1, 3) corners of the cells of a centred cube."""
    axis = edge * (np.arange(resolution + 1) / resolution - 0.5)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)


def cell_centres(resolution, edge=1.0):
    """(R, R, R, 3) centres of the cells of a centred cube."""
    axis = edge * ((np.arange(resolution) + 0.5) / resolution - 0.5)
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)


def is_closed_manifold(mesh):
    """Whether each edge has two faces, run in opposite directions, and each vertex one fan."""
    directed = mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    if len(np.unique(directed, axis=0)) != len(directed):
        return False
    if {tuple(edge) for edge in directed} != {tuple(edge[::-1]) for edge in directed}:
        return False
    following = {}
    for a, b, c in mesh.faces.tolist():
        following |= {(a, b): c, (b, c): a, (c, a): b}
    valence = np.bincount(mesh.faces.ravel())
    for (centre, start), end in following.items():
        steps = 1
        while end != start:
            end = following[centre, end]
            steps += 1
        if steps != valence[centre]:
            return False
    return True
