import json
import struct

import numpy as np
import pytest
import trimesh
from trimesh.creation import icosphere

from onet_cli.geometry.mesh import COLOUR
from onet_cli.meshes.write import write_mesh
from onet_cli.reconstruction.tidy import save_mesh


@pytest.fixture
def painted():
    mesh = icosphere(subdivisions=2)
    shades = np.random.default_rng(0).integers(0, 256, (len(mesh.vertices), 3))
    mesh.vertex_attributes[COLOUR] = shades.astype(np.uint8)
    mesh.vertex_attributes["confidence"] = np.full(len(mesh.vertices), 0.5, np.float32)
    return mesh


def glb_parts(path):
    data = path.read_bytes()
    magic, version, total = struct.unpack_from("<4sII", data)
    assert (magic, version, total) == (b"glTF", 2, len(data))
    length, kind = struct.unpack_from("<I4s", data, 12)
    assert (kind, length % 4) == (b"JSON", 0)
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def test_ply_holds_the_colours_beside_the_confidence(painted, tmp_path):
    write_mesh(painted, tmp_path / "mesh.ply")

    back = trimesh.load(tmp_path / "mesh.ply", process=False)

    np.testing.assert_array_equal(
        back.visual.vertex_colors[:, :3], painted.vertex_attributes[COLOUR]
    )
    data = (tmp_path / "mesh.ply").read_bytes()
    assert b"property uchar red" in data
    assert b"property float confidence" in data
    assert b"colour" not in data


def test_obj_holds_them_after_the_places(painted, tmp_path):
    write_mesh(painted, tmp_path / "mesh.obj")

    lines = (tmp_path / "mesh.obj").read_text().splitlines()
    rows = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    np.testing.assert_allclose(rows[:, :3], painted.vertices, atol=1e-7)
    assert np.abs(rows[:, 3:] * 255 - painted.vertex_attributes[COLOUR]).max() < 0.5


def test_the_parts_of_a_glb_say_what_they_are_for(painted, tmp_path):
    save_mesh(painted, tmp_path / "mesh.glb")

    tree, _ = glb_parts(tmp_path / "mesh.glb")
    (primitive,) = tree["meshes"][0]["primitives"]
    views = [accessor["bufferView"] for accessor in tree["accessors"]]
    targets = [tree["bufferViews"][view]["target"] for view in views]
    assert targets[primitive["indices"]] == 34963  # ELEMENT_ARRAY_BUFFER
    assert all(targets[number] == 34962 for number in primitive["attributes"].values())
    assert len(primitive["attributes"]) == 4


def test_glb_holds_them_as_linear_light(painted, tmp_path):
    save_mesh(painted, tmp_path / "mesh.glb")

    tree, data = glb_parts(tmp_path / "mesh.glb")
    (primitive,) = tree["meshes"][0]["primitives"]
    accessor = tree["accessors"][primitive["attributes"]["COLOR_0"]]
    assert (accessor["componentType"], accessor["type"]) == (5123, "VEC4")
    assert accessor["normalized"] is True
    assert set(primitive["attributes"]) == {"POSITION", "NORMAL", "COLOR_0", "_CONFIDENCE"}
    view = tree["bufferViews"][accessor["bufferView"]]
    raw = np.frombuffer(data, "<u2", 4 * accessor["count"], view["byteOffset"]).reshape(-1, 4)
    light = raw[:, :3] / 65535
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    np.testing.assert_array_equal(np.rint(srgb * 255), painted.vertex_attributes[COLOUR])
    assert (raw[:, 3] == 65535).all()
    # Colours are multiplied by the material's.
    material = tree["materials"][primitive["material"]]
    assert material["pbrMetallicRoughness"]["baseColorFactor"] == [1, 1, 1, 1]


@pytest.mark.parametrize("suffix", [".stl", ".off"])
def test_formats_without_a_place_for_them_are_written_without(painted, tmp_path, suffix):
    plain = painted.copy()
    del plain.vertex_attributes[COLOUR]

    write_mesh(painted, tmp_path / f"painted{suffix}")
    write_mesh(plain, tmp_path / f"plain{suffix}")

    first, second = (tmp_path / f"{name}{suffix}" for name in ("painted", "plain"))
    assert first.read_bytes() == second.read_bytes()
    assert COLOUR in painted.vertex_attributes  # the mesh is not changed
