import numpy as np
import pytest

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.mesh import check_faces, make_mesh


def test_vertices_and_faces_keep_their_order_even_where_they_are_double_or_unused():
    vertices = np.array([[1.0, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0], [9, 9, 9]])
    faces = np.array([[0, 2, 1], [3, 0, 2], [1, 1, 2]])

    mesh = make_mesh(vertices, faces)

    assert np.array_equal(mesh.vertices, vertices)
    assert np.array_equal(mesh.faces, faces)


@pytest.mark.parametrize("faces", [np.array([[0, 1, 2]]), np.zeros((0, 3), int)])
def test_faces_whose_vertices_exist_pass(faces):
    check_faces(faces, 3)


@pytest.mark.parametrize("stray", [-1, 3])
def test_a_face_whose_vertex_does_not_exist_is_refused_by_name(stray):
    with pytest.raises(InvalidGeometryError, match="the lamp has a face"):
        check_faces(np.array([[0, 1, 2], [0, 1, stray]]), 3, "the lamp")


@pytest.mark.parametrize("shape", [(3,), (1, 4), (1, 3, 3), (0, 4)])
def test_faces_that_are_no_triangles_are_refused(shape):
    with pytest.raises(InvalidGeometryError, match="the mesh has faces of shape"):
        check_faces(np.zeros(shape, int), 1)
