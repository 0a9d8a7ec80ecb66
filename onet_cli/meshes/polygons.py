"""Triangulation of simple polygons.

A fan around the first corner covers a convex polygon, but leaves a concave one. Here a fan is
centred at a corner that sees all others, vectorised over polygons of equal size; polygons without
such a corner are triangulated by ear clipping.
"""

from itertools import pairwise
from typing import NamedTuple

import mapbox_earcut
import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.meshes.crossed import crossing_shares

Indices = NDArray[np.intp]

MOST_CORNERS = 1 << 15
"""Maximum corners of a polygon: ear clipping is superlinear."""

_MOST_CORNERS_FOR_FANS = 32  # testing every fan is quadratic in the corners
_BATCH = 1 << 20  # corners of fans per batch; bounds the memory
_FLAT = 1e-9  # area, relative to the squared extent of the polygon, of a degenerate triangle

_UNTESTED_WORK = 1 << 27
"""Ear clipping of this much is done without a test for crossings, in at most some 10 s."""
_MOST_WORK = 1 << 33
"""Ear clipping of this much in all; of polygons that hardly cross themselves at most some 40 s."""
_MOST_CROSSED = 1 / 64  # of the pairs of edges; random corners have 0.23
_WORK_PER_CORNER = 500  # beside the square of the corners


class Triangulation(NamedTuple):
    """Triangles (F, 3) of corners, the polygon (F,) of each, ascending, and warnings."""

    triangles: Indices
    polygon: Indices
    warnings: tuple[str, ...] = ()


def cut_polygons(
    points: NDArray[np.floating], corners: NDArray[np.integer], sizes: NDArray[np.integer]
) -> Triangulation:
    """Triangulate polygons, keeping their orientation.

    Polygons may be concave, touch themselves, or be slightly non-planar. One with n corners gives
    n - 2 triangles; one with fewer than 3 corners gives none, and coincident corners may give
    fewer. Collinear corners are kept where neighbouring polygons share them. The work is bounded:
    beyond a bound, polygons that cross themselves a lot become fans, with a warning.

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
    clipping = _EarClipping()
    for alike in np.split(by_size, np.flatnonzero(np.diff(sizes[by_size])) + 1):
        size = int(sizes[alike[0]]) if len(alike) else 0
        if size < 3:
            continue
        step = max(1, _BATCH // min(size, _MOST_CORNERS_FOR_FANS) ** 2)
        for first in range(0, len(alike), step):
            batch = alike[first : first + step]
            places = starts[batch, None] + np.arange(size)
            polygons = flatten(points[corners[places]]) if size > 3 else None
            cut, owner = _cut_alike(polygons, len(batch), size, clipping)
            triangles.append(places[owner[:, None], cut])
            owners.append(batch[owner])
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return Triangulation(np.concatenate(triangles)[order], owner[order], clipping.warnings())


def _cut_alike(
    flat: NDArray[np.float64] | None, count: int, size: int, clipping: "_EarClipping"
) -> tuple[Indices, Indices]:
    """Return triangles (F, 3) of corners 0..size-1, and the polygon of each, for (P, n, 2)."""
    if flat is None:
        return np.tile(np.arange(3), (count, 1)), np.arange(count)
    apex, sees_all = np.zeros(count, np.intp), np.zeros(count, bool)
    if size <= _MOST_CORNERS_FOR_FANS:
        apex, sees_all = _best_fan(flat)
    if size == 4:
        sees_all[:] = True  # a quad has two triangulations, and the better one was found
    others = np.flatnonzero(~sees_all)
    cut = clipping.cut(flat[others])
    sees_all[others] = [ears is None for ears in cut]
    fans = np.flatnonzero(sees_all)
    steps = np.arange(1, size - 1)
    wings = np.stack([np.zeros_like(steps), steps, steps + 1], axis=1)
    triangles = [((apex[fans, None, None] + wings) % size).reshape(-1, 3)]
    owners = [np.repeat(fans, size - 2)]
    for index, ears in zip(others, cut, strict=True):
        if ears is not None:
            triangles.append(ears)
            owners.append(np.full(len(ears), index))
    return np.concatenate(triangles), np.concatenate(owners)


class _EarClipping:
    """Ear clipping with bounded work, in units of squared corners."""

    def __init__(self) -> None:
        self._work = 0
        self._fans = 0

    def cut(self, polygons: NDArray[np.float64]) -> list[Indices | None]:
        """Return triangles (F, 3) of each of polygons (P, n, 2); None for one to cut as a fan."""
        count, size = polygons.shape[:2]
        work = size * (size + _WORK_PER_CORNER)
        untested = max(0, (_UNTESTED_WORK - self._work) // work)
        crossed = np.zeros(count)
        crossed[untested:] = crossing_shares(polygons[untested:])
        clipped = np.flatnonzero(crossed <= _MOST_CROSSED)[
            : max(0, (_MOST_WORK - self._work) // work)
        ]
        self._work += work * len(clipped)
        self._fans += count - len(clipped)
        cut: list[Indices | None] = [None] * count
        for index in clipped:
            cut[index] = _cut_ears(polygons[index])
        return cut

    def warnings(self) -> tuple[str, ...]:
        """Return a warning if polygons are cut as fans."""
        if self._fans == 0:
            return ()
        return (
            f"{self._fans} polygons, which cross themselves or have many corners, are cut as fans: "
            "the others already take long",
        )


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
    count = len(flat)
    edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    used = np.zeros(count, np.intp)
    used[triangles] = 1
    # Cumulative counts of used corners over two rounds test a chain in constant time.
    before = np.concatenate([[0], np.cumsum(np.tile(used, 2))])
    ends = edges[:, 0] + (edges[:, 1] - edges[:, 0]) % count
    skips = (ends > edges[:, 0] + 1) & (before[ends] == before[edges[:, 0] + 1])
    skips &= ~np.isin(edges @ [count, 1], edges @ [1, count])  # edges of two triangles
    left_out: dict[tuple[int, int], list[int]] = {}
    for a, b in edges[skips].tolist():
        chain = [corner % count for corner in range(a + 1, a + (b - a) % count)]
        if _on_the_way(flat[a], flat[chain], flat[b]):
            left_out[a, b] = chain
    whole: list[tuple[int, int, int]] = []
    waiting = [(a, b, c) for a, b, c in reversed(triangles.tolist())] if left_out else []
    while waiting:
        a, b, c = waiting.pop()
        for p, q, apex in ((a, b, c), (b, c, a), (c, a, b)):
            if (p, q) in left_out:
                waiting += [(r, s, apex) for r, s in pairwise([p, *left_out[p, q], q])]
                break
        else:
            whole.append((a, b, c))
    return np.array(whole, np.intp).reshape(-1, 3) if left_out else triangles


def _on_the_way(
    start: NDArray[np.float64], stops: NDArray[np.float64], end: NDArray[np.float64]
) -> bool:
    """Return whether `stops` (n, 2) lie on the segment from `start` to `end`, in that order."""
    way, offsets = end - start, stops - start
    aside = offsets[:, 0] * way[1] - offsets[:, 1] * way[0]
    ahead = np.diff(np.concatenate([[0.0], offsets @ way, [way @ way]]))
    return bool((np.abs(aside) <= _FLAT).all() and (ahead > 0).all())
