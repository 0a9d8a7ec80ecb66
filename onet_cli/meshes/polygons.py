"""Triangulation of simple polygons.

A fan around the first corner covers a convex polygon, but leaves a concave one. Here a fan is
centred at a corner that sees all others, vectorised over polygons of equal size; polygons without
such a corner are triangulated by ear clipping.
"""

from itertools import pairwise

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError

Indices = NDArray[np.intp]

MOST_CORNERS = 1 << 15
"""Maximum corners of a polygon: ear clipping of a self-intersecting one is superlinear."""

_MOST_CORNERS_FOR_FANS = 32  # testing every fan is quadratic in the corners
_BATCH = 1 << 20  # corners of fans per batch; bounds the memory
_FLAT = 1e-9  # area, relative to the squared extent of the polygon, of a degenerate triangle


def cut_polygons(
    points: NDArray[np.floating], corners: NDArray[np.integer], sizes: NDArray[np.integer]
) -> tuple[Indices, Indices]:
    """Triangulate polygons, keeping their orientation.

    Polygons may be concave, touch themselves, or be slightly non-planar. One with n corners gives
    n - 2 triangles; one with fewer than 3 corners gives none, and coincident corners may give
    fewer. Collinear corners are kept where neighbouring polygons share them.

    Args:
        points: (V, 3), finite.
        corners: (C,) indices into `points`: the concatenated corners of the polygons.
        sizes: (P,) numbers of corners; their sum is C.

    Returns:
        (F, 3) indices into `corners`, and (F,) the polygon of each triangle, ascending.

    Raises:
        SourceError: a polygon has more than `MOST_CORNERS` corners.
    """
    sizes = np.asarray(sizes, np.intp)
    if sizes.max(initial=0) > MOST_CORNERS:
        raise SourceError(f"a polygon has {sizes.max()} corners; the limit is {MOST_CORNERS}")
    starts = np.cumsum(sizes) - sizes
    by_size = np.argsort(sizes, kind="stable")
    triangles, owners = [np.zeros((0, 3), np.intp)], [np.zeros(0, np.intp)]
    for alike in np.split(by_size, np.flatnonzero(np.diff(sizes[by_size])) + 1):
        size = int(sizes[alike[0]]) if len(alike) else 0
        if size < 3:
            continue
        step = max(1, _BATCH // min(size, _MOST_CORNERS_FOR_FANS) ** 2)
        for first in range(0, len(alike), step):
            batch = alike[first : first + step]
            places = starts[batch, None] + np.arange(size)
            cut, owner = _cut_alike(points[corners[places]] if size > 3 else None, len(batch), size)
            triangles.append(places[owner[:, None], cut])
            owners.append(batch[owner])
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return np.concatenate(triangles)[order], owner[order]


def _cut_alike(
    polygons: NDArray[np.floating] | None, count: int, size: int
) -> tuple[Indices, Indices]:
    """Return triangles (F, 3) of corners 0..size-1, and the polygon of each, for (P, n, 3)."""
    if polygons is None:
        return np.tile(np.arange(3), (count, 1)), np.arange(count)
    flat = flatten(polygons)
    apex, sees_all = np.zeros(count, np.intp), np.zeros(count, bool)
    if size <= _MOST_CORNERS_FOR_FANS:
        apex, sees_all = _best_fan(flat)
    if size == 4:
        sees_all[:] = True  # a quad has two triangulations, and the better one was found
    fans = np.flatnonzero(sees_all)
    steps = np.arange(1, size - 1)
    wings = np.stack([np.zeros_like(steps), steps, steps + 1], axis=1)
    triangles = [((apex[fans, None, None] + wings) % size).reshape(-1, 3)]
    owners = [np.repeat(fans, size - 2)]
    for index in np.flatnonzero(~sees_all):
        ears = _cut_ears(flat[index])
        triangles.append(ears)
        owners.append(np.full(len(ears), index))
    return np.concatenate(triangles), np.concatenate(owners)


def flatten(polygons: NDArray[np.floating]) -> NDArray[np.float64]:
    """Project polygons (P, n, 3) onto their planes: (P, n, 2), counter-clockwise, extent about 1.

    The normal is Newell's, which is also defined for non-planar polygons.

    Source: Sutherland, Sproull, Schumacker, A Characterization of Ten Hidden-Surface Algorithms,
    ACM Computing Surveys 1974 (Newell's method).
    """
    relative = np.asarray(polygons, np.float64) - polygons[:, :1]
    extent = np.abs(relative).max(axis=(1, 2))
    relative /= np.where(extent > 0, extent, 1)[:, None, None]
    normal = np.cross(relative, np.roll(relative, -1, axis=1)).sum(axis=1)
    length = np.linalg.norm(normal, axis=1)
    normal[length == 0] = (0, 0, 1)
    normal /= np.where(length > 0, length, 1)[:, None]
    # The axis most perpendicular to the normal keeps coordinates exact in axis-aligned planes.
    across = np.eye(3)[np.abs(normal).argmin(axis=1)]
    right = np.cross(across, normal)
    right /= np.linalg.norm(right, axis=1)[:, None]
    up = np.cross(normal, right)
    return np.stack(
        [np.einsum("pnk,pk->pn", relative, right), np.einsum("pnk,pk->pn", relative, up)], axis=2
    )


def _best_fan(flat: NDArray[np.float64]) -> tuple[Indices, NDArray[np.bool_]]:
    """Return for polygons (P, n, 2) the corner whose fan has the largest minimum triangle area.

    Also return whether that fan covers the polygon: its triangles are counter-clockwise, and their
    angles sum to less than a full turn, so that they do not overlap.
    """
    size = flat.shape[1]
    apexes = np.arange(2 if size == 4 else size)  # opposite corners of a quad give the same fan
    others = (apexes[:, None] + np.arange(1, size)) % size
    arms = flat[:, others] - flat[:, apexes, None]
    first, second = arms[:, :, :-1], arms[:, :, 1:]
    area = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    thinnest = area.min(axis=2)
    if size > 4:
        along = (first * second).sum(axis=3)
        around = np.arctan2(area, along).sum(axis=2)
        thinnest[around >= 2 * np.pi - 1e-6] = -np.inf
    # Ties go to the first corner, within a tolerance for rounding, so that grids stay regular.
    best = thinnest.max(axis=1)
    apex = (thinnest >= (best - 1e-6 * np.abs(best))[:, None]).argmax(axis=1)
    chosen = np.take_along_axis(thinnest, apex[:, None], axis=1)[:, 0]
    return apex.astype(np.intp), chosen > _FLAT


def _cut_ears(polygon: NDArray[np.float64]) -> Indices:
    """Return triangles (F, 3) of one simple polygon (n, 2)."""
    # Drop corners that repeat their predecessor.
    distinct = np.flatnonzero((polygon != np.roll(polygon, 1, axis=0)).any(axis=1))
    flat = np.ascontiguousarray(polygon[distinct])
    if len(flat) < 3:
        return np.zeros((0, 3), np.intp)
    ends = np.array([len(flat)], np.uint32)
    cut = mapbox_earcut.triangulate_float64(flat, ends)
    triangles: Indices = np.asarray(cut, np.intp).reshape(-1, 3)
    a, b, c = (flat[triangles[:, corner]] for corner in range(3))
    if ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).sum() < 0:
        triangles = triangles[:, ::-1]
    if len(triangles) < len(flat) - 2:
        triangles = _mend_seams(flat, triangles)
    result: Indices = distinct[triangles]
    return result


def _mend_seams(flat: NDArray[np.float64], triangles: Indices) -> Indices:
    """Insert collinear corners that ear clipping left out.

    Neighbouring polygons have these corners; without them their shared edges would not match.
    """
    edges = {edge for a, b, c in triangles.tolist() for edge in ((a, b), (b, c), (c, a))}
    used = np.zeros(len(flat), np.intp)
    used[triangles] = 1
    # Cumulative counts of used corners over two rounds test a chain in constant time.
    before = np.concatenate([[0], np.cumsum(np.tile(used, 2))]).tolist()
    left_out: dict[tuple[int, int], list[int]] = {}
    for a, b in edges:
        end = a + (b - a) % len(flat)
        inner = (b, a) in edges or end <= a + 1 or before[end] > before[a + 1]
        if inner:
            continue
        chain = [corner % len(flat) for corner in range(a + 1, end)]
        if _on_the_way(flat[a], flat[chain], flat[b]):
            left_out[a, b] = chain
    whole: list[tuple[int, int, int]] = []
    waiting = [(a, b, c) for a, b, c in reversed(triangles.tolist())]
    while waiting:
        a, b, c = waiting.pop()
        for p, q, apex in ((a, b, c), (b, c, a), (c, a, b)):
            if (p, q) in left_out:
                waiting += [(r, s, apex) for r, s in pairwise([p, *left_out[p, q], q])]
                break
        else:
            whole.append((a, b, c))
    return np.array(whole, np.intp).reshape(-1, 3)


def _on_the_way(
    start: NDArray[np.float64], stops: NDArray[np.float64], end: NDArray[np.float64]
) -> bool:
    """Return whether `stops` (n, 2) lie on the segment from `start` to `end`, in that order."""
    way, offsets = end - start, stops - start
    aside = offsets[:, 0] * way[1] - offsets[:, 1] * way[0]
    ahead = np.diff(np.concatenate([[0.0], offsets @ way, [way @ way]]))
    return bool((np.abs(aside) <= _FLAT).all() and (ahead > 0).all())
