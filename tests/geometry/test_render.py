import numpy as np
import pytest
from scipy.spatial import ConvexHull

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.render import on_white, render
from tests.analytic import Box, Sphere, Torus

SIZE = 96
RED, BLUE = (200, 0, 0), (0, 0, 200)


def alpha(mesh, camera, size=SIZE, **options):
    return render(mesh, camera, size, **options)[..., 3]


def centre_of(mask):
    """Mean pixel x and y of a mask, pixel centres at halves."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


def coloured(*parts):
    """One mesh of (mesh, colour) pairs and its looks."""
    vertices = np.vstack([mesh.vertices for mesh, _ in parts])
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh, _ in parts[:-1]])
    faces = np.vstack([mesh.faces + start for (mesh, _), start in zip(parts, starts, strict=True)])
    materials = tuple(Material(colour) for _, colour in parts)
    counts = [len(mesh.faces) for mesh, _ in parts]
    looks = Appearance(materials, np.repeat(np.arange(len(parts)), counts).astype(np.int32))
    return make_mesh(vertices, faces), looks


# The silhouette.


def test_a_sphere_is_a_disc_of_the_right_radius_and_centre():
    sphere, distance, focal = Sphere(0.4), 2.0, 100.0
    camera = Camera.orbit(30, 20, distance, SIZE, focal)
    radius = focal * sphere.radius / np.sqrt(distance**2 - sphere.radius**2)

    coverage = alpha(sphere.mesh(5), camera, samples=4) / 255

    assert coverage.sum() == pytest.approx(np.pi * radius**2, rel=0.01)
    np.testing.assert_allclose(centre_of(coverage > 0.5), SIZE / 2, atol=0.1)
    axis = np.arange(SIZE) + 0.5 - SIZE / 2
    reach = np.hypot(axis[:, None], axis)
    assert (coverage[reach < radius - 1] == 1).all()
    assert (coverage[reach > radius + 1] == 0).all()


@pytest.mark.parametrize("shape", [Sphere(), Box(), Torus()])
@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (40, 30), (250, -20)])
def test_points_of_the_surface_fall_on_drawn_pixels(shape, azimuth, elevation):
    camera = Camera.orbit(azimuth, elevation, 1.6, SIZE)
    mesh = shape.mesh()
    x, y = np.floor(camera.project(mesh.vertices)[:, :2]).astype(int).T

    drawn = np.pad(alpha(mesh, camera) > 0, 1)

    near = [drawn[y + 1 + dy, x + 1 + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    assert np.any(near, axis=0).all()


@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (40, 30), (250, -20)])
def test_the_silhouette_of_a_box_is_the_hull_of_its_corners(azimuth, elevation):
    camera, mesh = Camera.orbit(azimuth, elevation, 1.6, SIZE), Box().mesh()
    hull = ConvexHull(camera.project(mesh.vertices)[:, :2])

    coverage = alpha(mesh, camera, samples=4) / 255

    assert coverage.sum() == pytest.approx(hull.volume, rel=0.005)  # its area, in the plane
    pixels = np.argwhere(coverage > 0)[:, ::-1] + 0.5
    outside = pixels @ hull.equations[:, :2].T + hull.equations[:, 2]
    assert outside.max() < 0.75  # half a pixel's diagonal


@pytest.mark.parametrize("shape", [Sphere(), Box(), Torus()])
def test_every_drawn_pixel_sees_the_surface(shape):
    camera = Camera.orbit(40, 30, 1.6, SIZE)
    rows, columns = np.nonzero(alpha(shape.mesh(), camera) == 255)
    ahead = np.column_stack([columns + 0.5, rows + 0.5, np.ones(len(rows))])
    turn, move = camera.world[:, :3].astype(float), camera.world[:, 3]
    rays = ahead @ np.linalg.inv(camera.camera.astype(float)).T @ turn
    steps = np.linspace(0.8, 2.4, 400)[:, None, None]
    deepest = shape.depth(-move @ turn + steps * rays).max(axis=0)
    assert deepest.min() > -0.01


def test_an_object_off_to_one_side_is_drawn_there():
    camera = Camera.orbit(15, 10, 2, SIZE)
    place = np.array([[0.25, 0.2, -0.1]])
    centre = centre_of(alpha(Sphere(0.1, tuple(place[0])).mesh(4), camera) > 127)
    np.testing.assert_allclose(centre, camera.project(place)[0, :2], atol=0.5)


def test_a_triangle_reaching_far_out_of_the_picture_fills_it():
    corners = np.array([[-500, -500, 0], [500, -500, 0], [0, 900, 0]], float)
    mesh = make_mesh(corners, np.array([[0, 1, 2]]))
    assert (alpha(mesh, Camera.orbit(0, 0, 1, SIZE)) == 255).all()


@pytest.mark.parametrize("place", [(9, 0, 0), (-9, 0, 0), (0, 9, 0), (0, -9, 0)])
def test_an_object_beside_the_picture_draws_nothing(place):
    assert not alpha(Sphere(0.2, place).mesh(2), Camera.orbit(0, 0, 2, SIZE)).any()


@pytest.mark.parametrize("samples", [1, 2, 3])
@pytest.mark.parametrize("size", [64, 97])
def test_no_cracks_show_inside_a_finely_tessellated_sphere(size, samples):
    camera = Camera.orbit(0, 0, 2, size)
    drawn = alpha(Sphere().mesh(6), camera, size=size, samples=samples)
    radius = camera.camera[0, 0] * 0.4 / np.sqrt(4 - 0.16)
    axis = np.arange(size) + 0.5 - size / 2
    assert (drawn[np.hypot(axis[:, None], axis) < radius - 1.5] == 255).all()


# Depth.


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("azimuth", "seen"), [(0, RED), (180, BLUE)])
def test_the_nearer_box_hides_the_farther(order, azimuth, seen):
    near, far = Box((0.2, 0.2, 0.2), (0, 0, 0.3)).mesh(), Box((0.2, 0.2, 0.2), (0, 0, -0.3)).mesh()
    mesh, looks = coloured(*[(near, RED), (far, BLUE)][::order])

    picture = render(mesh, Camera.orbit(azimuth, 0, 2, SIZE), SIZE, appearance=looks)

    hue = picture[SIZE // 2, SIZE // 2, :3] > 90
    assert hue.tolist() == [channel > 0 for channel in seen]


def test_triangles_that_cross_are_each_seen_where_they_are_nearer():
    leaning = np.array([[-0.4, -0.3, -0.4], [0.4, -0.3, 0.4], [0, 0.4, 0]])
    mesh = make_mesh(np.vstack([leaning, leaning * [1, 1, -1]]), np.arange(6).reshape(2, 3))
    looks = Appearance((Material(RED), Material(BLUE)), np.arange(2, dtype=np.int32))

    picture = render(mesh, Camera.orbit(0, 0, 2, SIZE), SIZE, appearance=looks, samples=1)

    drawn = picture[..., 3] > 0
    columns = np.nonzero(drawn)[1]
    red = (picture[..., 0] > picture[..., 2])[drawn]
    np.testing.assert_array_equal(red[columns < SIZE // 2 - 1], False)
    np.testing.assert_array_equal(red[columns > SIZE // 2], True)


def test_a_mesh_behind_the_camera_draws_nothing():
    assert not render(Sphere(0.3, (0, 0, 3)).mesh(2), Camera.orbit(0, 0, 2, SIZE), SIZE).any()


def test_a_floor_that_runs_under_the_camera_is_drawn_up_to_the_horizon():
    floor = np.array([[-99, -0.2, -99], [99, -0.2, -99], [99, -0.2, 99], [-99, -0.2, 99]])
    mesh = make_mesh(floor, np.array([[0, 1, 2], [0, 2, 3]]))
    camera = Camera.orbit(0, 0, 1, SIZE)

    picture = render(mesh, camera, SIZE)

    horizon = camera.project(np.array([[0, -0.2, -99]]))[0, 1]
    rows = np.arange(SIZE)
    assert (picture[rows > horizon + 1, :, 3] == 255).all()
    assert not picture[rows < horizon - 1, :, 3].any()


def test_inside_a_sphere_every_pixel_is_wall():
    camera = Camera.orbit(20, 10, 0.05, SIZE)
    assert (alpha(Sphere().mesh(3), camera) == 255).all()


# What comes in and out.


def test_the_background_is_clear_and_turns_white():
    picture = render(Sphere(0.1).mesh(2), Camera.orbit(0, 0, 2, SIZE), SIZE)
    assert picture.shape == (SIZE, SIZE, 4)
    assert picture.dtype == np.uint8
    assert picture[0, 0].tolist() == [0, 0, 0, 0]
    assert on_white(picture)[0, 0].tolist() == [255, 255, 255]


def test_on_white_blends_by_alpha():
    picture = np.uint8([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 200, 51]]])
    assert on_white(picture).tolist() == [[[10, 20, 30], [255, 255, 255], [204, 224, 244]]]


def test_a_mesh_without_faces_draws_nothing():
    nothing = make_mesh(np.zeros((0, 3)), np.zeros((0, 3), int))
    assert not render(nothing, Camera.orbit(0, 0, 2, SIZE), SIZE).any()


def test_looks_that_do_not_fit_the_faces_are_refused():
    with pytest.raises(InvalidGeometryError, match="12 faces"):
        render(Box().mesh(), Camera.orbit(0, 0, 2, SIZE), SIZE, Appearance.plain(11))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e40])
def test_vertices_that_are_not_finite_or_beyond_all_bounds_are_refused(bad):
    vertices = np.array(Box().mesh().vertices)
    vertices[2, 0] = bad
    with pytest.raises(InvalidGeometryError, match="cannot be drawn"):
        render(make_mesh(vertices, Box().mesh().faces), Camera.orbit(0, 0, 2, SIZE), SIZE)


def test_faces_without_area_change_nothing():
    box, camera = Box().mesh(), Camera.orbit(30, 20, 1.6, SIZE)
    slivers = np.array([[0, 0, 0], [0, 1, 1], [2, 3, 2]])

    picture = render(make_mesh(box.vertices, np.vstack([box.faces, slivers])), camera, SIZE)

    np.testing.assert_array_equal(picture, render(box, camera, SIZE))


def test_a_mesh_all_in_one_point_draws_nothing():
    point = make_mesh(np.full((3, 3), 0.1), np.array([[0, 1, 2]]))
    assert not render(point, Camera.orbit(0, 0, 2, SIZE), SIZE).any()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6, 1e12])
def test_a_scene_of_any_size_looks_the_same(scale):
    box = Box().mesh()
    box.apply_scale(scale)
    picture = render(box, Camera.orbit(30, 20, 1.6 * scale, SIZE), SIZE).astype(int)
    expected = render(Box().mesh(), Camera.orbit(30, 20, 1.6, SIZE), SIZE)
    # Cameras are float32: edges may move by that little.
    assert (np.abs(picture - expected) > 2).any(axis=2).mean() < 0.002


def test_on_white_a_blend_is_rounded():
    # 128/255 of the colour and 127/255 of white: 132.02, 137.04 and 252.49.
    picture = np.array([[[10, 20, 250, 128]]], np.uint8)

    assert on_white(picture)[0, 0].tolist() == [132, 137, 252]
