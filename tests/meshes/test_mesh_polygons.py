"""Polygons cut into triangles: the triangles cover the polygon, all of it and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onet_cli.meshes.polygons import cut_polygons

L_SHAPE = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
DART = [(0, 0), (2, 1), (0, 2), (0.5, 1)]
ARROW = [(0, 0), (3, 1), (0, 2), (1, 1.2), (1, 0.8)]
COMB = [
    (0, 0),
    (5, 0),
    (5, 2),
    (4, 2),
    (4, 1),
    (3, 1),
    (3, 2),
    (2, 2),
    (2, 1),
    (1, 1),
    (1, 2),
    (0, 2),
]
KEYHOLE = [(0, 0), (3, 0), (3, 3), (0, 3), (0, 0), (1, 1), (1, 2), (2, 2), (2, 1), (1, 1)]


def shoelace(polygon):
    x, y = np.asarray(polygon, float).T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def inside(point, polygon):
    """Say by the crossings of a ray whether a point is in a polygon (n, 2)."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    crosses = (start[:, 1] > point[1]) != (end[:, 1] > point[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (point[1] - start[:, 1]) / (end[:, 1] - start[:, 1])
    return bool((crosses & (point[0] < start[:, 0] + share * (end[:, 0] - start[:, 0]))).sum() % 2)


def cut(polygon):
    polygon = np.asarray(polygon, float)
    points = (
        np.column_stack([polygon, np.zeros(len(polygon))]) if polygon.shape[1] == 2 else polygon
    )
    triangles, owner, _ = cut_polygons(points, np.arange(len(points)), np.array([len(points)]))
    assert (owner == 0).all()
    return points, triangles


def areas(points, triangles):
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a) / 2


def star(seed, count, radii):
    """Return a polygon (n, 2) that the origin sees whole, so that it never crosses itself."""
    random = np.random.default_rng(seed)
    gaps = random.random(count) + 0.3
    angles = np.cumsum(gaps) / gaps.sum() * 2 * np.pi
    return np.column_stack([np.cos(angles), np.sin(angles)]) * random.uniform(*radii, (count, 1))


def turned(polygon, seed):
    """Return a polygon (n, 2) in a plane that leans, (n, 3), and the plane's normal."""
    axes, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    axes[:, 2] *= np.linalg.det(axes)
    return polygon @ axes[:, :2].T + (3, -7, 2), axes[:, 2]


@pytest.mark.parametrize(
    "polygon", [L_SHAPE, DART, ARROW, COMB], ids=["L", "dart", "arrow", "comb"]
)
@pytest.mark.parametrize("shift", range(12))
def test_a_concave_polygon_keeps_its_area_wherever_it_starts(polygon, shift):
    polygon = np.roll(polygon, shift % len(polygon), axis=0)

    points, triangles = cut(polygon)

    each = areas(points, triangles)[:, 2]
    assert len(triangles) == len(polygon) - 2
    assert (each > 0).all()
    assert each.sum() == pytest.approx(shoelace(polygon))


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(4, 48), st.booleans())
def test_a_star_in_any_plane_is_covered_once_and_nothing_beside_it(seed, count, clockwise):
    flat = star(seed, count, (0.15, 1.0))
    if clockwise:
        flat = flat[::-1]
    polygon, normal = turned(flat, seed)

    points, triangles = cut(polygon)

    each = areas(points, triangles) @ normal * (-1 if clockwise else 1)
    assert len(triangles) == count - 2
    assert (each > -1e-12).all()
    assert each.sum() == pytest.approx(abs(shoelace(flat)))
    middles = flat[triangles].mean(axis=1)
    assert all(
        inside(middle, flat) for middle, area in zip(middles, each, strict=True) if area > 1e-9
    )


def test_a_polygon_with_a_hole_reached_by_a_bridge_keeps_the_hole_open():
    points, triangles = cut(KEYHOLE)

    each = areas(points, triangles)[:, 2]
    assert each.sum() == pytest.approx(abs(shoelace(KEYHOLE))) == pytest.approx(8)
    middles = points[triangles].mean(axis=1)
    assert not any(inside(middle[:2], np.array(KEYHOLE[5:9], float)) for middle in middles)


def test_corners_on_straight_edges_stay_so_that_no_seam_opens():
    square = [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0.5, 2), (0, 2), (0, 1)]

    points, triangles = cut(square)

    assert set(triangles.ravel().tolist()) == set(range(9))
    assert (areas(points, triangles)[:, 2] > 0).all()
    edges = {(int(t[i]), int(t[(i + 1) % 3])) for t in triangles for i in range(3)}
    assert {(i, (i + 1) % 9) for i in range(9)} <= edges


def test_ear_clipping_too_keeps_corners_on_straight_edges():
    comb = [(0, 0), *((x, 0) for x in (1, 2, 3, 4)), *COMB[1:]]

    points, triangles = cut(comb)

    assert len(triangles) == len(comb) - 2
    assert (areas(points, triangles)[:, 2] > 0).all()
    assert areas(points, triangles)[:, 2].sum() == pytest.approx(shoelace(comb))


def test_a_star_drawn_in_one_stroke_is_no_convex_polygon():
    angles = np.arange(5) * 4 * np.pi / 5
    points, triangles = cut(np.column_stack([np.cos(angles), np.sin(angles)]))

    assert len(triangles) <= 3
    assert np.isfinite(areas(points, triangles)).all()


def test_a_bent_polygon_keeps_its_corners_and_its_orientation():
    random = np.random.default_rng(3)
    flat = star(5, 20, (0.3, 1.0))
    bent = np.column_stack([flat, 0.1 * random.normal(size=20)])

    points, triangles = cut(bent)

    each = areas(points, triangles)[:, 2]
    assert len(triangles) == 18
    assert (each > 0).all()
    assert each.sum() == pytest.approx(shoelace(flat), rel=0.05)


@pytest.mark.parametrize("count", [4, 5, 9, 40])
def test_a_polygon_without_area_makes_no_more_faces_than_it_has_ears(count):
    line = np.column_stack([np.linspace(0, 1, count)] * 3)
    for polygon in (line, np.zeros((count, 3))):
        points, triangles = cut(polygon)
        assert len(triangles) <= count - 2
        assert np.abs(areas(points, triangles)).max(initial=0) < 1e-12


def test_a_grid_of_squares_is_cut_along_parallel_diagonals():
    corner = np.arange(9).reshape(3, 3)
    quads = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], axis=-1)
    points = np.array([(0.1 * x, 0.1 * y, 0) for y in range(3) for x in range(3)])

    triangles, owner, _ = cut_polygons(points, quads.reshape(-1), np.full(4, 4))

    assert owner.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert (triangles % 4).tolist() == [[0, 1, 2], [0, 2, 3]] * 4


def test_polygons_of_many_sizes_come_out_in_their_order():
    sizes = np.array([5, 2, 3, 40, 4, 0, 3, 6])
    shapes = [star(i, n, (0.9, 1.0)) if n else np.zeros((0, 2)) for i, n in enumerate(sizes)]
    points = np.column_stack([np.concatenate(shapes), np.zeros(sizes.sum())])

    triangles, owner, _ = cut_polygons(points, np.arange(len(points)), sizes)

    assert owner.tolist() == np.repeat(np.arange(8), np.maximum(sizes - 2, 0)).tolist()
    starts = np.cumsum(sizes) - sizes
    assert (triangles >= starts[owner, None]).all()
    assert (triangles < (starts + sizes)[owner, None]).all()


def test_huge_and_tiny_polygons_far_away_are_cut_alike():
    for scale in (1e-12, 1.0, 1e12):
        points, triangles = cut(np.array(L_SHAPE) * scale)
        assert areas(points, triangles)[:, 2].sum() == pytest.approx(3 * scale**2)
