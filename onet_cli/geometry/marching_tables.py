"""The tables of marching cubes, generated from rules.

On each face of a cell, segments join the crossed edges: around each inside corner, or, where the
four corners alternate and the face's hyperbola joins the inside ones, around each outside corner.
The segments form loops; each loop becomes a disc of triangles. No diagonal lies in a face of the
cell: the neighbouring cell might use the same one, and the edge would have four triangles. A loop
that needs such a diagonal becomes a fan around a vertex at its centre. Both cells of a face have
the same segments, so the surface is closed, and every vertex, shared by four cells, has one fan.

A loop of up to six edges that is alone in its cell has several possible discs; the kernel takes the
one of least area, which is closer to a smooth surface than any fixed choice.

Corner n of a cell is (n & 1, n >> 1 & 1, n >> 2) along x, y and z. Edge 4 a + u + 2 v runs along
axis a, at u along the next axis and v along the one after, in cycles. Face 2 a + s is at s along a.

Source: Lorensen & Cline, SIGGRAPH 1987; the hyperbola: Nielson & Hamann, Visualization 1991.
"""

import math
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

CORNERS, EDGES, FACES = 8, 12, 6

_LONGEST_CHOICE = 6  # edges of the longest loop with a choice of discs; six have 14 of them

Loop = tuple[int, ...]
Triangle = tuple[int, int, int]


@dataclass(frozen=True)
class Tables:
    """The kernel's lookup tables; a mask has one bit per inside corner.

    `ambiguous` (256,) has a bit per face whose corners alternate, `crossings` (256, 12) the crossed
    edges, padded with -1. `entries` (256, 64) is the entry of a mask and of the faces that join the
    inside; it and the `choices` - 1 entries after it are the discs to choose from. Entry e has the
    triangles `first_triangle[e]` to `first_triangle[e + 1]` of `triangles` (T, 3), by edge, where
    12 + n is the n-th middle: the mean of the edges in the bits of `centres[first_centre[e] + n]`.
    """

    ambiguous: NDArray[np.uint8]
    crossings: NDArray[np.int8]
    entries: NDArray[np.int16]
    choices: NDArray[np.int16]
    first_triangle: NDArray[np.int32]
    triangles: NDArray[np.int8]
    first_centre: NDArray[np.int32]
    centres: NDArray[np.int16]

    @property
    def most_triangles(self) -> int:
        """Maximum number of triangles in a cell."""
        return int(np.diff(self.first_triangle).max())

    @property
    def most_vertices(self) -> int:
        """Maximum number of vertices that a cell adds."""
        return EDGES + int(np.diff(self.first_centre).max())


@cache
def tables() -> Tables:
    """Return the tables, computed on first use."""
    masks = range(1 << CORNERS)
    ambiguous = [_ambiguous(mask) for mask in masks]
    entries = np.zeros((len(masks), 1 << FACES), np.int16)
    discs: list[_Disc] = []
    choices: list[int] = []
    for mask in masks:
        for joined in range(1 << FACES):
            if joined & ~ambiguous[mask]:
                continue
            entries[mask, joined] = len(discs)
            found = _discs_of(_loops(mask, joined))
            discs += found
            choices += [len(found)] * len(found)
    return Tables(
        ambiguous=np.array(ambiguous, np.uint8),
        crossings=np.array([_crossings(mask) for mask in masks], np.int8),
        entries=entries,
        choices=np.array(choices, np.int16),
        first_triangle=np.cumsum([0] + [len(disc.triangles) for disc in discs], dtype=np.int32),
        triangles=np.array([row for disc in discs for row in disc.triangles], np.int8),
        first_centre=np.cumsum([0] + [len(disc.centres) for disc in discs], dtype=np.int32),
        centres=np.array([bits for disc in discs for bits in disc.centres], np.int16),
    )


@dataclass
class _Disc:
    """The triangles that fill loops, and the middles among their corners."""

    triangles: list[Triangle]
    centres: list[int] = field(default_factory=list)


def _discs_of(loops: list[Loop]) -> list[_Disc]:
    """Return the possible ways to fill `loops`."""
    if len(loops) == 1 and len(loops[0]) <= _LONGEST_CHOICE:
        return [_Disc(triangles) for triangles in _triangulations(loops[0])]
    cell = _Disc([])
    for loop in loops:
        choice = _triangulations(loop)
        if choice:
            cell.triangles += choice[0]
        else:
            middle = EDGES + len(cell.centres)
            cell.triangles += [(middle, a, b) for a, b in pairwise((*loop, loop[0]))]
            cell.centres.append(sum(1 << edge for edge in loop))
    return [cell]


@cache
def _triangulations(loop: Loop) -> list[list[Triangle]]:
    """Return the triangulations of `loop` without a diagonal in a face, of long ones the smallest.

    They begin with the one of least area when all vertices are in the middles of their edges.
    """
    keep = None if len(loop) <= _LONGEST_CHOICE else 1
    best: dict[tuple[int, int], list[tuple[float, list[Triangle]]]] = {}
    last = len(loop) - 1
    for length in range(1, last + 1):
        for i in range(last - length + 1):
            j = i + length
            is_diagonal = 1 < length < last
            if is_diagonal and _FACES_OF_EDGE[loop[i]] & _FACES_OF_EDGE[loop[j]]:
                best[i, j] = []
                continue
            if length == 1:
                best[i, j] = [(0.0, [])]
                continue
            splits = [
                (a + b + _area((loop[i], loop[k], loop[j])), left, right, k)
                for k in range(i + 1, j)
                for a, left in best[i, k]
                for b, right in best[k, j]
            ]
            if len(splits) > 1:
                splits = sorted(splits, key=lambda split: round(split[0], 9))[:keep]
            best[i, j] = [
                (area, [*left, *right, (loop[i], loop[k], loop[j])])
                for area, left, right, k in splits
            ]
    return [triangles for _, triangles in best[0, last]]


def _loops(mask: int, joined: int) -> list[Loop]:
    """Return the edges that each loop passes; seen from outside the surface, counterclockwise."""
    following: dict[int, int] = {}
    for face in range(FACES):
        inside = tuple(mask >> corner & 1 == 1 for corner in _RINGS[face])
        following |= _segments(inside, face, joined >> face & 1 == 1)
    loops = []
    while following:
        loop = [min(following)]
        while (edge := following.pop(loop[-1])) != loop[0]:
            loop.append(edge)
        loops.append(tuple(loop))
    return loops


@cache
def _segments(inside: tuple[bool, ...], face: int, joined: bool) -> dict[int, int]:
    """Return the segments of a face, each from where its ring of corners enters the `inside`."""
    edges = _EDGES_OF_FACE[face]
    leaving = [n for n in range(4) if inside[n] and not inside[n - 3]]
    entering = [n for n in range(4) if not inside[n] and inside[n - 3]]
    if len(entering) == 2 and joined:
        return {edges[n]: edges[n - 1] for n in entering}  # around the outside corner between
    if len(entering) == 2:
        return {edges[n]: edges[n - 3] for n in entering}  # around the inside corner between
    return {edges[a]: edges[b] for a, b in zip(entering, leaving, strict=True)}


def _ambiguous(mask: int) -> int:
    """Return a bit per face whose corners alternate."""
    found = 0
    for face in range(FACES):
        inside = [mask >> corner & 1 for corner in _RINGS[face]]
        found |= (inside[0] == inside[2] != inside[1] == inside[3]) << face
    return found


def _crossings(mask: int) -> list[int]:
    """Return the edges whose ends lie on different sides, padded with -1."""
    edges = [edge for edge, (a, b) in enumerate(_ENDS) if (mask >> a ^ mask >> b) & 1]
    return edges + [-1] * (EDGES - len(edges))


def _ends(edge: int) -> tuple[int, int]:
    """Return the two corners of an edge."""
    axis, u, v = edge >> 2, edge & 1, edge >> 1 & 1
    first = u << (axis + 1) % 3 | v << (axis + 2) % 3
    return first, first | 1 << axis


def _ring(face: int) -> list[int]:
    """Return the corners of a face, counterclockwise when seen from outside the cell."""
    axis, side = face >> 1, face & 1
    u, v = 1 << (axis + 1) % 3, 1 << (axis + 2) % 3
    ring = [side << axis | step for step in (0, u, u | v, v)]
    return ring if side else ring[::-1]


@cache
def _area(triangle: Triangle) -> float:
    """Return the area of a triangle between the middles of three edges, by Heron's formula."""
    a, b, c = (_MIDDLES[edge] for edge in triangle)
    sides = math.dist(a, b), math.dist(b, c), math.dist(c, a)
    half = sum(sides) / 2
    return math.sqrt(half * math.prod(half - side for side in sides))


_RINGS = [_ring(face) for face in range(FACES)]
_ENDS = [_ends(edge) for edge in range(EDGES)]
_EDGE_BETWEEN = {frozenset(ends): edge for edge, ends in enumerate(_ENDS)}
_EDGES_OF_FACE = [
    [_EDGE_BETWEEN[frozenset((ring[n], ring[n - 3]))] for n in range(4)] for ring in _RINGS
]
_FACES_OF_EDGE = [
    {face for face in range(FACES) if edge in _EDGES_OF_FACE[face]} for edge in range(EDGES)
]
_MIDDLES = [tuple(((a >> axis & 1) + (b >> axis & 1)) / 2 for axis in range(3)) for a, b in _ENDS]
