from pathlib import Path

import numpy as np
import pytest
import trimesh

from onet_cli import files
from onet_cli.errors import InvalidOptionError, OnetError, SourceError
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.formats import MESH_SUFFIXES, READ_SUFFIXES
from onet_cli.meshes.read import read_mesh
from onet_cli.meshes.write import write_mesh
from tests.analytic import Box, Sphere, Torus


@pytest.mark.parametrize("suffix", MESH_SUFFIXES)
@pytest.mark.parametrize("shape", [Sphere(), Box(), Torus()])
def test_a_mesh_comes_back_from_a_file_as_it_was(tmp_path, suffix, shape):
    mesh = shape.mesh()
    path = tmp_path / f"mesh{suffix}"

    write_mesh(mesh, path)
    back = read_mesh(path)

    assert back.is_watertight
    assert len(back.faces) == len(mesh.faces)
    assert len(back.vertices) == len(mesh.vertices)
    # Vertices may be numbered anew, but each face keeps its place and its first corner.
    np.testing.assert_allclose(back.triangles, mesh.triangles, atol=1e-6)


@pytest.mark.parametrize(
    ("suffix", "mark"), [(".obj", b"\nvn "), (".ply", b"property float nx"), (".glb", b"NORMAL")]
)
def test_vertex_normals_are_stored_where_the_format_has_a_place(tmp_path, suffix, mark):
    path = tmp_path / f"mesh{suffix}"
    write_mesh(Sphere().mesh(2), path)
    assert mark in path.read_bytes()


def test_stored_vertex_normals_point_outwards(tmp_path):
    write_mesh(Sphere().mesh(2), tmp_path / "mesh.obj")
    lines = [line.split() for line in (tmp_path / "mesh.obj").read_text().splitlines()]
    vertices, normals = (
        np.array([line[1:4] for line in lines if line[:1] == [kind]], float) for kind in ("v", "vn")
    )
    np.testing.assert_allclose(normals, vertices / Sphere().radius, atol=0.02)


def test_ply_and_stl_are_binary(tmp_path):
    mesh = Sphere().mesh(2)
    write_mesh(mesh, tmp_path / "mesh.ply")
    write_mesh(mesh, tmp_path / "mesh.stl")
    assert (tmp_path / "mesh.ply").read_bytes().startswith(b"ply\nformat binary_little_endian")
    assert (tmp_path / "mesh.stl").stat().st_size == 84 + 50 * len(mesh.faces)


def test_making_a_mesh_keeps_every_vertex_and_face_in_order():
    vertices = np.array([[0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0], [9, 9, 9]], float)
    faces = np.array([[3, 2, 1], [0, 2, 3], [0, 0, 2]])
    mesh = make_mesh(vertices, faces)
    np.testing.assert_array_equal(mesh.vertices, vertices)
    np.testing.assert_array_equal(mesh.faces, faces)


def test_a_file_with_two_objects_is_read_as_one_mesh(tmp_path):
    scene = trimesh.Scene([Sphere(0.1).mesh(1), Box((0.2, 0.2, 0.2), (0.5, 0, 0)).mesh()])
    (tmp_path / "two.glb").write_bytes(scene.export(file_type="glb"))

    mesh = read_mesh(tmp_path / "two.glb")

    assert len(mesh.faces) == 80 + 12
    assert mesh.bounds[1, 0] == pytest.approx(0.6)


def test_polygons_become_triangles(tmp_path):
    path = tmp_path / "square.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n")
    assert read_mesh(path).area == pytest.approx(1)


def test_suffixes_may_be_in_capitals(tmp_path):
    write_mesh(Box().mesh(), tmp_path / "BOX.OBJ")
    assert len(read_mesh(tmp_path / "BOX.OBJ").faces) == 12


ONE_FACE = "OFF\n3 1 0\n{}\n1 0 0\n0 1 0\n3 0 1 {}\n"
BAD_FILES = {
    "no vertex is finite.off": ONE_FACE.format("nan nan nan", 2).encode(),
    "no such vertex.off": ONE_FACE.format("0 0 0", 7).encode(),
    "no such vertex.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n",
    "points only.obj": b"v 0 0 0\nv 1 0 0\nv 0 1 0\n",
    "points only.ply": b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\n"
    b"property float y\nproperty float z\nend_header\n0 0 0\n",
} | {
    f"{kind}{suffix}": data
    for suffix in MESH_SUFFIXES
    for kind, data in (("garbage", b"\x00\xffgarbage" * 40), ("empty", b""), ("text", b"a\nb\n"))
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_holds_no_mesh_is_an_error_of_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(BAD_FILES[name])
    with pytest.raises(SourceError) as caught:
        read_mesh(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".ply", ".glb", ".off"])
def test_a_truncated_file_is_an_error(tmp_path, suffix):
    path = tmp_path / f"half{suffix}"
    write_mesh(Sphere().mesh(2), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError):
        read_mesh(path)


@pytest.mark.parametrize("name", ["missing.ply", "missing/mesh.ply", "folder.ply"])
def test_what_is_no_file_is_an_error(tmp_path, name):
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(SourceError, match=name):
        read_mesh(tmp_path / name)


@pytest.mark.parametrize("name", ["mesh.blend", "mesh", "mesh.ply.gz", ".obj"])
def test_an_unknown_suffix_names_those_that_are_known(tmp_path, name):
    with pytest.raises(SourceError) as caught:
        read_mesh(tmp_path / name)
    assert all(suffix in caught.value.hint for suffix in READ_SUFFIXES)
    with pytest.raises(InvalidOptionError) as caught:
        write_mesh(None, tmp_path / name)
    assert all(suffix in caught.value.hint for suffix in MESH_SUFFIXES)
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_are_made(tmp_path):
    write_mesh(Box().mesh(), tmp_path / "a" / "b" / "box.ply")
    assert (tmp_path / "a" / "b" / "box.ply").is_file()


def test_a_write_that_fails_leaves_neither_target_nor_temporary_file(tmp_path, monkeypatch):
    def full(file, data):
        file.write(data[:5])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_pieces", full)
    with pytest.raises(OnetError, match="No space left on device"):
        write_mesh(Box().mesh(), tmp_path / "box.ply")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_keeps_the_file_that_was_there(tmp_path, monkeypatch):
    path = tmp_path / "box.ply"
    path.write_bytes(b"before")

    def refuse(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OnetError, match="Input/output error"):
        write_mesh(Box().mesh(), path)
    assert [p.name for p in tmp_path.iterdir()] == ["box.ply"]
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("name", ["file/box.ply", "x" * 300 + ".ply", "folder.ply"])
def test_a_path_that_cannot_be_written_is_an_error(tmp_path, name):
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(OnetError, match="cannot be written"):
        write_mesh(Box().mesh(), tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.ply"]


def test_obj_keeps_the_figures_of_single_precision_at_any_size(tmp_path):
    mesh = Sphere().mesh(2)
    for scale in (1e-6, 1.0, 1e6):
        scaled = make_mesh(scale * mesh.vertices, mesh.faces)
        write_mesh(scaled, tmp_path / "a.obj")
        back = trimesh.load(tmp_path / "a.obj", process=False)
        np.testing.assert_allclose(back.vertices, scaled.vertices, rtol=1e-8, atol=1e-12 * scale)
        np.testing.assert_array_equal(back.faces, mesh.faces)
        np.testing.assert_allclose(back.vertex_normals, scaled.vertex_normals, atol=1e-5)


def test_a_large_obj_is_written_in_parts_and_whole(tmp_path, monkeypatch):
    mesh = Sphere().mesh(2)
    write_mesh(mesh, tmp_path / "whole.obj")
    monkeypatch.setattr("onet_cli.meshes.encode._ROWS_AT_ONCE", 7)
    write_mesh(mesh, tmp_path / "parts.obj")
    assert (tmp_path / "parts.obj").read_bytes() == (tmp_path / "whole.obj").read_bytes()
