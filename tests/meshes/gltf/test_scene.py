"""The scene of glTF files: nodes, matrices, instances, bones, and files with none of them."""

import base64
import json

import numpy as np
import pytest

from onet_cli.errors import SourceError
from onet_cli.meshes.gltf import scene
from onet_cli.meshes.read import load_mesh
from tests.meshes.gltf.gltf_bytes import FACES, POINTS, Gltf, cube
from tests.meshes.mesh_bytes import files_of, load

TURN = [0.0, 0.0, 2**-0.5, 2**-0.5]  # a quarter around +z


@pytest.mark.parametrize(
    "node",
    [
        {"translation": [5, 6, 7], "rotation": TURN, "scale": [2, 3, -1]},
        {"matrix": [0, 2, 0, 0, -3, 0, 0, 0, 0, 0, -1, 0, 5, 6, 7, 1]},
    ],
)
def test_nodes_stretch_then_turn_then_move_and_mirrored_ones_stay_right_side_out(node):
    mesh = cube().stand({"mesh": 0} | node).load().mesh

    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(6)
    assert np.allclose(mesh.bounds, [[3.5, 5, 6.5], [6.5, 7, 7.5]])


def test_children_stand_in_their_parents():
    gltf = cube().stand(
        {"translation": [1, 0, 0], "scale": [2, 2, 2], "children": [1]}, {"mesh": 0}
    )
    gltf.header["nodes"][1]["translation"] = [0, 1, 0]
    gltf.header["scenes"] = [{"nodes": [0]}]

    assert np.allclose(gltf.load().mesh.bounds, [[0, 1, -1], [2, 3, 1]])


def two_scenes():
    gltf = cube().stand({"mesh": 0}, {"mesh": 0, "translation": [9, 0, 0]})
    gltf.header["scenes"] = [{"nodes": [0]}, {"nodes": [1]}]
    return gltf


@pytest.mark.parametrize(("chosen", "middle"), [(0, 0), (1, 9), (None, 0)])
def test_of_several_scenes_the_one_named_is_read_or_else_the_first(chosen, middle):
    gltf = two_scenes()
    gltf.header["scene"] = chosen
    if chosen is None:
        del gltf.header["scene"]

    loaded = gltf.load()

    assert loaded.mesh.bounds.mean(axis=0)[0] == pytest.approx(middle)
    assert len(loaded.mesh.faces) == 12
    assert ("scenes" in "".join(loaded.warnings)) == (chosen is None)


def test_without_a_scene_all_nodes_are_read_and_without_nodes_all_meshes():
    gltf = cube().stand({"children": [1], "translation": [3, 0, 0]}, {"mesh": 0})
    del gltf.header["scenes"], gltf.header["scene"]
    assert np.allclose(gltf.load().mesh.bounds[0], [2.5, -0.5, -0.5])

    del gltf.header["nodes"]
    assert np.allclose(gltf.load().mesh.bounds[0], [-0.5, -0.5, -0.5])


def circle(header):
    header["nodes"] = [{"children": [1]}, {"children": [0]}]


def deep(header):
    header["nodes"] = [{"children": [i + 1]} for i in range(3000)] + [{"mesh": 0}]


def wide(header):
    header["nodes"] = [{"children": [i + 1] * 20} for i in range(8)] + [{"mesh": 0}]


def nowhere(header):
    header["nodes"] = [{"children": [7]}]


def foreign(header):
    header["scene"] = 3


def infinite(header):
    header["nodes"] = [{"mesh": 0, "scale": [float("nan"), 1, 1]}]


@pytest.mark.parametrize("damage", [circle, deep, wide, nowhere, foreign, infinite])
def test_trees_that_are_none_are_refused(damage, monkeypatch):
    monkeypatch.setattr(scene, "MOST_PLACES", 5000)
    gltf = cube()
    damage(gltf.header)

    with pytest.raises(SourceError, match="not a readable glTF"):
        gltf.load()


def test_instances_are_read():
    gltf = cube()
    attributes = {
        "TRANSLATION": gltf.table([(0, 0, 0), (4, 0, 0)]),
        "ROTATION": gltf.table([TURN, TURN]),
        "SCALE": gltf.table([(1, 1, 1), (2, 1, 1)]),
    }
    gltf.header["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}

    mesh = gltf.load().mesh

    assert len(mesh.faces) == 24
    assert np.allclose(mesh.bounds, [[-0.5, -1, -0.5], [4.5, 1, 0.5]])


def test_points_and_lines_are_passed_over_strips_and_fans_are_read():
    gltf = Gltf()
    square = gltf.table([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)])
    around = gltf.table([(2, 0, 0), (3, 0, 0), (3, 1, 0), (2, 1, 0)])
    triangle = gltf.table([(4, 0, 0), (5, 0, 0), (4, 1, 0)])
    gltf.part({"POSITION": square}, mode=5)
    gltf.part({"POSITION": around}, mode=6)
    gltf.part({"POSITION": triangle})
    for mode in (0, 1, 2, 3):
        gltf.part({"POSITION": square}, mode=mode)

    mesh = gltf.stand(*({"mesh": i} for i in range(7))).load().mesh

    assert len(mesh.faces) == 5
    assert mesh.area == pytest.approx(2.5)
    assert np.allclose(mesh.face_normals, (0, 0, 1))


def test_bones_and_morph_targets_are_read_as_the_file_leaves_them():
    gltf = cube()
    part = gltf.header["meshes"][0]["primitives"][0]
    part["attributes"] |= {
        "JOINTS_0": gltf.table(np.tile([0, 1, 0, 0], (24, 1)), "B"),
        "WEIGHTS_0": gltf.table(np.outer(POINTS[:, 0] > 0, (0, 1, 0, 0)) + np.outer(
            POINTS[:, 0] < 0, (1, 0, 0, 0))),
    }  # fmt: skip
    part["targets"] = [{"POSITION": gltf.table(np.tile([0.0, 1, 0], (24, 1)))}]
    gltf.header["meshes"][0]["weights"] = [0.5]
    gltf.header["skins"] = [{"joints": [1, 2]}]
    gltf.stand({"mesh": 0, "skin": 0, "scale": [7, 7, 7]}, {}, {"translation": [3, 0, 0]})

    loaded = gltf.load()

    # What hangs on the second bone is moved by 3, all is moved up by half of the target.
    assert np.allclose(loaded.mesh.bounds, [[-0.5, 0, -0.5], [3.5, 1, 0.5]])
    assert loaded.mesh.is_watertight
    assert loaded.warnings == ("it has a skin or morph targets; it is read in its stored pose",)


def as_gltf(gltf, uri):
    gltf.glb()
    gltf.header["buffers"][0]["uri"] = uri
    return json.dumps(gltf.header)


def test_a_gltf_file_reads_data_uris_files_and_a_byte_order_mark():
    gltf = cube()
    gltf.glb()
    data = base64.b64encode(gltf.binary).decode()
    inside = "\ufeff" + as_gltf(gltf, "data:application/octet-stream;base64," + data)
    outside = as_gltf(gltf, "my%20data.bin")
    files = files_of({"m/a.gltf": outside, "m/my data.bin": gltf.binary})

    assert load("a.gltf", inside).mesh.volume == pytest.approx(1)
    assert load_mesh(files, "m/a.gltf").mesh.volume == pytest.approx(1)
    with pytest.raises(SourceError, match="data URI is damaged"):
        load("a.gltf", as_gltf(gltf, "data:;base64,A"))


@pytest.mark.parametrize(
    "text", ['{"asset":{"version":"1.0"}}', '{"meshes":{}}', '{"asset":{"version":"3.1"}}']
)
def test_other_versions_are_named_with_what_to_do(text):
    with pytest.raises(SourceError, match=r"is glTF [13]") as caught:
        load("a.gltf", text)
    assert "convert" in caught.value.hint


def test_a_binary_file_of_version_1_is_named():
    with pytest.raises(SourceError, match=r"is glTF 1\.0"):
        load("a.glb", b"glTF\x01\0\0\0" + b"\0" * 12)


def test_compression_is_named_where_it_is_used_and_no_plain_data_is_there():
    gltf = cube(extensions={"KHR_draco_mesh_compression": {"bufferView": 0}})
    assert gltf.load().mesh.volume == pytest.approx(1)  # plain data beside it

    del gltf.header["accessors"][0]["bufferView"]
    with pytest.raises(SourceError, match="KHR_draco_mesh_compression") as caught:
        gltf.load()
    assert "without compression" in caught.value.hint

    for extension in ("EXT_meshopt_compression", "KHR_meshopt_compression"):
        gltf = cube()
        gltf.header["bufferViews"][0] |= {"buffer": 1, "extensions": {extension: {"buffer": 0}}}
        text = gltf.glb
        gltf.glb = lambda text=text, gltf=gltf: _with_fallback(text, gltf)
        with pytest.raises(SourceError, match=extension):
            gltf.load()


def _with_fallback(text, gltf):
    text()
    data = base64.b64encode(gltf.binary).decode()
    gltf.header["buffers"] = [
        {"byteLength": len(gltf.binary), "uri": "data:;base64," + data},
        {"byteLength": 999},
    ]
    return json.dumps(gltf.header).encode()


def test_unknown_extensions_that_are_required_warn_once():
    gltf = cube()
    gltf.header["extensionsRequired"] = ["ACME_bent", "KHR_mesh_quantization"]

    assert gltf.load().warnings == ("it requires ACME_bent, which is not supported",)


def test_a_small_file_cannot_ask_for_endless_copies():
    gltf = cube().stand(*[{"mesh": 0}] * 500)

    with pytest.raises(SourceError, match="more than 1000 faces"):
        load_mesh(files_of({"a.glb": gltf.glb()}), "a.glb", most_faces=1000)
    assert len(FACES) * 500 > 1000
