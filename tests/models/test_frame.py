import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from onet_cli.geometry.camera import Camera
from onet_cli.models.frame import PictureCamera, from_cube, look, tilt, to_cube
from onet_cli.shapes.camera import describe_cameras

angles = st.floats(-180, 180)
elevations = st.floats(-30, 80)
distances = st.floats(1.2, 6.0)


def camera_at(azimuth, elevation, distance, across=0.0, down=0.0):
    """A camera of double precision; `across` and `down` move the cube's centre off its axis."""
    eye = Camera.orbit(azimuth, elevation, distance, 128)
    world = eye.world.astype(np.float64)
    world[:2, 3] += [across, down]
    rows = torch.from_numpy(describe_cameras(world[None], eye.camera[None])).double()
    return PictureCamera.from_rows(rows), Camera(world, eye.camera.astype(np.float64))


def some_points(count=40):
    return torch.from_numpy(np.random.default_rng(0).uniform(-0.5, 0.5, (1, count, 3)))


@given(angles, elevations, distances, st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_projection_is_that_of_the_stored_matrices(azimuth, elevation, distance, across, down):
    camera, eye = camera_at(azimuth, elevation, distance, across, down)
    points = some_points()

    seen = camera.project(points)[0].numpy()

    expected = eye.project(points[0].numpy())[:, :2] / 64 - 1
    np.testing.assert_allclose(seen, expected, atol=2e-5)


@given(angles, elevations, distances, st.floats(-0.4, 0.4))
def test_the_way_back_from_the_picture_is_exact(azimuth, elevation, distance, error):
    camera, _ = camera_at(azimuth, elevation, distance, 0.1, -0.05)
    points, taken = some_points(), camera.elevation + error

    back = camera.from_picture(camera.to_picture(points, taken), taken)

    torch.testing.assert_close(back, points, rtol=0, atol=1e-12)


@given(angles, elevations, distances, st.floats(-0.3, 0.3))
def test_a_wrong_elevation_leaves_points_where_they_are_seen(azimuth, elevation, distance, error):
    camera, _ = camera_at(azimuth, elevation, distance)
    points, taken = some_points(), camera.elevation + error

    seen, _ = look(to_cube(camera.to_picture(points, taken)), taken, camera.kappa)

    torch.testing.assert_close(seen, camera.project(points), rtol=0, atol=1e-6)


def test_columns_in_the_frame_are_columns_of_the_picture_without_perspective():
    camera, _ = camera_at(70.0, 0.0, 1000.0)
    points = some_points()

    places, seen = camera.to_picture(points), camera.project(points)

    # At elevation 0 rows are heights, upside down; the centre is seen within a thousandth.
    scale = camera.focal.item()
    torch.testing.assert_close(places[..., 0] / scale, seen[..., 0] / scale, rtol=0, atol=1e-3)
    torch.testing.assert_close(-places[..., 1] / scale, seen[..., 1] / scale, rtol=0, atol=1e-3)


@given(angles, elevations, st.floats(0.8, 1.3), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_a_moved_picture_shows_points_where_its_camera_says(azimuth, elevation, scale, right, down):
    camera, _ = camera_at(azimuth, elevation, 2.0)
    points, shift = some_points(), torch.tensor([[right, down]]).double()

    moved = camera.moved(torch.tensor([scale]).double(), shift)

    expected = (camera.project(points) - shift[:, None]) / scale
    torch.testing.assert_close(moved.project(points), expected)


def test_a_mirrored_picture_shows_the_mirrored_shape():
    camera, _ = camera_at(25.0, 30.0, 2.0, 0.1)
    points = some_points()

    flipped = camera.mirrored(torch.tensor([True])).project(points * torch.tensor([-1.0, 1, 1]))

    expected = camera.project(points) * torch.tensor([-1.0, 1])
    torch.testing.assert_close(flipped, expected)


def test_tilting_is_its_own_inverse():
    places, elevation = some_points(), torch.tensor([0.7]).double()

    torch.testing.assert_close(tilt(tilt(places, elevation), elevation), places)


@pytest.mark.parametrize("place", [0.0, 0.3, -0.9, 1.4, -2.8])
def test_any_depth_has_a_place_in_the_cube(place):
    places = torch.tensor([[0.5, place, -place]]).double()

    inside = to_cube(places)

    assert inside.abs().max() < 0.55
    torch.testing.assert_close(from_cube(inside), places)
