import contextlib
import tracemalloc

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry import voxelize
from onet_cli.geometry.inside import contains
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


@pytest.mark.parametrize("convert", [voxelize_surface, voxelize_solid])
def test_meshes_and_grids_that_make_no_sense_are_refused(convert):
    with pytest.raises(InvalidOptionError):
        convert(Box().mesh(), 0)
    with pytest.raises(InvalidOptionError):
        convert(Box().mesh(), 8, edge=-1)
    with pytest.raises(InvalidGeometryError, match="no faces"):
        convert(trimesh.Trimesh(), 8)
    with pytest.raises(InvalidGeometryError, match="not finite"):
        convert(soup([[[0, 0, np.nan], [1, 0, 0], [0, 1, 0]]]), 8)
    with pytest.raises(InvalidGeometryError, match="cells away"):
        convert(soup([[[0, 0, 1e9], [1, 0, 0], [0, 1, 0]]]), 8)


SEEDS = st.integers(0, 2**32 - 1)


def seldom(examples):
    return settings(max_examples=examples)


@pytest.mark.parametrize("resolution", [20, 40, 128])
def test_walls_between_cells_mark_both_sides_whatever_their_size(resolution):
    # The edges are no multiples of a power of two; rounding must not hide that the walls touch.
    grid = voxelize_surface(Box((0.9, 0.7, 0.5)).mesh(), resolution)

    low, high = resolution // 4, 3 * resolution // 4
    middle = resolution // 2
    assert np.flatnonzero(grid[middle, middle]).tolist() == [low - 1, low, high - 1, high]
    assert grid[middle, :, low].sum() == grid[middle, :, low - 1].sum() > 0.69 * resolution


@seldom(15)
@given(seed=SEEDS, resolution=st.integers(1, 14), size=st.sampled_from([0.05, 0.6, 5.0]))
def test_any_triangles_mark_what_the_slow_twin_marks(seed, resolution, size):
    rng = np.random.default_rng(seed)
    triangles = rng.uniform(-1, resolution + 1, (6, 1, 3)) + rng.normal(0, size, (6, 3, 3))
    triangles[0, 1] = triangles[0, 0]  # a segment
    triangles[1, :] = triangles[1, 0]  # a point
    cube = {"centre": (resolution / 2,) * 3, "edge": resolution}

    grid = voxelize_surface(soup(triangles), resolution, **cube)

    np.testing.assert_array_equal(grid, reference.voxelize_surface(triangles, resolution))
    np.testing.assert_array_equal(
        voxelize_surface(soup(triangles), resolution, threads=3, **cube), grid
    )


@seldom(10)
@given(seed=SEEDS, resolution=st.integers(1, 20))
def test_solids_hold_the_centres_that_lie_inside_and_threads_agree(seed, resolution):
    rng = np.random.default_rng(seed)
    hulls = trimesh.util.concatenate(
        [trimesh.convex.convex_hull(rng.normal(0, 0.3, (8, 3))) for _ in range(3)]
    )

    grid = voxelize_solid(hulls, resolution, threads=1)

    inside = contains(hulls, cell_centres(resolution).reshape(-1, 3))
    np.testing.assert_array_equal(grid.ravel(), inside)
    np.testing.assert_array_equal(voxelize_solid(hulls, resolution, threads=3), grid)


@seldom(10)
@given(seed=SEEDS)
def test_boxes_that_tile_the_cube_claim_each_cell_exactly_once(seed):
    rng = np.random.default_rng(seed)
    # Halves of cells, so that many walls run through centres.
    cuts = np.sort(rng.integers(0, 33, (3, 2)), axis=1) / 32 - 0.5
    cuts = np.column_stack([np.full(3, -0.5), cuts, np.full(3, 0.5)])
    claims = np.zeros((16,) * 3, dtype=int)

    for n in np.ndindex(3, 3, 3):
        lower, upper = cuts[range(3), n], cuts[range(3), np.add(n, 1)]
        if np.all(lower < upper):
            claims += voxelize_solid(
                Box(tuple(upper - lower), tuple((lower + upper) / 2)).mesh(), 16
            )

    assert np.all(claims == 1)


def test_slabs_change_nothing(monkeypatch):
    mesh = rotated(Torus().mesh(24))
    expected = voxelize_solid(mesh, 32)

    monkeypatch.setattr(voxelize, "_SLAB", 3 * 32 * 33)

    np.testing.assert_array_equal(voxelize_solid(mesh, 32, threads=2), expected)


def test_a_mesh_far_larger_than_the_cube_fills_it():
    huge = rotated(Sphere(1e4).mesh())

    assert voxelize_solid(huge, 32).all()
    assert not voxelize_surface(huge, 32).any()


def test_memory_is_little_more_than_the_grid():
    mesh = Sphere().mesh(3)
    tracemalloc.start()
    try:
        voxelize_solid(mesh, 256, threads=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 256**3 + 24e6


def test_a_vote_fills_a_mesh_with_holes():
    mesh = Sphere().mesh(4)
    kept = np.random.default_rng(0).random(len(mesh.faces)) > 0.05
    punched = trimesh.Trimesh(mesh.vertices, mesh.faces[kept], process=False)

    grid = voxelize_solid(punched, 32, robust=True)

    assert (grid != voxelize_solid(mesh, 32)).mean() < 1e-3


@seldom(20)
@given(seed=SEEDS, scale=st.sampled_from([1e-30, 1.0, 1e5]))
def test_soup_is_filled_or_refused_but_never_crashes(seed, scale):
    rng = np.random.default_rng(seed)
    mesh = trimesh.Trimesh(
        rng.integers(-3, 4, (12, 3)) * 0.2 * scale, rng.integers(0, 12, (30, 3)), process=False
    )

    assert voxelize_surface(mesh, 9, threads=2).shape == (9, 9, 9)
    assert voxelize_solid(mesh, 9, robust=True).shape == (9, 9, 9)
    with contextlib.suppress(InvalidGeometryError):
        voxelize_solid(mesh, 9)
