import numpy as np
import pytest

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.sampling import sample_cube, sample_near_surface, sample_surface
from tests.analytic import Box, Sphere


def rng(seed=0):
    return np.random.default_rng(seed)


def two_triangles():
    """A triangle of area 1 at z = 0 and one of area 9 at z = 1."""
    small = np.array([[0, 0, 0], [2, 0, 0], [0, 1, 0]], float)
    return make_mesh(np.vstack([small, small * 3 + [0, 0, 1]]), np.arange(6).reshape(2, 3))


def test_faces_are_drawn_in_proportion_to_their_area():
    points, _ = sample_surface(two_triangles(), 20_000, rng())
    # Five standard deviations of a binomial share.
    assert np.mean(points[:, 2] > 0.5) == pytest.approx(0.9, abs=5 * np.sqrt(0.09 / 20_000))


def test_points_are_spread_evenly_over_a_triangle():
    triangle = make_mesh(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]]), np.array([[0, 1, 2]]))

    points, _ = sample_surface(triangle, 20_000, rng())

    np.testing.assert_allclose(points.mean(axis=0), [1 / 3, 1 / 3, 0], atol=0.01)
    # The corner cut off at x + y = t has t^2 of the area.
    for t in (0.25, 0.5, 0.75):
        assert np.mean(points.sum(axis=1) < t) == pytest.approx(t**2, abs=0.02)


def test_points_lie_on_the_box_and_normals_are_those_of_its_sides():
    box = Box(size=(0.5, 0.75, 0.25), centre=(0.1, 0, -0.2))

    points, normals = sample_surface(box.mesh(), 2_000, rng())

    np.testing.assert_allclose(box.depth(points), 0, atol=1e-12)
    away = np.abs(points - box.centre) - np.array(box.size) / 2
    axis = away.argmax(axis=1)
    expected = np.zeros_like(points)
    rows = np.arange(len(points))
    expected[rows, axis] = np.sign((points - box.centre)[rows, axis])
    np.testing.assert_allclose(normals, expected, atol=1e-12)


def test_normals_of_a_sphere_are_unit_and_point_outwards():
    points, normals = sample_surface(Sphere().mesh(), 2_000, rng())

    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-12)
    radial = points / np.linalg.norm(points, axis=1, keepdims=True)
    assert (radial * normals).sum(axis=1).min() > 0.99


def test_in_the_order_of_the_faces_the_points_are_as_random():
    mesh = two_triangles()

    points, normals = sample_surface(mesh, 20_000, rng(), by_face=True)

    upper = points[:, 2] > 0.5
    assert np.mean(upper) == pytest.approx(0.9, abs=5 * np.sqrt(0.09 / 20_000))
    assert (np.diff(upper.astype(int)) >= 0).all()
    np.testing.assert_allclose(points[upper].mean(axis=0), [2, 1, 1], atol=0.05)
    np.testing.assert_allclose(normals, np.tile([0.0, 0, 1], (20_000, 1)))


def test_the_same_seed_gives_the_same_points():
    mesh = Sphere().mesh(2)
    for first, second in zip(
        sample_surface(mesh, 100, rng(3)), sample_surface(mesh, 100, rng(3)), strict=True
    ):
        np.testing.assert_array_equal(first, second)
    assert not np.array_equal(
        sample_surface(mesh, 100, rng(3))[0], sample_surface(mesh, 100, rng(4))[0]
    )


def test_faces_without_area_are_never_drawn():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5], [6, 6, 6], [7, 7, 7]], float)
    faces = np.array([[3, 3, 3], [3, 4, 4], [0, 1, 2], [3, 4, 4], [3, 3, 5]])

    points, normals = sample_surface(make_mesh(vertices, faces), 1_000, rng())

    assert points.max() <= 1
    np.testing.assert_array_equal(normals, np.tile([0.0, 0, 1], (1_000, 1)))


class LastDraw:
    """A generator whose every draw is the largest below one."""

    def random(self, count):
        return np.full(count, np.nextafter(1.0, 0.0))


def test_the_largest_draw_falls_on_the_last_face_with_area():
    areas = np.full(1_000, 0.1)
    triangle = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], float)
    corners = np.concatenate([triangle * np.sqrt(a) for a in areas] + [np.zeros((3, 3))])
    mesh = make_mesh(corners, np.arange(len(corners)).reshape(-1, 3))

    points, normals = sample_surface(mesh, 1, LastDraw())

    assert points.shape == (1, 3)
    np.testing.assert_allclose(normals, [[0, 0, 1]])


def test_no_points_can_be_asked_for():
    points, normals = sample_surface(Sphere().mesh(1), 0, rng())
    assert points.shape == normals.shape == (0, 3)


@pytest.mark.parametrize("faces", [np.zeros((0, 3), int), np.array([[0, 0, 1], [1, 1, 1]])])
def test_a_mesh_without_area_has_no_samples(faces):
    with pytest.raises(EmptySurfaceError):
        sample_surface(make_mesh(np.eye(3), faces), 10, rng())


def test_cube_samples_fill_the_cube_evenly():
    points = sample_cube(20_000, rng())

    assert points.dtype == np.float32
    assert np.abs(points).max() <= CUBE_EDGE / 2
    assert np.abs(points).max() > 0.49 * CUBE_EDGE
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(points.var(axis=0), CUBE_EDGE**2 / 12, rtol=0.03)


def test_cube_samples_take_the_edge_they_are_given():
    assert 0.99 < np.abs(sample_cube(1_000, rng(), edge=2.0)).max() <= 1


def test_points_near_a_sphere_are_as_far_from_it_as_the_two_deviations_say():
    points = sample_near_surface(Sphere().mesh(5), 20_000, rng(), edge=10.0)

    # Noise along the radius is Gaussian; along the surface it hardly changes the radius.
    distance = Sphere().depth(points)
    for start, deviation in ((0, 0.01), (1, 0.03)):
        assert distance[start::2].std() == pytest.approx(deviation, rel=0.04)
        assert abs(distance[start::2].mean()) < 0.003
    assert np.mean(distance > 0) == pytest.approx(0.5, abs=0.05)


def test_points_near_the_surface_never_leave_the_cube():
    points = sample_near_surface(Box(size=(1.0, 1.0, 1.0)).mesh(), 5_000, rng(), (0.03,))

    assert points.shape == (5_000, 3)
    assert np.abs(points).max() <= CUBE_EDGE / 2
    assert np.abs(points).max() > 0.54


def test_points_near_the_surface_repeat_with_the_seed_and_may_be_none():
    mesh = Sphere().mesh(2)
    first, second = (sample_near_surface(mesh, 100, rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert sample_near_surface(mesh, 0, rng()).shape == (0, 3)


def test_a_surface_outside_the_cube_has_no_points_near_it():
    with pytest.raises(InvalidGeometryError, match="outside the cube"):
        sample_near_surface(Sphere(centre=(5.0, 0, 0)).mesh(1), 10, rng())
