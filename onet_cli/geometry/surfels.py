"""Samples of a surface as a mesh that looks like it: a small triangle at each."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.nearest import nearest_few

MOST = 20_000
"""Samples that become triangles: enough for pictures of some 200 pixels."""

NEIGHBOURS, REACH = 6, 1.0
"""A triangle's corners lie this many times as far away as the sixth of its neighbours."""


def surfels(points: NDArray[np.floating], normals: NDArray[np.floating]) -> Trimesh:
    """Return the first samples as triangles, each upright on its normal, large enough to overlap.

    Args:
        points: (N, 3) on the surface, in random order; at least 1.
        normals: (N, 3), of unit length.
    """
    places, up = (np.asarray(part[:MOST], np.float64) for part in (points, normals))
    # Query one more neighbour, as the nearest is the sample itself.
    distances, _ = nearest_few(places, places, min(NEIGHBOURS + 1, len(places)), np.inf)
    radius = REACH * distances[:, -1]
    # Any direction that is not the normal's serves to lay the triangle across it.
    aside = np.where(np.abs(up[:, :1]) < 0.7, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    first = np.cross(up, aside)
    first /= np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-9)
    second = np.cross(up, first)
    angles = np.arange(3) * (2 * np.pi / 3)
    around = np.cos(angles)[:, None, None] * first + np.sin(angles)[:, None, None] * second
    corners = places + radius[:, None] * around  # (3, N, 3), counter-clockwise about the normal
    return make_mesh(
        corners.transpose(1, 0, 2).reshape(-1, 3), np.arange(3 * len(places)).reshape(-1, 3)
    )
