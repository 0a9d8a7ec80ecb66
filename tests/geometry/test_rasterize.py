"""The kernel against its slow twin, and against what every rasteriser must keep to."""

import numpy as np
import pytest

from onet_cli._ext import rasterize
from tests import reference


def draw(points, faces, shape, near=1e-3, ceiling=np.inf):
    """Nearness and owners of faces with homogeneous corners in samples."""
    nearness, owners = np.zeros(shape, np.float32), np.full(shape, -1, np.int32)
    chosen = np.arange(len(faces), dtype=np.int32)
    limit = np.full(shape, ceiling, np.float32)
    faces = np.ascontiguousarray(faces, np.int32)
    rasterize.draw_perspective(points, faces, chosen, near, nearness, owners, limit)
    return nearness, owners


def homogeneous(x, y, depth):
    return np.column_stack([x * depth, y * depth, depth])


@pytest.mark.parametrize("seed", range(6))
def test_the_buffers_are_those_of_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    points = homogeneous(*rng.uniform(-8, 32, (2, 45)), rng.uniform(0.2, 2, 45))
    faces = rng.integers(0, 45, (24, 3), dtype=np.int32)

    nearness, owners = draw(points, faces, (20, 24))

    expected = reference.rasterize(points, faces, (20, 24))
    np.testing.assert_array_equal(owners, expected[1])
    np.testing.assert_allclose(nearness, expected[0], rtol=1e-6)


@pytest.mark.parametrize("wide", [3, 40])
@pytest.mark.parametrize("seed", range(4))
def test_a_fan_covers_each_sample_exactly_once(seed, wide):
    """Corners on samples and edges through them included: nothing twice, nothing never."""
    rng = np.random.default_rng(seed)
    size = 48
    centre = rng.integers(16, 32, 2) + 0.5
    angle = np.sort(rng.uniform(0, 2 * np.pi, 24))
    rim = np.round(centre + wide * np.column_stack([np.cos(angle), np.sin(angle)])) + 0.5
    xy = np.vstack([centre, rim])
    points = homogeneous(*xy.T, np.ones(len(xy)))
    k = np.arange(24)
    faces = np.column_stack([np.zeros(24, int), 1 + k, 1 + (k + 1) % 24]).astype(np.int32)

    hits = sum((draw(points, face[None], (size, size))[1] >= 0).astype(int) for face in faces)

    outline = np.column_stack([rim, np.roll(rim, -1, axis=0)])
    x, y = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    sides = [(c - a) * (y - b) - (d - b) * (x - a) for a, b, c, d in outline]
    assert hits.max() == 1
    assert (hits[np.min(sides, axis=0) > 0] == 1).all()


@pytest.mark.parametrize("seed", range(3))
def test_huge_triangles_are_clipped_where_they_leave_the_picture(seed):
    """A half plane whose far corners lie beyond 64-bit products of steps."""
    rng = np.random.default_rng(seed)
    angle, far = rng.uniform(0, 2 * np.pi), 1e9
    along, across = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([-np.sin(angle), np.cos(angle)]),
    )
    middle = np.array([20.3, 19.6])
    corners = np.array([middle - far * along, middle + far * along, middle + far * across])

    _, owners = draw(homogeneous(*corners.T, np.ones(3)), [[0, 1, 2]], (40, 40))

    x, y = np.meshgrid(np.arange(40) + 0.5, np.arange(40) + 0.5)
    side = (x - middle[0]) * across[0] + (y - middle[1]) * across[1]
    assert (owners[side > 0.02] == 0).all()
    assert (owners[side < -0.02] == -1).all()


def test_what_is_not_below_the_ceiling_is_not_drawn():
    points = homogeneous(np.array([-5, 50, -5.0]), np.array([-5, -5, 50.0]), np.full(3, 0.5))
    assert (draw(points, [[0, 1, 2]], (8, 8), ceiling=2.1)[1] == 0).all()
    assert (draw(points, [[0, 1, 2]], (8, 8), ceiling=2)[1] == -1).all()


def test_of_faces_in_one_place_the_first_is_kept():
    points = homogeneous(
        np.array([-5, 50, -5, -9.0]), np.array([-5, -5, 50, -9.0]), np.full(4, 0.7)
    )
    for faces in ([[0, 1, 2], [3, 1, 2]], [[3, 1, 2], [0, 1, 2]]):
        assert (draw(points, faces, (8, 8))[1] == 0).all()
