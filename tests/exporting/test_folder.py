"""`onet export` of a folder of meshes."""

import numpy as np
import pytest
import trimesh

from onet_cli.errors import InvalidOptionError
from onet_cli.exporting.folder import export_meshes, find_meshes
from onet_cli.exporting.options import ExportOptions


@pytest.fixture
def meshes(tmp_path):
    """A folder of three meshes, one of them damaged, and files that are no meshes."""
    root = tmp_path / "meshes"
    (root / "chairs").mkdir(parents=True)
    trimesh.creation.box((1, 2, 3)).export(root / "box.ply")
    trimesh.creation.icosphere(2).export(root / "chairs" / "ball.obj")
    (root / "chairs" / "torn.stl").write_bytes(b"solid?")
    (root / "notes.txt").write_text("not a mesh")
    (root / ".hidden.ply").write_bytes((root / "box.ply").read_bytes())
    return root


def test_each_mesh_is_converted_in_its_folder_and_failures_do_not_stop_the_others(meshes, tmp_path):
    out = tmp_path / "out"

    results = list(export_meshes(find_meshes(meshes, out, ".glb"), ExportOptions()))

    assert [(each.target.relative_to(out).as_posix(), each.error is None) for each in results] == [
        ("box.glb", True),
        ("chairs/ball.glb", True),
        ("chairs/torn.glb", False),
    ]
    box = trimesh.load(out / "box.glb", force="mesh")
    np.testing.assert_allclose(np.sort(box.extents), [1, 2, 3])
    assert sorted(path.name for path in out.rglob("*.*")) == ["ball.glb", "box.glb"]


def test_faces_apply_to_each_mesh(meshes, tmp_path):
    files = find_meshes(meshes, tmp_path / "out", ".stl")

    found = {each.source.name: each for each in export_meshes(files, ExportOptions(faces=100))}

    assert " 100 faces" in found["ball.obj"].lines[0]
    assert " 12 faces" in found["box.ply"].lines[0]


def test_results_below_the_source_are_not_sources_of_a_second_run(meshes):
    first = find_meshes(meshes, meshes / "out", ".ply")
    list(export_meshes(first, ExportOptions()))

    assert find_meshes(meshes, meshes / "out", ".ply") == first


def test_two_meshes_with_one_target_are_refused(meshes, tmp_path):
    (meshes / "box.obj").write_bytes((meshes / "chairs" / "ball.obj").read_bytes())

    with pytest.raises(InvalidOptionError, match=r"box\.obj and .*box\.ply would both be written"):
        find_meshes(meshes, tmp_path / "out", ".glb")


def test_a_file_is_refused(meshes, tmp_path):
    with pytest.raises(InvalidOptionError, match=r"box\.ply is not a folder"):
        find_meshes(meshes / "box.ply", tmp_path / "out", ".glb")


def test_a_folder_without_meshes_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("not a mesh")

    with pytest.raises(InvalidOptionError, match="no meshes in"):
        find_meshes(tmp_path, tmp_path / "out", ".glb")
