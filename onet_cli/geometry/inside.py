"""Which points lie inside a mesh: exact winding numbers of closed ones, a vote on open ones."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh
from trimesh.transformations import random_rotation_matrix

from onet_cli.geometry.crossings import (
    Counts,
    Points,
    Surface,
    checked_points,
    count_crossings,
    points_within,
)

FRAMES = (
    np.eye(3),
    random_rotation_matrix(np.array([0.3, 0.1, 0.6]))[:3, :3],
    random_rotation_matrix(np.array([0.7, 0.8, 0.3]))[:3, :3],
)
"""Rotations (3, 3); the vote casts lines along the axes of each, nine in all."""
SURE = 4
"""Weight in the vote of a line that enters as often as it leaves; a ray of another line has 1."""


def winding_numbers(
    mesh: Trimesh, points: NDArray[np.floating], *, threads: int | None = None
) -> Counts:
    """Return how often the closed surface of `mesh` winds round each of `points` (N, 3): (N,).

    Positive where faces look outwards; overlapping parts add up. Exact, by exact arithmetic where
    rounded numbers leave a doubt. A point on the surface counts as moved by (e, e^2, e^3) for an
    infinitesimal e, so parts that tile space without overlap claim each point exactly once. Rays
    run along +z; where the mesh is not closed, what they cross is all that counts.

    Args:
        mesh: triangles, closed as a whole: parts may overlap, touch, enclose each other.
        points: (N, 3) in the frame of the mesh, of any floating type.
        threads: how many to use; None for as many as there are processors and work for them.

    Raises:
        InvalidGeometryError: a coordinate is not finite or, of the mesh, beyond 1e100, a face
            names a vertex that does not exist, or `points` has another shape.

    Sources: O'Rourke, Computational Geometry in C, section 7.4 (crossings); Edelsbrunner & Muecke,
    ACM Transactions on Graphics 1990 (infinitesimal moves); Shewchuk, Discrete & Computational
    Geometry 1997 (exact signs).
    """
    return count_crossings(Surface.of(mesh), checked_points(points), threads)[0]


def contains(
    mesh: Trimesh,
    points: NDArray[np.floating],
    *,
    robust: bool | None = None,
    threads: int | None = None,
) -> NDArray[np.bool_]:
    """Return which of `points` (N, 3) lie inside `mesh`: (N,).

    Inside a closed mesh is where the winding number is not 0: parts that overlap stay solid, a mesh
    that is inside out has the same inside, and a cavity whose wall faces inwards is outside.

    With `robust`, lines in up to nine directions vote. One that enters the mesh as often as it
    leaves is sure; it says "inside" where its crossings on one side of the point do not cancel.
    Others pass through holes or turned faces and hardly count.

    Args:
        mesh: any triangles.
        points: (N, 3) in the frame of the mesh, of any floating type.
        robust: whether to vote; None for: if the mesh is not closed.
        threads: as for `winding_numbers`.

    Raises:
        InvalidGeometryError: as `winding_numbers`.
    """
    surface, queries = Surface.of(mesh), checked_points(points)
    if robust if robust is not None else not surface.is_balanced:
        return _vote(surface, queries, threads)
    inside: NDArray[np.bool_] = count_crossings(surface, queries, threads)[0] != 0
    return inside


def _vote(surface: Surface, points: Points, threads: int | None) -> NDArray[np.bool_]:
    """Return which of `points` (N, 3) most lines through them call inside, (N,)."""
    scores = np.zeros(len(points), dtype=np.int32)
    undecided = points_within(points, surface.box)
    for rotation in FRAMES:
        for shift in range(3):
            # Rolled axes make each of them z in turn, and mirror nothing.
            frame = np.roll(rotation, shift, axis=0)
            turned = np.ascontiguousarray(points[undecided] @ frame.T)
            up, line = count_crossings(surface.turned(frame), turned, threads, whole_lines=True)
            rays = np.where(up != 0, 1, -1) + np.where(up != line, 1, -1)
            scores[undecided] += np.where(line == 0, SURE * np.sign(rays), rays)
        undecided = undecided[np.abs(scores[undecided]) < 3 * SURE]
    inside: NDArray[np.bool_] = scores > 0
    return inside
