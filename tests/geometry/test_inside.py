import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.inside import contains, winding_numbers
from onet_cli.geometry.mesh import make_mesh
from tests import reference
from tests.analytic import Box, Sphere, Torus

POINTS = np.random.default_rng(0).uniform(-0.6, 0.6, (1_000, 3))


def joined(*meshes):
    return trimesh.util.concatenate(meshes)


def inverted(mesh):
    return make_mesh(mesh.vertices, mesh.faces[:, ::-1])


def overlapping_boxes():
    return joined(
        Box((0.6, 0.4, 0.4), (-0.1, 0, 0)).mesh(), Box((0.3, 0.7, 0.3), (0.1, 0, 0)).mesh()
    )


def hollow_sphere():
    return joined(Sphere(0.5).mesh(2), inverted(Sphere(0.3).mesh(2)))


def turned(mesh):
    mesh.apply_transform(trimesh.transformations.rotation_matrix(0.7, (1, 2, 3)))
    return mesh


TETRAHEDRON = np.array([[0, 0, 0], [2, 1, 0], [0, 2, 1], [1, 0, 2]])

MESHES = {
    "sphere": Sphere().mesh(2),
    "box": Box().mesh(),
    "turned box": turned(Box().mesh(1)),
    "torus": Torus().mesh(24),
    "turned torus": turned(Torus().mesh(24)),
    "overlapping boxes": overlapping_boxes(),
    "inverted sphere": inverted(Sphere().mesh(2)),
    "hollow sphere": hollow_sphere(),
    "nested spheres": joined(Sphere(0.5).mesh(2), Sphere(0.3).mesh(2)),
}


@pytest.mark.parametrize("name", MESHES)
def test_winding_numbers_are_the_solid_angles_of_the_slow_twin(name):
    mesh = MESHES[name]
    expected = reference.winding_number(np.asarray(mesh.triangles), POINTS)
    assert np.abs(expected - np.rint(expected)).max() < 1e-6

    np.testing.assert_array_equal(winding_numbers(mesh, POINTS), np.rint(expected))


@pytest.mark.parametrize("shape", [Sphere(), Box(), Torus()])
def test_points_away_from_the_surface_are_inside_as_the_formula_says(shape):
    clear = POINTS[np.abs(shape.depth(POINTS)) > 0.005]
    np.testing.assert_array_equal(contains(shape.mesh(), clear), shape.contains(clear))


def test_parts_that_overlap_stay_solid():
    mesh = overlapping_boxes()
    assert winding_numbers(mesh, np.array([[0.1, 0, 0]])) == 2
    assert contains(mesh, np.array([[0.1, 0, 0], [-0.3, 0, 0], [0.1, 0.3, 0]])).all()


def test_an_inverted_mesh_has_the_same_inside():
    mesh = Torus().mesh(24)
    np.testing.assert_array_equal(contains(inverted(mesh), POINTS), contains(mesh, POINTS))
    np.testing.assert_array_equal(
        winding_numbers(inverted(mesh), POINTS), -winding_numbers(mesh, POINTS)
    )


def test_a_cavity_is_outside():
    points = np.array([[0, 0, 0], [0.1, 0.1, 0], [0.4, 0, 0], [0, 0, -0.4], [0, 0, 0.55]])
    assert contains(hollow_sphere(), points).tolist() == [False, False, True, True, False]


def lattice_block():
    """The box [0, 4]^3 with a vertex at each whole point of its sides, and a hill on top."""
    mesh = Box((4, 4, 4), (2, 2, 2)).mesh(2)
    vertices = np.array(mesh.vertices)
    vertices[np.all(vertices == [2, 2, 4], axis=1), 2] = 7
    return make_mesh(vertices, mesh.faces)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
@pytest.mark.parametrize("mirror", [1, -1])
def test_rays_through_vertices_and_along_edges_count_each_wall_once(order, mirror):
    mesh = lattice_block()
    vertices = mirror * np.array(mesh.vertices)[:, order]
    axis = np.array([-1, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 5])
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    # Beside the top the formula for the hill would need its facets.
    points = points[(points[:, 2] < 4) | np.all(points[:, :2] == 2, axis=1)]
    inside = np.all((points > 0) & (points < [4, 4, 7]), axis=1)

    found = contains(make_mesh(vertices, mesh.faces), mirror * points[:, order])

    np.testing.assert_array_equal(found, inside)


@pytest.mark.parametrize("seed", range(3))
def test_rays_through_the_corners_of_a_whole_numbered_solid_agree_with_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    corners = rng.integers(-4, 5, (40, 3)).astype(float)
    mesh = joined(
        *(
            trimesh.convex.convex_hull(part)
            for part in (corners, *corners[:24:3, None] + TETRAHEDRON)
        )
    )
    axis = np.arange(-5, 6)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    # Off the surface in z alone: every ray still meets corners and edges.
    points = grid + np.array([0, 0, 0.37])
    around = [
        np.rint(reference.winding_number(np.asarray(mesh.triangles), points + 1e-3 * offset))
        for offset in TETRAHEDRON - 0.4
    ]
    clear = np.ptp(around, axis=0) == 0

    assert clear.mean() > 0.9
    assert np.max(around) > 1
    np.testing.assert_array_equal(winding_numbers(mesh, points)[clear], around[0][clear])


def test_vertices_shared_by_thousands_of_slivers_are_counted_once():
    sphere = trimesh.creation.uv_sphere(radius=0.4, count=[64, 200])
    above, within = np.array([[0, 0, 0.41]]), np.array([[0, 0, 0.39], [0, 0, -0.39]])
    assert not contains(sphere, above).any()
    assert not contains(sphere, -above).any()
    assert contains(sphere, within).all()


def test_points_far_away_are_outside():
    far = np.array([[1e9, 0, 0], [0, -1e9, 0], [0, 0, -1e9], [0, 0, 1e300]])
    assert not contains(Sphere().mesh(2), far).any()


@pytest.mark.parametrize("offset", [0.0, 1_000.0])
@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_the_answer_does_not_depend_on_where_and_how_large_the_mesh_is(scale, offset):
    mesh = Torus().mesh(24)
    moved = make_mesh(np.asarray(mesh.vertices) * scale + offset, mesh.faces)
    np.testing.assert_array_equal(contains(moved, POINTS * scale + offset), contains(mesh, POINTS))


def test_no_points_give_no_answers():
    found = contains(Sphere().mesh(1), np.zeros((0, 3)))
    assert found.shape == (0,)
    assert found.dtype == bool


def test_a_mesh_without_faces_contains_nothing():
    assert not contains(make_mesh(np.zeros((0, 3)), np.zeros((0, 3), int)), POINTS).any()


def test_a_flat_mesh_contains_nothing():
    sheet = make_mesh(np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1]]), np.array([[0, 1, 2], [2, 1, 0]]))
    assert not contains(sheet, np.vstack([POINTS, [[0, 0.2, 0.2]]])).any()


def test_float32_points_and_strided_arrays_are_read_as_they_look():
    wide = np.zeros((1_000, 6), np.float32)
    wide[:, ::2] = POINTS
    mesh = Sphere().mesh(2)
    np.testing.assert_array_equal(
        contains(mesh, wide[:, ::2]), contains(mesh, POINTS.astype(np.float32).astype(float))
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_coordinates_that_are_not_finite_are_refused(bad):
    points = POINTS.copy()
    points[5, 1] = bad
    vertices = np.array(Sphere().mesh(1).vertices)
    vertices[3, 2] = bad
    with pytest.raises(InvalidGeometryError, match="finite"):
        contains(Sphere().mesh(1), points)
    with pytest.raises(InvalidGeometryError, match="finite"):
        contains(make_mesh(vertices, Sphere().mesh(1).faces), POINTS)


def test_points_that_are_not_triples_are_refused():
    with pytest.raises(InvalidGeometryError, match=r"\(N, 3\)"):
        contains(Sphere().mesh(1), np.zeros((4, 2)))
