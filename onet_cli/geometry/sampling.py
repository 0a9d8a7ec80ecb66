"""Random sampling of points: on a surface, near it, and in the cube."""

from operator import index

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError
from onet_cli.geometry.mesh import check_mesh
from onet_cli.geometry.normalize import CUBE_EDGE

NEAR_DEVIATIONS = (0.01, 0.03)
"""Standard deviations of the samples near the surface, in unit-cube units."""

_MOST_ROUNDS = 100


def sample_surface(
    mesh: Trimesh, count: int, rng: np.random.Generator, *, by_face: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return `count` points uniform on the surface and the normals of their faces.

    Both are (N, 3), in random order or, with `by_face`, in the order of the faces: the same
    distribution in a third of the time, if the order does not matter. Faces are chosen by area and
    points in them by the square-root parametrisation (Osada et al., Shape distributions, 2002,
    section 4).

    Raises:
        EmptySurfaceError: the mesh has no area.
        InvalidGeometryError: a face names a vertex that is not there.
    """
    check_mesh(mesh)
    if len(mesh.faces) == 0:
        raise EmptySurfaceError("a mesh without faces has no surface to sample")
    # trimesh caches both, so its area costs nothing extra.
    corners, normals = np.asarray(mesh.triangles), np.asarray(mesh.triangles_cross)
    areas = np.sqrt(np.einsum("fd,fd->f", normals, normals))
    sums = np.cumsum(areas)
    if not sums[-1] > 0:
        raise EmptySurfaceError("a mesh without area has no surface to sample")
    draws = rng.random(count)
    if by_face:
        draws.sort()
    chosen = np.searchsorted(sums, draws * sums[-1], side="right")
    # Rounding can push the last draw past the end; faces without area are never drawn.
    chosen = np.minimum(chosen, np.flatnonzero(areas)[-1])
    root, share = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack((1 - root, root * (1 - share), root * share), axis=1)
    points = np.einsum("nk,nkd->nd", weights, np.take(corners, chosen, axis=0))
    return points, np.take(normals, chosen, axis=0) / np.take(areas, chosen)[:, None]


def every_nth(points: NDArray[np.floating], count: int) -> NDArray[np.floating]:
    """Return at most `count` of `points` (N, 3), at regular steps.

    Samples of `sample_surface` in the order of the faces remain uniform.
    """
    count = index(count)
    if len(points) <= count:
        return points
    return points[np.arange(count) * len(points) // count]


def sample_cube(
    count: int, rng: np.random.Generator, edge: float = CUBE_EDGE
) -> NDArray[np.float32]:
    """Return `count` points (N, 3) uniform in the cube of `edge` centred at the origin."""
    return (rng.random((count, 3), dtype=np.float32) - np.float32(0.5)) * np.float32(edge)


def sample_near_surface(
    mesh: Trimesh,
    count: int,
    rng: np.random.Generator,
    deviations: tuple[float, ...] = NEAR_DEVIATIONS,
    edge: float = CUBE_EDGE,
) -> NDArray[np.float64]:
    """Return `count` points (N, 3) near the surface: surface samples displaced by Gaussian noise.

    The standard `deviations` (unit-cube units) apply to equal shares of the points, in turn,
    isotropically. Points that leave the cube of `edge` are redrawn.

    Raises:
        EmptySurfaceError: the mesh has no area.
        InvalidGeometryError: almost none of the surface lies in the cube.

    Source: a mixture of two deviations, after Chibane et al., Implicit Functions in Feature Space
    for 3D Shape Reconstruction and Completion, CVPR 2020.
    """
    spread = np.resize(deviations, count)
    found = np.empty((count, 3))
    missing = np.arange(count)
    for _ in range(_MOST_ROUNDS):
        on_surface, _ = sample_surface(mesh, len(missing), rng)
        points = on_surface + rng.normal(size=(len(missing), 3)) * spread[missing, None]
        inside = np.abs(points).max(axis=1, initial=0.0) <= edge / 2
        found[missing[inside]] = points[inside]
        missing = missing[~inside]
        if len(missing) == 0:
            return found
    raise InvalidGeometryError("the surface lies outside the cube that is to be sampled")
