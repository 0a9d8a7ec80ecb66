import numpy as np
import pytest

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.silhouette import silhouette
from onet_cli.geometry.surfels import surfels

SIZE = 96


@pytest.mark.parametrize("count", [64, 4000])
def test_samples_of_a_ball_look_like_the_ball(count):
    normals = np.random.default_rng(0).normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)

    mesh = surfels(0.4 * normals, normals)

    np.testing.assert_allclose(mesh.face_normals, normals, atol=1e-6)
    np.testing.assert_allclose(mesh.triangles_center, 0.4 * normals, atol=1e-9)
    camera = Camera.orbit(30, 20, 2.0, SIZE)
    covered = silhouette(mesh.vertices, mesh.faces, camera, SIZE)
    radius = float(camera.camera[0, 0]) * np.tan(np.arcsin(0.4 / 2.0))
    middles = np.arange(SIZE) + 0.5 - SIZE / 2
    disc = np.hypot(middles[:, None], middles) <= radius
    assert np.count_nonzero(covered & disc) > 0.93 * np.count_nonzero(disc)


def test_a_triangle_reaches_as_far_as_the_sixth_neighbour_in_any_direction():
    rng = np.random.default_rng(1)
    points, normals = rng.random((40, 3)), rng.normal(size=(40, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    normals[0] = 1, 0, 0

    mesh = surfels(points, normals)

    reach = np.linalg.norm(np.asarray(mesh.triangles) - points[:, None], axis=2)
    apart = np.sort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)
    np.testing.assert_allclose(reach, np.repeat(apart[:, 6:7], 3, axis=1), rtol=1e-6)


def test_a_single_sample_is_no_error():
    assert len(surfels(np.zeros((1, 3)), np.array([[0.0, 1.0, 0.0]])).faces) == 1
