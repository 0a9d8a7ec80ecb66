"""Inside test of points: exact winding numbers for closed meshes, a vote for open ones."""

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
"""Vote weight of a line that enters as often as it leaves; a ray of any other line has weight 1."""


def winding_numbers(
    mesh: Trimesh, points: NDArray[np.floating], *, threads: int | None = None
) -> Counts:
    """Return the winding number of the closed `mesh` around each of `points` (N, 3): (N,).

    Positive for outward-facing faces; overlapping parts add up. Exact: arithmetic is exact where
    rounding could change the result. A point on the surface is displaced by (e, e^2, e^3) for an
    infinitesimal e, so parts that tile space without overlap claim each point exactly once. Rays
    run along +z; for an open mesh the result is their signed crossings.

    Args:
        mesh: triangles, closed as a whole; parts may overlap, touch and enclose each other.
        points: (N, 3) in the frame of the mesh, of any floating type.
        threads: number of threads; None for one per processor, limited by the amount of work.

    Raises:
        InvalidGeometryError: a coordinate is not finite or, of the mesh, beyond 1e100, a face
            refers to a vertex that does not exist, or `points` has another shape.

    Sources: O'Rourke, Computational Geometry in C, section 7.4 (crossings); Edelsbrunner & Muecke,
    ACM Transactions on Graphics 1990 (infinitesimal displacements); Shewchuk, Discrete &
    Computational Geometry 1997 (exact signs).
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

    Inside a closed mesh is where the winding number is not 0: overlapping parts stay solid, an
    inverted mesh has the same inside, and a cavity with an inward-facing wall is outside.

    With `robust`, lines in up to nine directions vote. A line that enters the mesh as often as it
    leaves is reliable; it votes "inside" if its crossings on one side of the point do not cancel.
    Other lines pass through holes or flipped faces and get little weight.

    Args:
        mesh: any triangles.
        points: (N, 3) in the frame of the mesh, of any floating type.
        robust: whether to vote; None: only if the mesh is not closed.
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
    """Return which of `points` (N, 3) are inside by majority of the lines through them, (N,)."""
    scores = np.zeros(len(points), dtype=np.int32)
    undecided = points_within(points, surface.box)
    for rotation in FRAMES:
        for shift in range(3):
            # Cyclic permutations make each axis z in turn, without a reflection.
            frame = np.roll(rotation, shift, axis=0)
            turned = np.ascontiguousarray(points[undecided] @ frame.T)
            up, line = count_crossings(surface.turned(frame), turned, threads, whole_lines=True)
            rays = np.where(up != 0, 1, -1) + np.where(up != line, 1, -1)
            scores[undecided] += np.where(line == 0, SURE * np.sign(rays), rays)
        undecided = undecided[np.abs(scores[undecided]) < 3 * SURE]
    inside: NDArray[np.bool_] = scores > 0
    return inside
