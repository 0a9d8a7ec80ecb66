import numpy as np
import pytest

from onet_cli._ext import rasterize
from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.render import KEY_DIRECTION, Camera, on_white, render
from tests import reference
from tests.analytic import Box, Sphere, Torus

SIZE = 96
RED, BLUE = (200, 0, 0), (0, 0, 200)


def alpha(mesh, camera, size=SIZE, **options):
    return render(mesh, camera, size, **options)[..., 3]


def centre_of(mask):
    """Mean pixel x and y of a mask, pixel centres at halves."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


def inverted(mesh):
    return make_mesh(mesh.vertices, mesh.faces[:, ::-1])


def coloured(*parts):
    """One mesh of (mesh, colour) pairs and the colours of its faces."""
    vertices = np.vstack([mesh.vertices for mesh, _ in parts])
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh, _ in parts[:-1]])
    faces = np.vstack([mesh.faces + start for (mesh, _), start in zip(parts, starts, strict=True)])
    colours = np.vstack([np.tile(np.uint8(c), (len(mesh.faces), 1)) for mesh, c in parts])
    return make_mesh(vertices, faces), colours


# The camera.


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


@pytest.mark.parametrize("seed", range(8))
def test_no_sample_on_an_edge_misses_both_its_faces(seed):
    rng = np.random.default_rng(seed)
    missed = 0
    for dx, dy in [(1, 1), (1, -1), (1, 2), (3, 1)] * 20:
        first = np.array([2.5, 24.5]) - rng.uniform(0, 1.5) * np.array([dx, dy])
        last = first + 14 * np.array([dx, dy])
        aside = np.array([-dy, dx]) * rng.uniform(1, 5)
        corners = np.array([first, last, (first + last) / 2 + aside, (first + last) / 2 - aside])
        corners = np.column_stack([corners, rng.uniform(0.3, 2, 4)])
        drawn = np.full((48, 48), -1, np.int32)
        buffers = np.zeros((48, 48)), drawn, np.zeros((48, 48, 3), np.float32)
        rasterize.draw_triangles(corners, np.array([[0, 1, 2], [1, 0, 3]], np.int32), *buffers)
        steps = np.arange(1, 12)
        x, y = 2 + steps * dx, 24 + steps * dy
        seen = (x < 48) & (y < 48) & (y >= 0)
        missed += np.count_nonzero(drawn[y[seen], x[seen]] < 0)
    assert missed == 0


# Depth.


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("azimuth", "seen"), [(0, RED), (180, BLUE)])
def test_the_nearer_box_hides_the_farther(order, azimuth, seen):
    near, far = Box((0.2, 0.2, 0.2), (0, 0, 0.3)).mesh(), Box((0.2, 0.2, 0.2), (0, 0, -0.3)).mesh()
    mesh, colours = coloured(*[(near, RED), (far, BLUE)][::order])

    picture = render(mesh, Camera.orbit(azimuth, 0, 2, SIZE), SIZE, face_colours=colours)

    hue = picture[SIZE // 2, SIZE // 2, :3] > 0
    assert hue.tolist() == [channel > 0 for channel in seen]


def test_triangles_that_cross_are_each_seen_where_they_are_nearer():
    leaning = np.array([[-0.4, -0.3, -0.4], [0.4, -0.3, 0.4], [0, 0.4, 0]])
    mesh = make_mesh(np.vstack([leaning, leaning * [1, 1, -1]]), np.arange(6).reshape(2, 3))
    colours = np.uint8([RED, BLUE])

    picture = render(mesh, Camera.orbit(0, 0, 2, SIZE), SIZE, face_colours=colours, samples=1)

    drawn = picture[..., 3] > 0
    columns = np.nonzero(drawn)[1]
    red, blue = picture[..., 0][drawn] > 0, picture[..., 2][drawn] > 0
    np.testing.assert_array_equal(blue[columns < SIZE // 2 - 1], True)
    np.testing.assert_array_equal(red[columns > SIZE // 2], True)


@pytest.mark.parametrize("seed", range(4))
def test_the_buffers_are_those_of_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    corners = np.column_stack([rng.uniform(-8, 32, (30, 2)), rng.uniform(0.2, 2, 30)])
    faces = np.arange(30, dtype=np.int32).reshape(10, 3)
    nearness, drawn = np.zeros((20, 24)), np.full((20, 24), -1, np.int32)
    weights = np.zeros((20, 24, 3), np.float32)

    rasterize.draw_triangles(corners, faces, nearness, drawn, weights)

    expected = reference.rasterize(corners, faces, (20, 24))
    np.testing.assert_allclose(nearness, expected[0], atol=1e-9)
    np.testing.assert_array_equal(drawn, expected[1])
    np.testing.assert_allclose(weights, expected[2], atol=1e-6)


def test_a_mesh_behind_the_camera_draws_nothing():
    assert not render(Sphere(0.3, (0, 0, 3)).mesh(2), Camera.orbit(0, 0, 2, SIZE), SIZE).any()


def test_a_floor_that_runs_under_the_camera_is_drawn_up_to_the_horizon():
    floor = np.array([[-99, -0.2, -99], [99, -0.2, -99], [99, -0.2, 99], [-99, -0.2, 99]])
    mesh = make_mesh(floor, np.array([[0, 1, 2], [0, 2, 3]]))
    camera = Camera.orbit(0, 0, 1, SIZE)

    picture = render(mesh, camera, SIZE, smooth=False)

    horizon = camera.project(np.array([[0, -0.2, -99]]))[0, 1]
    rows = np.arange(SIZE)
    assert (picture[rows > horizon + 1, :, 3] == 255).all()
    assert not picture[rows < horizon - 1, :, 3].any()
    assert len(np.unique(picture[rows > horizon + 1].reshape(-1, 4), axis=0)) == 1


@pytest.mark.parametrize("smooth", [False, True])
def test_inside_a_sphere_every_pixel_is_wall(smooth):
    camera = Camera.orbit(20, 10, 0.05, SIZE)
    assert (alpha(Sphere().mesh(3), camera, smooth=smooth) == 255).all()


# Light and colour.


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("shape", [Sphere(), Box(), Torus()])
def test_a_mesh_wound_inside_out_looks_the_same(shape, smooth):
    camera = Camera.orbit(30, 25, 1.6, SIZE)
    pictures = [
        render(m, camera, SIZE, smooth=smooth) for m in (shape.mesh(), inverted(shape.mesh()))
    ]
    difference = np.abs(pictures[0].astype(int) - pictures[1])
    # A sample on an edge may go to either face.
    assert np.mean(difference.max(axis=2) > 2) < 0.005


def test_light_comes_from_the_upper_left_of_the_picture():
    picture = on_white(render(Sphere().mesh(5), Camera.orbit(70, 30, 2, SIZE), SIZE)).astype(int)
    upper, lower = picture[SIZE // 2 - 14, SIZE // 2], picture[SIZE // 2 + 14, SIZE // 2]
    left, right = picture[SIZE // 2, SIZE // 2 - 14], picture[SIZE // 2, SIZE // 2 + 14]
    assert upper.sum() > lower.sum()
    assert left.sum() > right.sum()


def test_light_turns_with_the_camera():
    pictures = [render(Sphere().mesh(5), Camera.orbit(a, 0, 2, SIZE), SIZE) for a in (0, 180)]
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() < 1


def test_smooth_shading_has_no_facets():
    """Along a row through a coarse sphere the brightness has no jumps."""
    camera, mesh = Camera.orbit(0, 0, 2, SIZE), Sphere().mesh(2)
    flat, smooth = (
        render(mesh, camera, SIZE, smooth=smooth)[SIZE // 2, SIZE // 2 - 20 : SIZE // 2 + 20, 0]
        for smooth in (False, True)
    )
    jump = [np.abs(np.diff(row.astype(int))).max() for row in (flat, smooth)]
    assert jump[1] < jump[0] / 2


def test_normals_straight_away_from_a_light_are_shaded_too():
    """Rounding must not take the cosine below -1, where the shading has no value."""
    triangle = make_mesh(np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]]), np.array([[0, 1, 2]]))
    # The camera's frame has y and z the other way round at azimuth 0.
    triangle.vertex_normals = np.tile(-KEY_DIRECTION * [1, -1, -1], (3, 1))
    with np.errstate(invalid="raise"):
        render(triangle, Camera.orbit(0, 0, 2, SIZE), SIZE, smooth=True)


def test_straight_alpha_keeps_the_colour_on_the_rim():
    camera = Camera.orbit(0, 0, 2, SIZE)
    mesh = Box((0.33, 0.33, 0.01)).mesh()
    picture = render(mesh, camera, SIZE, np.tile(np.uint8([100, 150, 50]), (12, 1)), samples=4)
    rim = picture[(picture[..., 3] > 30) & (picture[..., 3] < 230)][:, :3].astype(float)
    middle = picture[SIZE // 2, SIZE // 2, :3].astype(float)
    assert len(rim) > 20
    np.testing.assert_allclose(rim, np.tile(middle, (len(rim), 1)), atol=8)


def test_the_background_is_clear_and_turns_white():
    picture = render(Sphere(0.1).mesh(2), Camera.orbit(0, 0, 2, SIZE), SIZE)
    assert picture.shape == (SIZE, SIZE, 4)
    assert picture.dtype == np.uint8
    assert picture[0, 0].tolist() == [0, 0, 0, 0]
    assert on_white(picture)[0, 0].tolist() == [255, 255, 255]


def test_on_white_blends_by_alpha():
    picture = np.uint8([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 200, 51]]])
    assert on_white(picture).tolist() == [[[10, 20, 30], [255, 255, 255], [204, 224, 244]]]


@pytest.mark.parametrize("smooth", [False, True])
def test_a_mesh_without_faces_draws_nothing(smooth):
    nothing = make_mesh(np.zeros((0, 3)), np.zeros((0, 3), int))
    assert not render(nothing, Camera.orbit(0, 0, 2, SIZE), SIZE, smooth=smooth).any()


def test_colours_that_do_not_fit_the_faces_are_refused():
    with pytest.raises(InvalidGeometryError, match="12 faces"):
        render(Box().mesh(), Camera.orbit(0, 0, 2, SIZE), SIZE, np.zeros((11, 3), np.uint8))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_vertices_that_are_not_finite_are_refused(bad):
    vertices = np.array(Box().mesh().vertices)
    vertices[2, 0] = bad
    with pytest.raises(InvalidGeometryError, match="finite"):
        render(make_mesh(vertices, Box().mesh().faces), Camera.orbit(0, 0, 2, SIZE), SIZE)
