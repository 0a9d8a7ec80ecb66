"""Meshes cleaned and moved, their looks with them."""

import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.clean import clean
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.transform import transform

TURN = trimesh.transformations.rotation_matrix(0.7, (1, 2, 3))
MIRROR = np.diag([-1.0, 1, 1])


def dressed(mesh):
    """Return a mesh whose looks tell every corner of every face apart."""
    count = len(mesh.faces)
    numbers = np.arange(count * 3).reshape(count, 3)
    return LoadedMesh(
        make_mesh(mesh.vertices, mesh.faces),
        Appearance(
            (Material(), Material((1, 2, 3))),
            (np.arange(count) % 2).astype(np.int32),
            uv=np.stack([numbers, -numbers], axis=2).astype(np.float32),
            normals=np.repeat(mesh.face_normals[:, None], 3, axis=1).astype(np.float32),
            corner_colours=np.repeat(numbers[:, :, None] % 256, 3, axis=2).astype(np.uint8),
        ),
        ("a warning",),
    )


def test_faces_that_repeat_or_have_no_area_go_with_their_looks():
    points = [(9, 9, 9), (0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (1, 0, 0)]
    faces = [(1, 2, 3), (3, 2, 1), (1, 2, 2), (1, 2, 5), (2, 3, 1), (1, 2, 4), (1, 2, 6)]
    looks = Appearance(
        (Material(),) * 7, np.arange(7, dtype=np.int32), uv=np.ones((7, 3, 2), np.float32)
    )

    cleaned = clean(LoadedMesh(make_mesh(np.array(points, float), np.array(faces)), looks, ("w",)))

    assert cleaned.mesh.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert cleaned.mesh.faces.tolist() == [[0, 1, 2], [0, 1, 3]]
    assert cleaned.appearance.material_of_face.tolist() == [0, 5]
    assert cleaned.appearance.uv.shape == (2, 3, 2)
    assert cleaned.warnings == ("w",)


def test_a_mesh_of_nothing_but_lines_is_left_without_faces():
    loaded = LoadedMesh(make_mesh(np.eye(3), np.array([(0, 1, 1), (2, 2, 2)])), Appearance.plain(2))

    cleaned = clean(loaded)

    assert cleaned.mesh.faces.shape == (0, 3)
    assert cleaned.mesh.vertices.shape == (0, 3)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_small_and_large_meshes_lose_nothing(scale):
    mesh = trimesh.creation.icosphere(subdivisions=3, radius=scale)

    assert np.array_equal(clean(dressed(mesh)).mesh.faces, mesh.faces)


def test_moving_turns_and_stretches_volume_and_normals_alike():
    mesh = trimesh.creation.icosphere(subdivisions=2)
    matrix = TURN[:3, :3] @ np.diag([1.0, 2.0, 0.5])

    moved = transform(dressed(mesh), matrix)

    assert moved.mesh.volume == pytest.approx(mesh.volume)
    assert np.allclose(moved.mesh.vertices, mesh.vertices @ matrix.T)
    assert np.allclose(moved.appearance.normals, moved.mesh.face_normals[:, None], atol=1e-6)


def test_a_mirror_keeps_the_outside_outside_and_every_corner_its_looks():
    mesh = trimesh.creation.box((1, 2, 3))
    loaded = dressed(mesh)

    mirrored = transform(loaded, MIRROR)

    assert mirrored.mesh.volume == pytest.approx(6)
    assert np.allclose(mirrored.appearance.normals, mirrored.mesh.face_normals[:, None])
    for name in ("uv", "corner_colours"):
        before, after = (getattr(x.appearance, name) for x in (loaded, mirrored))
        assert np.array_equal(after[:, ::-1], before)
    assert np.allclose(mirrored.mesh.triangles[:, ::-1] * (-1, 1, 1), loaded.mesh.triangles)
    again = transform(mirrored, MIRROR)
    assert np.array_equal(again.mesh.faces, loaded.mesh.faces)


def test_a_matrix_of_four_rows_moves_too():
    matrix = TURN.copy()
    matrix[:3, 3] = (1, 2, 3)

    moved = transform(dressed(trimesh.creation.box()), matrix)

    assert np.allclose(moved.mesh.vertices.mean(axis=0), (1, 2, 3))
    assert moved.warnings == ("a warning",)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-300, 1e-120, 1e120, 1e300])
def test_a_scale_whose_cube_is_no_number_still_moves_and_mirrors(scale):
    """The determinant of these matrices is 0 or infinite in double precision."""
    box = dressed(trimesh.creation.box())

    moved, mirrored = transform(box, np.eye(3) * scale), transform(box, MIRROR * scale)

    np.testing.assert_allclose(moved.mesh.vertices, box.mesh.vertices * scale)
    np.testing.assert_array_equal(moved.mesh.faces, box.mesh.faces)
    np.testing.assert_array_equal(mirrored.mesh.faces, box.mesh.faces[:, ::-1])
    np.testing.assert_allclose(moved.appearance.normals, box.appearance.normals, atol=1e-6)


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(2),
        np.zeros((3, 3)),
        np.full((3, 3), np.nan),
        np.diag([1, 1, 1, 2]),
        np.diag([1, 0, 1]),
    ],
)
def test_a_matrix_that_moves_nothing_well_is_refused(matrix):
    with pytest.raises(InvalidGeometryError):
        transform(dressed(trimesh.creation.box()), matrix)
