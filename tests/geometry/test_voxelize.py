import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.voxelize import voxelize_solid, voxelize_surface
from tests import reference
from tests.analytic import Box, Sphere, Torus, cell_centres


def soup(triangles):
    faces = np.arange(3 * len(triangles)).reshape(-1, 3)
    return trimesh.Trimesh(np.reshape(triangles, (-1, 3)), faces, process=False)


def rotated(mesh):
    mesh.apply_transform(trimesh.transformations.rotation_matrix(0.7, (1, 2, 3)))
    return mesh


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [0.7, 3.0, 20.0])
def test_random_triangles_mark_the_cells_that_the_slow_twin_marks(seed, size):
    rng = np.random.default_rng(seed)
    triangles = rng.uniform(-2, 12, (12, 1, 3)) + rng.normal(0, size, (12, 3, 3))

    grid = voxelize_surface(soup(triangles), 10, centre=(5, 5, 5), edge=10)

    np.testing.assert_array_equal(grid, reference.voxelize_surface(triangles, 10))


def test_a_triangle_between_two_layers_of_cells_marks_both():
    triangle = np.array([[[1.25, 2, 1.25], [1.75, 2, 1.25], [1.25, 2, 1.75]]])

    grid = voxelize_surface(soup(triangle), 4, centre=(2, 2, 2), edge=4)

    assert np.argwhere(grid).tolist() == [[1, 1, 1], [1, 2, 1]]
    np.testing.assert_array_equal(grid, reference.voxelize_surface(triangle, 4))


def test_a_point_of_a_triangle_always_lies_in_a_marked_cell():
    mesh = Torus().mesh()

    grid = voxelize_surface(mesh, 48)

    cells = np.floor((mesh.triangles_center + 0.5) * 48).astype(int)
    assert grid[tuple(cells.T)].all()


@pytest.mark.parametrize(
    ("mesh", "volume"),
    [
        (Sphere().mesh(5), Sphere().volume),
        (Torus().mesh(), Torus().volume),
        (Box().mesh(), Box().volume),
        (rotated(Box().mesh()), Box().volume),
    ],
    ids=["sphere", "torus", "box", "rotated box"],
)
def test_solid_volumes_are_within_two_percent_of_the_formula(mesh, volume):
    grid = voxelize_solid(mesh, 64)

    assert grid.sum() / 64**3 == pytest.approx(volume, rel=0.02)


def test_a_cell_is_solid_exactly_where_its_centre_is_inside():
    grid = voxelize_solid(Torus().mesh(192), 32)

    depth = Torus().depth(cell_centres(32))
    clear = np.abs(depth) > 2e-3  # the mesh is inscribed in the torus
    np.testing.assert_array_equal(grid[clear], depth[clear] > 0)


@pytest.mark.parametrize("seed", range(3))
def test_overlapping_random_parts_agree_with_winding_numbers_by_solid_angle(seed):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(0, 0.25, (4, 3)) for _ in range(4)]
    hulls = trimesh.util.concatenate([trimesh.Trimesh(part).convex_hull for part in parts])

    grid = voxelize_solid(hulls, 16)

    winding = reference.winding_number(hulls.triangles, cell_centres(16).reshape(-1, 3))
    np.testing.assert_array_equal(grid.ravel(), np.round(winding) != 0)


def test_parts_that_overlap_stay_solid():
    union = trimesh.util.concatenate([Box((0.5, 0.75, 0.25)).mesh(), Box((0.25, 0.25, 1)).mesh()])

    grid = voxelize_solid(union, 64)

    assert grid.mean() == 0.5 * 0.75 * 0.25 + 0.25 * 0.25 * 0.75


def test_edges_and_corners_that_lie_on_cell_centres_count_once():
    shift = 1 / 128  # half a cell: every face of the box then passes through cell centres

    grid = voxelize_solid(Box(centre=(shift,) * 3).mesh(subdivisions=2), 64)

    assert grid.mean() == Box().volume


def test_a_mesh_turned_inside_out_fills_the_same_cells():
    mesh = Sphere().mesh()
    expected = voxelize_solid(mesh, 32)

    mesh.invert()

    np.testing.assert_array_equal(voxelize_solid(mesh, 32), expected)


def test_centre_and_edge_choose_the_cube():
    mesh = Sphere(4.0, (10, 20, 30)).mesh()

    grid = voxelize_solid(mesh, 32, centre=(10, 20, 30), edge=10)

    np.testing.assert_array_equal(grid, voxelize_solid(Sphere(0.4).mesh(), 32))


def test_what_sticks_out_of_the_cube_is_cut_off():
    assert voxelize_solid(Box((5, 0.5, 5)).mesh(), 16).mean() == 0.5


def test_an_open_mesh_has_no_solid():
    mesh = Sphere().mesh()
    mesh.update_faces(mesh.triangles_center[:, 2] < 0.2)

    with pytest.raises(InvalidGeometryError, match="not closed"):
        voxelize_solid(mesh, 32)


@pytest.mark.parametrize("voxelize", [voxelize_surface, voxelize_solid])
def test_meshes_and_grids_that_make_no_sense_are_refused(voxelize):
    with pytest.raises(InvalidOptionError):
        voxelize(Box().mesh(), 0)
    with pytest.raises(InvalidOptionError):
        voxelize(Box().mesh(), 8, edge=-1)
    with pytest.raises(InvalidGeometryError, match="no faces"):
        voxelize(trimesh.Trimesh(), 8)
    with pytest.raises(InvalidGeometryError, match="not finite"):
        voxelize(soup([[[0, 0, np.nan], [1, 0, 0], [0, 1, 0]]]), 8)
