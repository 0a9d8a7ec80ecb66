"""Texture coordinates for solids: projected onto six sides, or wrapped around an axis."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array
from onet_cli.procedural.solids.solid import Solid, Triangles


def unwrap(solid: Solid, mesh: Triangles, tile: float) -> NDArray[np.float32]:
    """Return (F, 3, 2) coordinates of the corners of a solid's local `mesh`, in repeats of `tile`.

    v, along which grain and stripes run, follows the solid's longest axis or its axis of
    revolution.
    """
    vertices, faces = mesh
    corners = vertices[faces]
    if solid.round_about_y:
        return _wrap(corners, tile).astype(np.float32)
    normals = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    return _lay(corners, normals.argmax(axis=1), np.ptp(vertices, axis=0), tile).astype(np.float32)


def _lay(corners: Array, axis: NDArray[np.intp], size: Array, tile: float) -> Array:
    order = np.argsort(size)  # the last is the axis that the grain follows
    # For each of the three ways to look at the solid: the axes that become u and v.
    flat = np.array([[k for k in order if k != way] for way in range(3)])[axis]
    picked = np.take_along_axis(corners, flat[:, None, :], axis=2)
    return np.asarray(picked / tile)


def _wrap(corners: Array, tile: float) -> Array:
    angle = np.arctan2(corners[..., 2], corners[..., 0]) / (2 * np.pi)
    # Corners on the axis, and those behind the seam, follow the first corner off the axis.
    radius = np.hypot(corners[..., 0], corners[..., 2])
    pivot = np.take_along_axis(angle, radius.argmax(axis=1)[:, None], axis=1)
    angle = np.where(radius < 1e-9, pivot, angle)
    angle -= np.round(angle - pivot)
    widest = float(radius.max())
    repeats = max(1, round(2 * np.pi * widest / tile))
    edge = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2).max(axis=1)
    level = np.ptp(corners[..., 1], axis=1) < 0.2 * edge
    side = np.stack([angle * repeats, corners[..., 1] / tile], axis=2)
    return np.where(level[:, None, None], corners[..., [0, 2]] / tile, side)
