"""Triangles from the strips and fans of glTF and PLY files."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.integer]


def strip_faces(strip: Indices, restart: int | None = None) -> Indices:
    """Return the triangles (F, 3) of a strip (N,), all oriented as the first.

    Each index forms a triangle with the two before it. The index `restart` starts a new strip.
    Degenerate triangles, which join strips, are left out.
    """
    if len(strip) < 3:
        return np.zeros((0, 3), strip.dtype)
    faces = np.stack([strip[:-2], strip[1:-1], strip[2:]], axis=1)
    begins = np.zeros(len(strip), np.intp)
    if restart is not None:
        ends = np.flatnonzero(strip == restart)
        begins[ends] = ends + 1
        begins = np.maximum.accumulate(begins)
    # Every other triangle of a strip has the opposite orientation.
    odd = (np.arange(len(faces)) - begins[2:]) % 2 == 1
    faces[odd] = faces[odd][:, [1, 0, 2]]
    a, b, c = faces.T
    kept = (a != b) & (b != c) & (a != c)
    if restart is not None:
        kept &= (faces != restart).all(axis=1)
    result: Indices = faces[kept]
    return result


def fan_faces(fan: Indices) -> Indices:
    """Return the triangles (F, 3) of a fan (N,) around its first index."""
    if len(fan) < 3:
        return np.zeros((0, 3), fan.dtype)
    return np.stack([fan[1:-1], fan[2:], np.broadcast_to(fan[:1], len(fan) - 2)], axis=1)
