"""The tables of marching cubes against the geometry of a cell of edge 1."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from onet_cli.geometry.marching_tables import tables

TABLES = tables()
CORNERS = np.array([[n & 1, n >> 1 & 1, n >> 2] for n in range(8)])
MASKS = np.array([[mask >> n & 1 for n in range(8)] for mask in range(256)], bool)


def middle_of(edge):
    """The middle of edge 4 a + u + 2 v: along axis a, at u and v along the next two axes."""
    axis, u, v = edge // 4, edge % 2, edge // 2 % 2
    middle = np.full(3, 0.5)
    middle[(axis + 1) % 3], middle[(axis + 2) % 3] = u, v
    return middle


MIDDLES = np.array([middle_of(edge) for edge in range(12)])


def entries_of(mask):
    """Each decision about the ambiguous faces of a mask, with the numbers of its discs."""
    for joined in range(64):
        if joined & ~int(TABLES.ambiguous[mask]) == 0:
            first = TABLES.entries[mask, joined]
            yield joined, range(first, first + TABLES.choices[first])


def triangles_of(entry):
    return TABLES.triangles[TABLES.first_triangle[entry] : TABLES.first_triangle[entry + 1]]


def centres_of(entry):
    return TABLES.centres[TABLES.first_centre[entry] : TABLES.first_centre[entry + 1]]


def places_of(entry):
    """Where the vertices of an entry lie when the surface halves every edge."""
    centres = [
        MIDDLES[[bits >> n & 1 == 1 for n in range(12)]].mean(axis=0) for bits in centres_of(entry)
    ]
    return np.vstack([MIDDLES, *centres])


def boundary_of(entry):
    """The directed edges of an entry's triangles that no other of them runs back."""
    ends = Counter((int(row[n]), int(row[n - 2])) for row in triangles_of(entry) for n in range(3))
    assert max(ends.values(), default=1) == 1
    return {(a, b) for a, b in ends if (b, a) not in ends}


def faces_with(*edges):
    """The faces 2 a + s of a cell, at s along axis a, in which all of `edges` lie."""
    return [
        2 * axis + side
        for axis, side in product(range(3), range(2))
        if all(MIDDLES[edge, axis] == side for edge in edges)
    ]


def test_crossed_edges_are_those_between_an_inside_and_an_outside_corner():
    for mask, inside in enumerate(MASKS):
        ends = [np.flatnonzero(np.abs(CORNERS - middle).sum(axis=1) < 1) for middle in MIDDLES]
        crossed = [edge for edge, (a, b) in enumerate(ends) if inside[a] != inside[b]]

        found = TABLES.crossings[mask]

        assert found.tolist() == crossed + [-1] * (12 - len(crossed))


def test_faces_whose_corners_alternate_are_ambiguous():
    for mask, inside in enumerate(MASKS):
        for axis, side in product(range(3), range(2)):
            here = CORNERS[:, axis] == side
            plane = np.delete(CORNERS[here], axis, axis=1)
            same = inside[here] == (plane.sum(axis=1) % 2 == 0)  # a chessboard, or its reverse
            expected = same.all() or not same.any()

            assert bool(TABLES.ambiguous[mask] >> 2 * axis + side & 1) == expected


def test_every_disc_is_bounded_by_segments_in_faces_that_leave_no_crossed_edge_out():
    for mask in range(256):
        crossed = {int(edge) for edge in TABLES.crossings[mask] if edge >= 0}
        for _, discs in entries_of(mask):
            for entry in discs:
                boundary = boundary_of(entry)
                assert {a for a, _ in boundary} == {b for _, b in boundary} == crossed
                assert all(faces_with(a, b) for a, b in boundary)
                assert {int(n) for n in triangles_of(entry).ravel() if n < 12} == crossed


def test_no_triangle_but_at_the_boundary_has_an_edge_in_a_face():
    for mask in range(256):
        for _, discs in entries_of(mask):
            for entry in discs:
                boundary = boundary_of(entry)
                rows = triangles_of(entry)
                ends = {(int(row[n]), int(row[n - 2])) for row in rows for n in range(3)}
                inner = [(a, b) for a, b in ends if (a, b) not in boundary and max(a, b) < 12]
                assert not any(faces_with(a, b) for a, b in inner)


def test_an_ambiguous_face_joins_its_inside_corners_where_its_bit_says():
    for mask, inside in enumerate(MASKS):
        for joined, discs in entries_of(mask):
            for a, b in boundary_of(discs[0]):
                (face,) = faces_with(a, b)
                if not TABLES.ambiguous[mask] >> face & 1:
                    continue
                # The corner that the segment cuts off is the one nearest to both its ends.
                corner = np.argmin(np.abs(CORNERS - (MIDDLES[a] + MIDDLES[b]) / 2).sum(axis=1))
                assert inside[corner] != bool(joined >> face & 1)


def test_cells_that_share_a_face_have_the_same_segments_there_in_opposite_directions():
    for axis in range(3):
        low = CORNERS[:, axis] == 0
        by_pattern = {}
        for mask, inside in enumerate(MASKS):
            for joined, discs in entries_of(mask):
                for side in range(2):
                    face = 2 * axis + side
                    here = low if side == 0 else ~low
                    pattern = (*inside[here], joined >> face & 1)
                    segments = {
                        tuple(
                            tuple(np.delete(MIDDLES[end], axis)) for end in (a, b)[:: 1 - 2 * side]
                        )
                        for a, b in boundary_of(discs[0])
                        if face in faces_with(a, b)
                    }
                    assert by_pattern.setdefault(pattern, segments) == segments


def test_the_inside_corner_lies_behind_a_single_corners_triangle():
    for n in range(8):
        (entry,) = next(entries_of(1 << n))[1]
        (triangle,) = triangles_of(entry)
        a, b, c = MIDDLES[triangle]

        assert np.cross(b - a, c - a) @ (CORNERS[n] - a) < 0


def test_discs_of_one_loop_are_all_different_and_the_smallest_is_first():
    counts = set()
    for mask in range(256):
        for _, discs in entries_of(mask):
            places = places_of(discs[0])
            corners = [places[triangles_of(entry)] for entry in discs]
            areas = [
                np.linalg.norm(np.cross(t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]), axis=1).sum()
                for t in corners
            ]
            assert areas[0] <= min(areas, default=0) + 1e-9
            names = {
                tuple(sorted(tuple(sorted(row)) for row in triangles_of(entry).tolist()))
                for entry in discs
            }
            assert len(names) == len(discs)
            counts.add(len(discs))
    # Catalan's numbers of triangulations, less those with a diagonal in a face.
    assert counts >= {1, 2, 5}
    assert max(counts) <= 14


def test_a_middle_is_the_mean_of_a_loop_too_long_for_diagonals():
    with_middles = [entry for entry in range(len(TABLES.choices)) if len(centres_of(entry))]
    assert with_middles
    for entry in with_middles:
        rows = triangles_of(entry).tolist()
        for n, bits in enumerate(centres_of(entry)):
            fan = [row for row in rows if 12 + n in row]
            rim = {corner for row in fan for corner in row if corner < 12}
            assert sum(1 << edge for edge in rim) == bits
            assert len(fan) == len(rim)


@pytest.mark.parametrize("name", ["triangles", "vertices"])
def test_the_maxima_are_those_of_the_entries(name):
    entries = range(len(TABLES.choices))
    found = {
        "triangles": (TABLES.most_triangles, max(len(triangles_of(e)) for e in entries)),
        "vertices": (TABLES.most_vertices, 12 + max(len(centres_of(e)) for e in entries)),
    }
    assert found[name][0] == found[name][1]
