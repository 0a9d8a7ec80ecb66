import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.bridges import lift_gaps
from onet_cli.geometry.normals import face_normals, smooth_normals, vertex_normals
from onet_cli.geometry.solid_field import band_around
from tests.analytic import Box, Sphere


def arrays(mesh):
    return np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32)


def test_a_sphere_is_smooth():
    vertices, faces = arrays(Sphere(1.0).mesh(3))
    cosines = np.einsum("fkc,fkc->fk", smooth_normals(vertices, faces), vertices[faces])
    assert cosines.min() > np.cos(np.radians(1))


def test_a_box_is_sharp_however_its_corners_are_shared():
    vertices, faces = arrays(Box((1, 0.7, 0.4)).mesh(2))
    expected = np.repeat(face_normals(vertices, faces)[:, None], 3, axis=1)
    np.testing.assert_allclose(smooth_normals(vertices, faces), expected, atol=1e-6)


def test_a_cylinder_is_smooth_around_and_sharp_at_its_ends():
    mesh = trimesh.creation.cylinder(0.3, 0.8, sections=24)
    vertices, faces = arrays(mesh)
    normals = smooth_normals(vertices, faces)
    flat = np.abs(face_normals(vertices, faces)[:, 2]) > 0.9
    np.testing.assert_allclose(np.abs(normals[flat][..., 2]), 1, atol=1e-6)
    side, places = normals[~flat], vertices[faces[~flat]]
    radial = places * [1, 1, 0] / np.linalg.norm(places[..., :2], axis=2, keepdims=True)
    assert np.einsum("fkc,fkc->fk", side, radial).min() > np.cos(np.radians(1))


@pytest.mark.parametrize("angle", [30, 50])
def test_the_crease_angle_decides(angle):
    tilt = np.radians(angle)
    vertices = np.array(
        [[0, 0, 0], [0, 0, 1], [-1, 0, 0.5], [np.cos(tilt), np.sin(tilt), 0.5]], dtype=float
    )
    normals = smooth_normals(vertices, np.array([[0, 1, 2], [1, 0, 3]], np.int32), crease_deg=40)
    between = np.degrees(np.arccos(np.clip(normals[0, 0] @ normals[1, 1], -1, 1)))
    assert between == pytest.approx(0 if angle < 40 else angle, abs=0.1)


def test_soups_and_faces_wound_either_way_are_as_smooth():
    vertices, faces = arrays(Sphere(1.0).mesh(3))
    rng = np.random.default_rng(0)
    soup = vertices[faces].reshape(-1, 3) + rng.normal(0, 1e-9, (3 * len(faces), 3))
    turned = np.arange(3 * len(faces), dtype=np.int32).reshape(-1, 3)
    turned[::2] = turned[::2, ::-1]

    normals = smooth_normals(soup, turned)

    cosines = np.abs(np.einsum("fkc,fkc->fk", normals, soup[turned]))
    # A vertex whose copies fall on two sides of a rounding step is torn.
    assert (cosines > np.cos(np.radians(1))).mean() > 0.99


def test_faces_without_area_have_no_normal_and_harm_none():
    vertices, faces = arrays(Sphere(1.0).mesh(2))
    flat = np.array([[0, 0, 1], [2, 2, 2]], np.int32)
    normals = smooth_normals(vertices, np.vstack([faces, flat]))
    np.testing.assert_array_equal(normals[: len(faces)], smooth_normals(vertices, faces))
    assert np.isfinite(normals).all()


def test_the_middle_of_a_crowded_fan_keeps_its_faces_normals():
    count = 2000
    angle = np.arange(count) * 2 * np.pi / count
    rim = np.column_stack([np.cos(angle), np.sin(angle), np.zeros(count)])
    vertices = np.vstack([[[0, 0, 0.2]], rim])
    k = np.arange(count)
    faces = np.column_stack([np.zeros(count, int), 1 + k, 1 + (k + 1) % count]).astype(np.int32)
    np.testing.assert_allclose(
        smooth_normals(vertices, faces)[:, 0], face_normals(vertices, faces), atol=1e-6
    )


def test_vertex_normals_of_a_ball_point_from_its_middle_and_those_of_a_box_along_diagonals():
    vertices, faces = arrays(Sphere(0.5).mesh(3))
    np.testing.assert_allclose(vertex_normals(vertices, faces), vertices / 0.5, atol=0.01)

    box = trimesh.creation.box()  # whose sides are cut into triangles in different ways
    normals = vertex_normals(*arrays(box))
    np.testing.assert_allclose(normals, np.sign(box.vertices) / np.sqrt(3), atol=1e-12)


def test_vertex_normals_are_means_by_angle_and_flat_or_absent_faces_do_not_count():
    rng = np.random.default_rng(0)
    vertices, faces = rng.normal(size=(40, 3)), rng.integers(0, 39, (100, 3)).astype(np.int32)
    faces[:5, 2] = faces[:5, 0]

    found = vertex_normals(vertices, faces)

    expected = np.zeros((40, 3))
    for face in faces[np.apply_along_axis(lambda f: len(set(f)) == 3, 1, faces)]:
        for k in range(3):
            here, after, before = vertices[np.roll(face, -k)]
            p, q = after - here, before - here
            normal = np.cross(p, q)
            angle = np.arccos(p @ q / np.linalg.norm(p) / np.linalg.norm(q))
            expected[face[k]] += angle * normal / np.linalg.norm(normal)
    expected[:39] /= np.linalg.norm(expected[:39], axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert (found[39] == 0).all()


@pytest.mark.parametrize("index", [3, -1, 2**31 - 1])
def test_an_index_of_no_vertex_is_refused(index):
    vertices, faces = np.eye(3), np.array([[0, 1, index]], np.int32)

    for kernel in (vertex_normals, smooth_normals, lambda v, f: band_around(v, f, 16)):
        with pytest.raises(InvalidGeometryError, match="not there"):
            kernel(vertices, faces)


def test_a_lattice_that_is_no_cube_is_refused():
    with pytest.raises(ValueError, match="N, N, N"):
        lift_gaps(np.zeros((4, 4, 5), np.float32), 0.0, 1.0)
