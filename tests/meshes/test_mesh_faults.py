"""Damaged and malicious mesh files: one line each, in bounded time and memory."""

import json
import os
import struct
import warnings
from collections import Counter

import numpy as np
import pytest

from onet_cli.archives.files import FolderFiles
from onet_cli.errors import SourceError
from onet_cli.meshes import polygons
from onet_cli.meshes.crossed import crossing_shares
from onet_cli.meshes.polygons import MOST_CORNERS, cut_polygons
from onet_cli.meshes.read import load_mesh, read_mesh
from tests.faults.kept import KEPT

OFF = b"OFF\n4 4 0\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"
OBJ = (
    b"mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nvt 1 0\nvt 0 1\nvn 0 0 1\n"
    b"usemtl a\nf 1/1/1 3/3/1 2/2/1\nf 1/1 2/2 4/3\nf 2 3 4\nf -4 -1 -2\n"
)
MTL = b"newmtl a\nKd 0.5 0.5 0.5\nd 0.5\nNs 10\nmap_Kd -s 2 2 -o 1 1 t.png\n"
PLY = (
    b"ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n"
    b"property float z\nelement face 4\nproperty list uchar int vertex_indices\nend_header\n"
    b"0 0 0\n1 0 0\n0 1 0\n0 0 1\n3 0 2 1\n3 0 1 3\n3 1 2 3\n3 0 3 2\n"
)
STL = b"x" * 80 + struct.pack("<I", 2) + 2 * (struct.pack("<12f", *range(12)) + b"\0\0")


def glb(node=None, **changes):
    """A triangle with texture coordinates; `changes` replace fields of its accessors.

    `node` are more fields of its node.
    """
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32).tobytes()
    uv = np.array([[0, 0], [1, 0], [0, 1]], np.float32).tobytes()
    indices = np.array([0, 1, 2], np.uint32).tobytes()
    places = [(0, len(points)), (len(points), len(uv)), (len(points) + len(uv), len(indices))]
    accessors = [
        {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
        {"bufferView": 1, "componentType": 5126, "count": 3, "type": "VEC2"},
        {"bufferView": 2, "componentType": 5125, "count": 3, "type": "SCALAR"},
    ]
    for place, fields in changes.items():
        accessors[int(place.removeprefix("a"))] |= fields
    header = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0} | (node or {})],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
        "meshes": [
            {
                "primitives": [
                    {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2, "material": 0}
                ]
            }
        ],
        "accessors": accessors,
        "bufferViews": [
            {"buffer": 0, "byteOffset": start, "byteLength": length} for start, length in places
        ],
        "buffers": [{"byteLength": sum(length for _, length in places)}],
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    body = points + uv + indices
    whole = struct.pack("<I4s", len(text), b"JSON") + text
    whole += struct.pack("<I4s", len(body), b"BIN\0") + body
    return b"glTF" + struct.pack("<II", 2, 12 + len(whole)) + whole


def read_or_refuse(path):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            load_mesh(FolderFiles(path.parent), path.name)
    except SourceError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert len(str(error)) < 400  # noqa: PT017


@pytest.mark.parametrize(
    ("suffix", "whole"),
    [(".off", OFF), (".obj", OBJ), (".ply", PLY), (".stl", STL), (".glb", glb())],
)
def test_a_mutated_mesh_is_read_or_refused_in_one_line(tmp_path, suffix, whole):
    rng = np.random.default_rng(4)
    numbers = [b"-1", b"1e308", b"nan", b"inf", b"999999999999", b"-0", b"1e-320", b"\xff", b""]
    (tmp_path / "a.mtl").write_bytes(MTL)
    path = tmp_path / f"m{suffix}"
    for turn in range(300):
        data = bytearray(whole)
        if turn % 2:
            for place in rng.integers(0, len(data), rng.integers(1, 6)):
                data[place] = rng.integers(0, 256)
        else:
            start = int(rng.integers(0, len(data)))
            data[start : start + int(rng.integers(0, 5))] = numbers[turn % len(numbers)]
        path.write_bytes(bytes(data))
        read_or_refuse(path)


def test_a_mutated_material_file_is_read_or_passed_over(tmp_path):
    rng = np.random.default_rng(5)
    (tmp_path / "m.obj").write_bytes(OBJ)
    for _ in range(300):
        data = bytearray(MTL)
        for place in rng.integers(0, len(data), rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
        (tmp_path / "a.mtl").write_bytes(bytes(data))
        read_or_refuse(tmp_path / "m.obj")


@pytest.mark.parametrize(
    "changes",
    [
        {"a0": {"count": float("inf")}},
        {"a2": {"count": float("nan")}},
        {"a1": {"count": 1}},
        {"a0": {"count": 1}},
        {"a2": {"count": 10**8}},
        {"a2": {"count": -3}},
        {"a1": {"type": "SCALAR"}},
        {"a1": {"bufferView": 99}},
        {"a0": {"componentType": 5121}},
    ],
)
def test_a_damaged_gltf_is_refused_in_one_line(tmp_path, changes):
    path = tmp_path / "m.glb"
    path.write_bytes(glb(**changes))

    read_or_refuse(path)


def test_the_whole_gltf_is_read(tmp_path):
    path = tmp_path / "m.glb"
    path.write_bytes(glb())

    assert len(read_mesh(path).faces) == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e18, 1e200, 1e308])
def test_a_scene_that_moves_its_parts_out_of_all_bounds_is_refused(tmp_path, scale):
    path = tmp_path / "m.glb"
    path.write_bytes(glb({"scale": [scale] * 3}))

    with pytest.raises(SourceError, match="has parts that its transforms move 1e18 or farther"):
        read_mesh(path)


@pytest.mark.filterwarnings("error")
def test_a_scene_that_shrinks_its_parts_is_read(tmp_path):
    path = tmp_path / "m.glb"
    path.write_bytes(glb({"scale": [1e-200] * 3}))

    assert read_mesh(path).vertices.max() == pytest.approx(1e-200)


@pytest.mark.parametrize("name", ["gltf_count_inf.glb", "gltf_short_uv.glb", "uv/m.obj"])
def test_meshes_that_broke_a_command_are_refused(name):
    with pytest.raises(SourceError) as caught:
        read_mesh(KEPT / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("scale", ["1e308 1e308", "-1e300 1", "1e39 1e39"])
def test_a_texture_scaled_to_infinity_is_a_reason_to_skip(tmp_path, scale):
    (tmp_path / "m.obj").write_bytes(OBJ.replace(b"vt 1 0", b"vt 100 0"))
    (tmp_path / "a.mtl").write_text(f"newmtl a\nmap_Kd -s {scale} t.png\n")

    with pytest.raises(SourceError, match="not finite"):
        read_mesh(tmp_path / "m.obj")


def boundary(triangles, corners):
    """Return the directed edges that the triangles have more often than their opposites."""
    net = Counter()
    for a, b, c in triangles.tolist():
        for start, end in ((a, b), (b, c), (c, a)):
            net[corners[start], corners[end]] += 1
            net[corners[end], corners[start]] -= 1
    return {edge for edge, count in net.items() if count > 0}


@pytest.mark.parametrize("sizes", [(20_000,), (40,) * 100])
def test_polygons_of_crossing_corners_become_fans_beyond_a_bound_of_work(sizes, monkeypatch):
    points = np.random.default_rng(0).random((max(sizes), 3)) * (1, 1, 0)
    corners = np.tile(np.arange(max(sizes)), len(sizes))
    monkeypatch.setattr(polygons, "_UNTESTED_WORK", 50 * 40 * 540)

    triangles, polygon, said = cut_polygons(points, corners, np.array(sizes))

    assert "cut as fans" in said[0]
    last = triangles[polygon == len(sizes) - 1] % max(sizes)
    assert boundary(last, corners) == {(i, (i + 1) % max(sizes)) for i in range(max(sizes))}


def test_large_polygons_that_hardly_cross_themselves_are_clipped_all_the_same():
    count = 12_000  # beyond what is clipped without a look at its crossings
    angles = np.arange(count) * 2 * np.pi / count
    radii = np.where(np.arange(count) % 2, 1.0, 0.9)
    points = np.column_stack([radii * np.cos(angles), radii * np.sin(angles), 0 * angles])
    points[[7, 8]] = points[[8, 7]]

    triangles, _, said = cut_polygons(points, np.arange(count), np.array([count]))

    a, b, c = (points[triangles[:, corner], :2] for corner in range(3))
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert said == ()
    assert np.abs(areas).sum() == pytest.approx(np.pi * 0.9, rel=0.01)


def test_shares_of_crossings_are_those_of_all_pairs():
    bow_tie = [(0, 0), (1, 1), (1, 0), (0, 1)]
    square = [(0, 0), (1, 0), (1, 1), (0, 1)]
    random = np.random.default_rng(0).random((1, 2000, 2))

    assert crossing_shares(np.array([bow_tie, square], float)).tolist() == [0.5, 0]
    assert crossing_shares(random)[0] == pytest.approx(0.23, abs=0.02)


def test_a_polygon_of_too_many_corners_is_refused():
    count = MOST_CORNERS + 1

    with pytest.raises(SourceError, match="corners; the limit is"):
        cut_polygons(np.zeros((count, 3)), np.arange(count), np.array([count]))


def test_a_pipe_or_a_device_is_no_mesh(tmp_path):
    os.mkfifo(tmp_path / "m.obj")
    (tmp_path / "endless.stl").symlink_to("/dev/zero")

    for name in ("m.obj", "endless.stl"):
        with pytest.raises(SourceError, match="not a regular file"):
            read_mesh(tmp_path / name)
