import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError
from onet_cli.geometry.isosurface import extract_surface, grid_surface
from onet_cli.geometry.marching_tables import tables
from onet_cli.geometry.mise import evaluate_grid
from tests import reference
from tests.analytic import Sphere, Torus, grid_points, is_closed_manifold

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "mise.json").read_text())


def assert_clean(mesh):
    assert is_closed_manifold(mesh)
    assert mesh.volume > 0
    assert mesh.area_faces.min() > 0
    assert len(np.unique(mesh.vertices, axis=0)) == len(mesh.vertices)
    assert len(np.unique(np.sort(mesh.faces, axis=1), axis=0)) == len(mesh.faces)


def test_a_sphere_comes_back_in_place_and_oriented_outward():
    sphere = Sphere(0.3, (0.1, -0.05, 0.15))

    mesh = extract_surface(sphere.depth(grid_points(64, 1.1)), level=0.0)

    assert_clean(mesh)
    assert mesh.volume == pytest.approx(sphere.volume, rel=2e-3)
    assert np.abs(sphere.depth(mesh.vertices)).max() < 1e-3
    outward = mesh.triangles_center - sphere.centre
    assert ((outward * mesh.face_normals).sum(axis=1) > 0).all()


def test_a_torus_has_the_counts_of_the_original_implementation_and_a_truer_volume():
    recorded = RECORDED["torus"]
    values = 40 * Torus(0.3, 0.1).depth(grid_points(128, 1.1)[..., [0, 2, 1]])
    truth = Torus(0.3, 0.1 - recorded["threshold_logit"] / 40)

    mesh = extract_surface(values, recorded["threshold_logit"])

    assert len(mesh.vertices) == recorded["mesh"]["n_vertices"]
    assert len(mesh.faces) == recorded["mesh"]["n_faces"]
    np.testing.assert_allclose(mesh.bounds, recorded["mesh"]["bounds"], atol=1e-6)
    # The same vertices, other diagonals.
    assert mesh.area == pytest.approx(recorded["mesh"]["area"], rel=1e-5)
    assert mesh.volume == pytest.approx(recorded["mesh"]["volume"], rel=1e-4)
    assert abs(mesh.volume - truth.volume) < abs(recorded["mesh"]["volume"] - truth.volume)


def test_a_shape_that_reaches_the_cube_is_closed_at_its_face():
    mesh = extract_surface(Sphere(0.2, (0.5, 0, 0)).depth(grid_points(32, 1.1)), level=0.0)

    assert_clean(mesh)
    assert mesh.bounds[1, 0] == pytest.approx(0.55, abs=1e-4)


def test_a_full_grid_gives_the_cube_itself():
    mesh = extract_surface(np.ones((5, 5, 5)), level=0.0, edge=2.0)

    assert_clean(mesh)
    assert mesh.volume == pytest.approx(8, rel=2e-3)


@settings(max_examples=80)
@given(seed=st.integers(0, 2**32 - 1), side=st.integers(2, 8), kind=st.integers(0, 4))
def test_any_field_gives_a_closed_surface_without_degenerate_faces(seed, side, kind):
    rng = np.random.default_rng(seed)
    values = [
        lambda: rng.standard_normal((side,) * 3),
        lambda: rng.integers(-2, 3, (side,) * 3),  # full of ties with the level
        lambda: rng.choice([-1, 1], (side,) * 3),  # full of ties between diagonals
        lambda: np.exp(rng.normal(0, 8, (side,) * 3)) * rng.choice([-1, 1], (side,) * 3),
        lambda: rng.choice([-np.inf, 0, np.inf, 3e38, -3e38, 1e-45], (side,) * 3),
    ][kind]()
    values[0, 0, 0] = 1

    assert_clean(extract_surface(values, level=0.0))


@pytest.mark.parametrize("seed", range(4))
def test_each_of_the_256_cells_gives_a_closed_surface(seed):
    magnitudes = np.random.default_rng(seed).uniform(0.01, 1, (256, 2, 2, 2))
    for mask in range(1, 256):
        inside = np.array([mask >> corner & 1 for corner in range(8)]).reshape(2, 2, 2)
        assert_clean(extract_surface(np.where(inside, 1, -1) * magnitudes[mask], level=0.0))


def test_points_inside_and_outside_stay_so():
    rng = np.random.default_rng(3)
    values = rng.standard_normal((7, 7, 7))

    mesh = extract_surface(values, level=0.0, edge=6.0)

    winding = reference.winding_number(mesh.triangles, grid_points(6, 6.0).reshape(-1, 3))
    np.testing.assert_array_equal(np.rint(winding) == 1, values.ravel() >= 0)


def test_alternating_corners_are_joined_as_the_hyperbola_on_their_face_says():
    weak, strong = np.full((2, 4, 2, 2), -1.0)
    for values, inside in ((weak, 0.5), (strong, 2.0)):
        values[1:3, [0, 1], [0, 1]] = inside  # two edges of the grid, across a face
    pieces = [
        extract_surface(np.pad(values, ((0, 0), (1, 1), (1, 1)), constant_values=-1), 0.0)
        for values in (weak, strong)
    ]

    assert [len(mesh.split(only_watertight=False)) for mesh in pieces] == [2, 1]


@pytest.mark.parametrize("guess", [False, True])
@pytest.mark.parametrize("shape", [Torus(0.3, 0.07), Sphere(0.4), Sphere(0.2, (0.5, 0, 0))])
def test_the_cells_around_the_surface_give_the_mesh_of_the_whole_grid(shape, guess):
    def field(points):
        return shape.depth(points).astype(np.float32)

    grid = evaluate_grid(field, 128, level=0.01, guess=guess)
    exact = evaluate_grid(field, 128, level=0.01)
    mesh, whole = grid_surface(grid), extract_surface(exact.values, level=0.01)

    np.testing.assert_array_equal(mesh.vertices, whole.vertices)
    np.testing.assert_array_equal(mesh.faces, whole.faces)
    assert grid.evaluations < exact.evaluations or not guess


def test_a_grid_that_is_not_divided_has_a_surface_too():
    grid = evaluate_grid(lambda points: 0.3 - np.abs(points).max(axis=1), 20, level=0.0)

    mesh = grid_surface(grid)

    assert_clean(mesh)
    assert mesh.volume == pytest.approx(0.6**3, rel=0.02)


def crossing(values, edge):
    """Where the surface crosses edge 4 a + u + 2 v of a cell of edge 1 around the origin."""
    axis, u, v = edge // 4, edge % 2, edge // 2 % 2
    start = np.roll((0, u, v), axis)
    end = start + np.roll((1, 0, 0), axis)
    first, last = values[tuple(start)], values[tuple(end)]
    return start + (end - start) * first / (first - last) - 0.5


@pytest.mark.parametrize("seed", range(2))
def test_of_the_discs_of_a_cell_the_one_of_least_area_is_taken(seed):
    rng, choices, gained = np.random.default_rng(seed), tables(), 0
    for mask in np.flatnonzero(choices.ambiguous == 0):
        entry = choices.entries[mask, 0]
        discs = range(entry, entry + choices.choices[entry])
        if len(discs) == 1:
            continue
        inside = np.array([mask >> corner & 1 for corner in range(8)]).reshape(2, 2, 2).T
        values = np.where(inside, 1, -1) * rng.uniform(0.05, 1, (2, 2, 2))
        places = np.array([crossing(values, edge) for edge in range(12)])
        areas = []
        for disc in discs:
            rows = slice(*choices.first_triangle[disc : disc + 2])
            a, b, c = np.moveaxis(places[choices.triangles[rows]], 1, 0)
            areas.append(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)

        mesh = extract_surface(values, level=0.0, edge=1.0)

        within = np.abs(mesh.triangles).max(axis=(1, 2)) <= 0.5  # others close it around the grid
        assert mesh.area_faces[within].sum() == pytest.approx(min(areas), rel=1e-5)
        gained += min(areas) < 0.99 * max(areas)
    assert gained > 50


def test_a_value_at_the_level_counts_as_inside():
    values = np.full((4, 4, 4), -1.0)
    values[1, 2, 1] = 0.5

    mesh = extract_surface(values, level=0.5, edge=3.0)

    assert_clean(mesh)
    np.testing.assert_allclose(mesh.bounds.mean(axis=0), (-0.5, 0.5, -0.5), atol=1e-6)


def test_an_empty_field_is_an_error_with_the_highest_value():
    with pytest.raises(EmptySurfaceError, match=r"highest value is -3\.5"):
        extract_surface(np.full((9, 9, 9), -3.5), level=-1.0)


@pytest.mark.parametrize(
    "values", [np.full((3, 3, 3), np.nan), np.ones((3, 3)), np.ones((2, 3, 3))]
)
def test_what_is_no_cube_of_numbers_is_refused(values):
    with pytest.raises(InvalidGeometryError):
        extract_surface(values, level=0.0)


@pytest.mark.parametrize("resolution", [16, 64])
def test_an_empty_grid_is_an_error(resolution):
    grid = evaluate_grid(lambda points: points[:, 0] - 9, resolution, level=0.0)
    with pytest.raises(EmptySurfaceError, match="highest value"):
        grid_surface(grid)
