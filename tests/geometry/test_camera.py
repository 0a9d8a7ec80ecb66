import numpy as np
import pytest

from onet_cli.geometry.camera import Camera, fit_distance, outline

SIZE = 96


@pytest.mark.parametrize(
    ("azimuth", "elevation", "place"),
    [(0, 0, (0, 0, 2)), (90, 0, (2, 0, 0)), (180, 0, (0, 0, -2)), (0, 90, (0, 2, 0))],
)
def test_azimuth_and_elevation_say_where_the_camera_stands(azimuth, elevation, place):
    camera = Camera.orbit(azimuth, elevation, 2, SIZE)
    np.testing.assert_allclose(camera.to_frame(np.array([place])), 0, atol=1e-6)


@pytest.mark.parametrize(("azimuth", "right"), [(0, (1, 0, 0)), (90, (0, 0, -1))])
def test_y_is_up_and_the_picture_is_not_mirrored(azimuth, right):
    camera = Camera.orbit(azimuth, 0, 2, SIZE)
    origin, up, right = camera.project(0.1 * np.array([(0, 0, 0), (0, 1, 0), right]))
    np.testing.assert_allclose(origin, [SIZE / 2, SIZE / 2, 2], atol=1e-5)
    assert up[1] < origin[1]
    assert up[0] == pytest.approx(origin[0], abs=1e-4)
    assert right[0] > origin[0]
    assert right[1] == pytest.approx(origin[1], abs=1e-4)


@pytest.mark.parametrize("azimuth", [0, 37, 200])
@pytest.mark.parametrize("elevation", [-60, 0, 25, 90])
def test_an_orbit_is_a_rigid_motion_that_looks_at_the_origin(azimuth, elevation):
    world = Camera.orbit(azimuth, elevation, 1.5, SIZE).world.astype(float)
    np.testing.assert_allclose(world[:, :3] @ world[:, :3].T, np.eye(3), atol=1e-6)
    assert np.linalg.det(world[:, :3]) == pytest.approx(1)
    np.testing.assert_allclose(world[:, 3], [0, 0, 1.5], atol=1e-6)


def test_the_matrices_say_how_points_become_pixels():
    camera = Camera.orbit(33, 21, 1.7, SIZE)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (50, 3))

    homogeneous = np.column_stack([points, np.ones(50)])
    pixels = (camera.camera.astype(float) @ camera.world.astype(float) @ homogeneous.T).T

    expected = np.column_stack([pixels[:, :2] / pixels[:, 2:], pixels[:, 2]])
    np.testing.assert_allclose(camera.project(points), expected, atol=1e-9)
    assert camera.world.dtype == camera.camera.dtype == np.float32
    assert camera.world.shape == (3, 4)


def test_the_default_field_of_view_is_that_of_choy_at_any_size():
    np.testing.assert_allclose(
        Camera.orbit(0, 0, 1, 137).camera,
        [[149.84375, 0, 68.5], [0, 149.84375, 68.5], [0, 0, 1]],
    )
    assert Camera.orbit(0, 0, 1, 274).camera[0, 0] == pytest.approx(2 * 149.84375)
    assert Camera.orbit(0, 0, 1, 274, focal=99).camera[0, 0] == 99


@pytest.mark.parametrize("seed", range(5))
def test_a_fitted_distance_fills_the_picture_as_asked(seed):
    rng = np.random.default_rng(seed)
    points = rng.uniform(-0.5, 0.5, (100, 3))
    fill, focal = rng.uniform(0.5, 0.9), rng.uniform(1, 2)

    distance = fit_distance(points, fill, focal)

    seen = focal * points[:, :2] / (points[:, 2:] + distance)
    shares = np.ptp(seen, axis=0).max() / fill, 2 * np.abs(seen).max() / 0.97
    assert max(shares) == pytest.approx(1, rel=0.01)


def test_the_fitted_camera_stays_before_all_points():
    points = np.array([[0.0, 0, -3], [0.001, 0, 3]])
    assert fit_distance(points, 0.9, 1.0) > 3
    assert fit_distance(np.array([[0, 0, -3], [0.001, 0, 0.5]]), 0.9, 1.0) > 3


@pytest.mark.parametrize(
    ("axes", "tolerance"), [((1, 1, 1), 0.01), ((1, 0.6, 0.3), 0.02), ((1, 1, 0.1), 0.02)]
)
def test_an_outline_has_the_extents_of_all_points_but_few_of_them(axes, tolerance):
    rng = np.random.default_rng(0)
    ball = rng.normal(size=(20_000, 3))
    ball *= np.array(axes) / np.linalg.norm(ball, axis=1, keepdims=True)
    directions = rng.normal(size=(500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)

    few = outline(ball)

    assert 100 < len(few) <= 300
    assert {tuple(point) for point in few} <= {tuple(point) for point in ball}
    wide, narrow = (np.ptp(points @ directions.T, axis=0) for points in (ball, few))
    assert (wide - narrow).max() <= tolerance * wide.max()


def test_a_few_points_are_their_own_outline():
    points = np.random.default_rng(0).random((300, 3))
    assert np.array_equal(outline(points), points)
