"""Random points: on a surface, and in the cube."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError
from onet_cli.geometry.normalize import CUBE_EDGE


def sample_surface(
    mesh: Trimesh, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return `count` points spread evenly over the surface and the normals of their faces.

    Both are (N, 3). A face is chosen by its area and a point in it by the square-root
    parametrisation (Osada et al., Shape distributions, 2002, section 4).

    Raises:
        EmptySurfaceError: the mesh has no area.
    """
    corners = np.asarray(mesh.vertices, dtype=np.float64)[np.asarray(mesh.faces)]
    if len(corners) == 0:
        raise EmptySurfaceError("a mesh without faces has no surface to sample")
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    total = areas.sum()
    if not total > 0:
        raise EmptySurfaceError("a mesh without area has no surface to sample")
    chosen = np.searchsorted(np.cumsum(areas), rng.random(count) * total, side="right")
    # Rounding can push the last draw past the end; faces without area are never drawn.
    chosen = np.minimum(chosen, np.flatnonzero(areas)[-1])
    root, share = np.sqrt(rng.random(count))[:, None], rng.random(count)[:, None]
    a, b, c = (corners[chosen, k] for k in range(3))
    points = (1 - root) * a + root * (1 - share) * b + root * share * c
    return points, normals[chosen] / areas[chosen, None]


def sample_cube(
    count: int, rng: np.random.Generator, edge: float = CUBE_EDGE
) -> NDArray[np.float32]:
    """Return `count` points (N, 3) uniform in the cube of `edge` centred at the origin."""
    return (rng.random((count, 3), dtype=np.float32) - np.float32(0.5)) * np.float32(edge)
