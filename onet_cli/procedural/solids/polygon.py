"""Plane polygons with holes: inside test, area, triangles, samples."""

from collections.abc import Sequence

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from onet_cli.procedural.solids.pose import Array


def signed_area(ring: Array) -> float:
    """Return the area of the closed `ring` (M, 2), positive where it turns counter-clockwise."""
    u, v = ring.T
    return float((u * np.roll(v, -1) - np.roll(u, -1) * v).sum()) / 2


def turned(ring: Array, *, left: bool) -> Array:
    """Return `ring` (M, 2) counter-clockwise if `left`, else clockwise."""
    return ring if (signed_area(ring) > 0) == left else ring[::-1]


def outwards(rings: Sequence[Array]) -> list[Array]:
    """Return `rings`, the outer one first, with the enclosed area to their left."""
    return [turned(ring, left=k == 0) for k, ring in enumerate(rings)]


def encloses(rings: Sequence[Array], u: Array, v: Array) -> NDArray[np.bool_]:
    """Return whether each of the points `u`, `v` (N,) lies within an odd number of `rings`."""
    inside = np.zeros(len(u), dtype=np.bool_)
    for ring in rings:
        for (u0, v0), (u1, v1) in zip(
            ring.tolist(), np.roll(ring, -1, axis=0).tolist(), strict=True
        ):
            if v0 == v1:
                continue
            # Half open in v, so that a ray through a corner counts it once.
            spans = (v >= min(v0, v1)) & (v < max(v0, v1))
            inside ^= spans & (u < u0 + (v - v0) * ((u1 - u0) / (v1 - v0)))
    return inside


def triangulate(rings: Sequence[Array]) -> NDArray[np.int64]:
    """Return triangles (K, 3) into the concatenated `rings`, counter-clockwise."""
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    corners = np.concatenate(rings)
    faces = mapbox_earcut.triangulate_float64(corners, ends).reshape(-1, 3).astype(np.int64)
    a, b, c = (corners[faces[:, k]] for k in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return np.where((turn < 0)[:, None], faces[:, ::-1], faces)


def edges(rings: Sequence[Array]) -> tuple[Array, Array, Array, Array]:
    """Return all edges of `outwards` rings: starts, ends, outward normals (M, 2), lengths."""
    start = np.concatenate(rings)
    end = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    along = end - start
    length = np.linalg.norm(along, axis=1)
    outward = np.stack([along[:, 1], -along[:, 0]], axis=1) / np.maximum(length, 1e-300)[:, None]
    return start, end, outward, length


def sample(rings: Sequence[Array], count: int, rng: np.random.Generator) -> Array:
    """Return `count` points (count, 2) uniform in the polygon."""
    faces, corners = triangulate(rings), np.concatenate(rings)
    a, b, c = (corners[faces[:, k]] for k in range(3))
    areas = np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])
    pick = rng.choice(len(faces), size=count, p=areas / areas.sum())
    u, v = rng.random((2, count, 1))
    folded = u + v > 1
    u, v = np.where(folded, 1 - u, u), np.where(folded, 1 - v, v)
    return np.asarray(a[pick] + u * (b - a)[pick] + v * (c - a)[pick])
