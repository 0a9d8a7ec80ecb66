import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from onet_cli.errors import InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.isosurface import extract_surface
from onet_cli.geometry.simplify import simplify
from tests import reference
from tests.analytic import Box, Sphere, Torus, grid_points, is_closed_manifold


def plane(side):
    """A flat square of side x side cells, two triangles each, facing +z."""
    x, y = np.meshgrid(np.arange(side + 1.0), np.arange(side + 1.0), indexing="ij")
    corner = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    lower = np.stack([corner, corner + side + 1, corner + 1], axis=1)
    upper = np.stack([corner + 1, corner + side + 1, corner + side + 2], axis=1)
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    return trimesh.Trimesh(vertices, np.vstack([lower, upper]), process=False)


@pytest.mark.parametrize("faces", [2000, 501, 100, 20, 4])
def test_a_sphere_stays_closed_and_gets_the_asked_faces_less_one_if_odd(faces):
    mesh = simplify(Sphere().mesh(), faces)

    assert len(mesh.faces) == faces - faces % 2
    assert is_closed_manifold(mesh)
    assert mesh.euler_number == 2
    assert ((mesh.triangles_center * mesh.face_normals).sum(axis=1) > 0).all()


def test_a_sphere_keeps_its_surface():
    sphere = Sphere()

    mesh = simplify(sphere.mesh(), 1000)

    assert mesh.volume == pytest.approx(sphere.volume, rel=0.01)
    assert np.abs(sphere.depth(mesh.vertices)).max() < 2e-3


def test_an_extracted_torus_keeps_its_hole_and_its_volume():
    torus = Torus()
    mesh = extract_surface(torus.depth(grid_points(48, 1.1)), level=0.0)

    small = simplify(mesh, 800)

    assert len(small.faces) == 800
    assert is_closed_manifold(small)
    assert small.euler_number == 0
    assert small.volume == pytest.approx(torus.volume, rel=0.03)


def test_a_box_of_many_faces_comes_down_to_its_twelve():
    small = simplify(Box().mesh(subdivisions=4), 12)

    assert len(small.faces) == 12
    assert small.volume == pytest.approx(Box().volume, rel=1e-9)
    assert small.area == pytest.approx(Box().area, rel=1e-9)


def test_an_open_square_keeps_its_outline_and_never_folds():
    small = simplify(plane(20), 10)

    assert len(small.faces) in (9, 10)
    assert small.area == pytest.approx(400)
    np.testing.assert_allclose(small.face_normals, [[0, 0, 1]] * len(small.faces), atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_collapses_are_those_of_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    mesh = Sphere(0.5).mesh(subdivisions=2)
    vertices = mesh.vertices * rng.uniform(0.9, 1.1, (len(mesh.vertices), 1))
    lower, upper = vertices.min(axis=0), vertices.max(axis=0)
    # The kernel works at unit scale about the origin; so the twin sees the same numbers.
    vertices = (vertices - (lower + upper) / 2) / (upper - lower).max()

    small = simplify(trimesh.Trimesh(vertices, mesh.faces, process=False), 220)

    points, triangles = reference.simplify(vertices, mesh.faces, 220)
    order = sorted(points)
    np.testing.assert_allclose(small.vertices, [points[n] for n in order], atol=1e-7)
    number = {vertex: n for n, vertex in enumerate(order)}
    expected = {tuple(number[corner] for corner in face) for face in triangles}
    assert set(map(tuple, small.faces.tolist())) == expected


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.1, 0.9))
def test_any_extracted_surface_stays_closed_and_of_the_same_topology(seed, share):
    values = np.random.default_rng(seed).standard_normal((7, 7, 7))
    mesh = extract_surface(values, level=0.3)

    small = simplify(mesh, max(4, int(share * len(mesh.faces))))

    assert len(small.faces) <= len(mesh.faces)
    assert is_closed_manifold(small)
    assert small.euler_number == mesh.euler_number
    assert small.area_faces.min() > 0


def test_a_scaled_and_shifted_mesh_simplifies_alike():
    mesh = Torus().mesh(48)
    far = mesh.copy()
    far.apply_scale(2.0**10)
    far.apply_translation((2.0**12, 0, -(2.0**11)))

    small, far_small = simplify(mesh, 600), simplify(far, 600)

    moved = far_small.vertices - (2.0**12, 0, -(2.0**11))
    assert len(far_small.faces) == len(small.faces)
    assert trimesh.Trimesh(moved, far_small.faces).volume == pytest.approx(
        small.volume * 2.0**30, rel=5e-3
    )


def test_the_same_mesh_gives_the_same_result():
    mesh = Torus().mesh(48)

    first, second = simplify(mesh, 300), simplify(mesh, 300)

    np.testing.assert_array_equal(first.vertices, second.vertices)
    np.testing.assert_array_equal(first.faces, second.faces)


def test_a_soup_of_triangles_is_joined_where_corners_coincide():
    mesh = Sphere().mesh()
    soup = trimesh.Trimesh(
        mesh.triangles.reshape(-1, 3), np.arange(mesh.faces.size).reshape(-1, 3), process=False
    )

    assert is_closed_manifold(simplify(soup, 500))


def test_a_mesh_that_is_small_enough_comes_back_unchanged():
    mesh = Box().mesh()

    same = simplify(mesh, 12)

    np.testing.assert_array_equal(same.vertices, mesh.vertices)
    np.testing.assert_array_equal(same.faces, mesh.faces)


def test_separate_parts_are_never_lost():
    parts = [Sphere(0.1, (x, 0, 0)).mesh(2) for x in (-0.3, 0, 0.3)]

    small = simplify(trimesh.util.concatenate(parts), 4)

    assert len(small.faces) == 12
    assert small.body_count == 3


def test_fewer_than_four_faces_are_refused():
    with pytest.raises(InvalidOptionError, match="3 faces"):
        simplify(Box().mesh(), 3)


@pytest.mark.parametrize("vertices", [[[0, 0, 0]], [[0, 0, np.inf]]])
def test_a_mesh_without_faces_or_with_infinite_vertices_is_refused(vertices):
    with pytest.raises(InvalidGeometryError):
        simplify(trimesh.Trimesh(vertices, process=False), 100)
