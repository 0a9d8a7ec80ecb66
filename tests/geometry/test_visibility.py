"""Which cells are seen from outside, against rays that walk cell by cell."""

import numpy as np
import pytest

from onet_cli.geometry.visibility import seen_twice, view_directions
from tests import reference


def test_view_directions_are_unit_vectors_spread_evenly_with_the_axes_among_them():
    directions = view_directions(320)

    assert directions.shape == (326, 3)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    np.testing.assert_allclose(directions.mean(axis=0), 0, atol=1e-3)
    nearest = np.sort(directions[6:] @ directions[6:].T, axis=1)[:, -2]
    assert np.degrees(np.arccos(nearest)).min() > 6
    assert {tuple(d) for d in directions[:6]} == {
        tuple(sign * axis) for axis in np.eye(3) for sign in (1, -1)
    }


def test_view_directions_go_down_in_equal_steps_and_round_by_the_golden_angle():
    x, height, z = view_directions(50)[6:].T

    np.testing.assert_allclose(np.diff(height), -2 / 50)
    steps = np.degrees(np.diff(np.arctan2(z, x))) % 360
    np.testing.assert_allclose(steps, 222.492236, atol=1e-6)  # 360 / 1.618...


@pytest.mark.parametrize("shape", [(9, 7, 5), (5, 8, 70), (70, 4, 6), (3, 66, 64)])
def test_cells_are_seen_where_rays_that_walk_cell_by_cell_get_out(shape):
    rng = np.random.default_rng(sum(shape))
    blocked = (rng.random(shape) < 0.15).astype(np.uint8)
    directions = view_directions(9)

    twice = seen_twice(blocked, directions)

    views = sum(reference.sees_out(blocked, d).astype(int) for d in directions)
    assert np.array_equal(twice, views >= 2)


def test_a_cell_that_one_view_alone_sees_does_not_count():
    blocked = np.ones((5, 5, 5), np.uint8)
    blocked[2, 3:, 2] = 0  # a shaft that opens upwards
    up = np.array([[0.0, 1.0, 0.0]])

    assert not seen_twice(blocked, up).any()
    assert np.array_equal(seen_twice(blocked, np.concatenate([up, up])), 1 - blocked)


def test_no_ray_slips_through_a_wall_of_cells_that_touch_by_their_faces():
    centre = np.stack(np.meshgrid(*[np.arange(24) - 11.5] * 3, indexing="ij"), axis=-1)
    radius = np.linalg.norm(centre, axis=-1)
    shell = ((radius > 7) & (radius < 8.8)).astype(np.uint8)

    seen = seen_twice(shell, view_directions(200))

    assert not seen[radius < 8.8].any()
    assert seen[radius > 8.8].all()
