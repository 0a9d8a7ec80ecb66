"""Connected parts of meshes, and their volumes."""

import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.components import component_volumes, connected_parts
from onet_cli.geometry.mesh import make_mesh
from tests.analytic import Box, Sphere


def test_volumes_are_those_of_the_solids_and_cavities_count_negative():
    cavity = Box((0.2, 0.3, 0.1)).mesh()
    cavity.invert()
    boxes = [Box((0.4,) * 3).mesh(), cavity, Box((0.1, 0.2, 0.5), (0.6, 0.0, 0.0)).mesh()]
    mesh = trimesh.util.concatenate(boxes)

    component, volumes = component_volumes(mesh)

    np.testing.assert_allclose(volumes, [0.064, -0.006, 0.01], rtol=1e-12)
    np.testing.assert_array_equal(component, np.repeat([0, 1, 2], 12))


def test_a_mesh_without_faces_has_no_components():
    component, volumes = component_volumes(make_mesh(np.zeros((3, 3)), np.zeros((0, 3), int)))
    assert len(component) == len(volumes) == 0


def test_vertices_that_no_face_uses_are_no_component():
    ball = Sphere(0.3).mesh(1)
    mesh = make_mesh(np.vstack([[[9, 9, 9]], ball.vertices, [[8, 8, 8]]]), ball.faces + 1)
    assert component_volumes(mesh)[1] == pytest.approx([ball.volume])


def test_parts_are_what_faces_join():
    rng = np.random.default_rng(0)
    faces = np.array([[0, 1, 2], [2, 3, 4], [5, 6, 7], [8, 9, 7], [11, 12, 13], [13, 14, 15]])
    names = rng.permutation(16)

    parts = connected_parts(names[faces], 16)

    groups = {frozenset(np.flatnonzero(parts == part)) for part in np.unique(parts)}
    expected = [range(5), range(5, 10), [10], range(11, 16)]
    assert groups == {frozenset(names[list(group)]) for group in expected}


def test_parts_are_those_of_a_graph_library():
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rng = np.random.default_rng(1)
    faces = rng.integers(0, 3000, (1100, 3))
    ends = np.concatenate([faces[:, :2], faces[:, 1:]])
    graph = coo_array((np.ones(len(ends)), ends.T), shape=(3000, 3000))
    _, known = connected_components(graph, directed=False)

    parts = connected_parts(faces, 3000)

    assert len(np.unique(known)) > 100
    least = np.full(known.max() + 1, 3000)
    np.minimum.at(least, known, np.arange(3000))
    np.testing.assert_array_equal(parts, least[known])


def test_a_face_of_vertices_that_are_not_there_is_refused():
    with pytest.raises(InvalidGeometryError, match="vertex is not there"):
        connected_parts(np.array([[0, 1, 3]]), 3)
