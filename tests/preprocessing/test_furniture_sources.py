import csv
import io
import json
import re
import runpy
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from onet_cli.archives.files import FolderFiles
from onet_cli.meshes.read import load_mesh
from onet_cli.preprocessing.sources.manifest import Manifest

RECIPE = Path(__file__).parents[2] / "recipes" / "furniture"
LICENCES = {"CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "MIT", "MIT-0", "Apache-2.0", "BSD-3-Clause"}
HELD_OUT = {"aws-robotics/aws-robomaker-small-house-world", "osrf/gazebo_models"}
COLUMNS = ["obj", "source", "commit", "path", "node", "category", "use", "creator", "licence"]

ASSEMBLY = """<mujoco><asset>
  <mesh file="stand/box.stl" name="box" scale="0.5 0.5 0.5" />
</asset><worldbody>
  <body name="top" pos="0 0 2"><geom type="mesh" mesh="box" pos="0 0 0" /></body>
  <body name="leg" pos="0 0 0"><geom type="mesh" mesh="box" pos="0 0 0" />
    <geom type="box" size="9 9 9" /></body>
</worldbody></mujoco>"""


@pytest.fixture(scope="module")
def rows():
    with (RECIPE / "sources.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def recipe_modules(monkeypatch):
    monkeypatch.syspath_prepend(str(RECIPE))


def git(folder, *arguments):
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_every_source_object_is_pinned_licensed_and_named_once(rows):
    assert len({row["obj"] for row in rows}) == len(rows)
    assert len({(row["source"], row["path"], row["node"]) for row in rows}) == len(rows)
    for row in rows:
        assert re.fullmatch(r"[0-9a-f]{40}", row["commit"]), row
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", row["source"]), row
        assert row["path"]
        assert row["creator"]
        assert row["licence"] in LICENCES, row
        assert row["use"] in {"train", "test", "later"}, row
        assert row["obj"].startswith(f"{row['category']}/")
    assert list(rows[0])[: len(COLUMNS)] == COLUMNS


def test_every_repository_is_read_at_one_commit(rows):
    commits = {(row["source"], row["commit"]) for row in rows}
    assert len(commits) == len({source for source, _ in commits})


def test_the_test_split_is_made_of_whole_sources(rows):
    uses = defaultdict(set)
    for row in rows:
        uses[row["source"]].add(row["use"])

    assert {source for source, found in uses.items() if "test" in found} == HELD_OUT
    assert all(uses[source] == {"test"} for source in HELD_OUT)


def test_makers_who_ask_to_be_named_are_named(rows):
    named = " ".join((RECIPE / "ATTRIBUTION.md").read_text(encoding="utf-8").split())

    for row in rows:
        if row["licence"].startswith("CC-BY") and row["use"] != "later":
            makers = row["creator"].split("; ")
            assert all(maker.split(" (")[0] in named for maker in makers), row
            assert row["source"] in named, row


def test_near_duplicates_of_the_sources_share_a_use(rows):
    uses = {(row["group"], row["use"]) for row in rows if row["group"]}
    assert len(uses) == len({group for group, _ in uses})


def test_the_table_of_sources_is_one_that_preprocess_reads():
    wanted = Manifest.read(RECIPE / "sources.csv").wanted()

    assert Counter(row["use"] for row in wanted) == {"train": 1680, "test": 50}


def exit_code_of_collecting(arguments, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["collect.py", *arguments])
    monkeypatch.syspath_prepend(str(RECIPE))
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(RECIPE / "collect.py"), run_name="__main__")
    return stopped.value.code


def test_the_recipe_collects_objects_from_clones_at_their_commit(tmp_path, monkeypatch, capsys):
    clone = tmp_path / "clones" / "someone" / "stands"
    (clone / "stand").mkdir(parents=True)
    trimesh.creation.box((2, 2, 2)).export(clone / "stand" / "box.stl")
    (clone / "stand.xml").write_text(ASSEMBLY)
    git(clone, "init", "--quiet")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "-m", "a stand")
    commit = git(clone, "rev-parse", "HEAD")
    (clone / "stand.xml").unlink()  # what is checked out does not count
    table = tmp_path / "table.csv"
    table.write_text(
        "obj,source,commit,path,node,use\n"
        f"table/stand.glb,someone/stands,{commit},stand.xml,,train\n"
        f"table/other.glb,someone/stands,{commit},stand.xml,,later\n"
        f"table/gone.glb,someone/stands,{commit},gone.xml,,train\n"
    )
    meshes = tmp_path / "meshes"
    arguments = [str(tmp_path / "clones"), str(meshes), "--table", str(table), "--workers", "1"]

    assert exit_code_of_collecting(arguments, monkeypatch) == 1
    assert "1 failed\n  table/gone.glb: FileNotFoundError" in capsys.readouterr().out
    assert [path.name for path in meshes.glob("*/*")] == ["stand.glb"]
    mesh = load_mesh(FolderFiles(meshes), "table/stand.glb").mesh
    # Two boxes of edge 1, the upper one from 1.5 to 2.5; z has become y.
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), [1, 3, 1], atol=1e-6)


SQUARE = """mtllib square.mtl
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
usemtl paint
f 1/1 2/2 3/3
f 1/1 3/3 4/4
"""


@pytest.mark.parametrize(
    ("library", "place", "colour"),
    [
        (b"newmtl paint\nmap_Kd picture.png \n", "a/meshes/picture.png", None),
        (b"newmtl paint\nmap_Kd picture.png\n", "a/materials/textures/picture.png", None),
        (b"newmtl paint\nKd 1 0 0\n", "a/meshes/picture.png", (1, 0, 0)),
        (None, "a/meshes/picture.png", None),
    ],
    ids=["picture", "picture as Gazebo keeps them", "colour", "missing"],
)
def test_a_wavefront_file_has_the_looks_of_its_library_or_none(
    recipe_modules, library, place, colour
):
    from collecting.wavefront import read_wavefront

    picture = io.BytesIO()
    Image.new("RGB", (4, 4), (0, 0, 255)).save(picture, "PNG")
    files = {"a/meshes/square.obj": SQUARE.encode(), place: picture.getvalue()}
    if library is not None:
        files["a/meshes/square.mtl"] = library

    def read(path):
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    (part,) = read_wavefront(read, "a/meshes/square.obj")

    assert len(part.faces) == 2
    assert part.colour == (None if colour is None else pytest.approx(colour))
    assert (part.picture is not None) == (library is not None and colour is None)
    if part.picture is not None:
        assert part.picture.convert("RGB").getpixel((0, 0)) == (0, 0, 255)
        assert part.uv.min() == 0
        assert part.uv.max() == 1


def test_a_clone_without_the_commit_is_named(tmp_path, monkeypatch, capsys):
    arguments = [str(tmp_path), str(tmp_path / "meshes"), "--source", "osrf/gazebo_models"]

    assert exit_code_of_collecting(arguments, monkeypatch) == 1
    assert "osrf/gazebo_models 8163eb4" in capsys.readouterr().out


@pytest.mark.usefixtures("recipe_modules")
def test_colours_are_given_by_name_and_only_where_there_are_none():
    from collecting.palette import paint
    from collecting.parts import Part

    corner = np.eye(3), np.array([[0, 1, 2]])
    parts = [Part(*corner, name="a"), Part(*corner, name="a"), Part(*corner, (1.0, 0.0, 0.0))]

    painted = paint(parts, "chair/x.glb")

    assert painted[0].colour == painted[1].colour
    assert painted[2].colour == (1.0, 0.0, 0.0)
    assert paint(parts, "chair/x.glb") == painted
    colours = {paint(parts, f"chair/{number}.glb")[0].colour for number in range(50)}
    assert len(colours) > 40


@pytest.mark.usefixtures("recipe_modules")
def test_quantized_points_become_plain_ones():
    from collecting.meshopt import unpacked

    points = np.array([[-32767, 0, 32767], [32767, -32767, 0], [0, 0, 0]], "<i2")
    data = np.pad(points, ((0, 0), (0, 1))).tobytes() + np.array([0, 1, 2], "<u2").tobytes()
    header = {
        "asset": {"version": "2.0"},
        "extensionsRequired": ["EXT_meshopt_compression", "KHR_mesh_quantization"],
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0, "NORMAL": 2}, "indices": 1}]}],
        "accessors": [
            accessor(0, 5122, "VEC3", normalized=True),
            accessor(1, 5123, "SCALAR"),
            accessor(0, 5120, "VEC3", normalized=True),
        ],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 24, "byteStride": 8},
            {"buffer": 0, "byteOffset": 24, "byteLength": 6},
        ],
        "buffers": [{"byteLength": len(data)}],
    }

    plain = unpacked(glb(header, data))

    scene = trimesh.load_scene(trimesh.util.wrap_as_stream(plain), file_type="glb", process=False)
    (mesh,) = scene.geometry.values()
    np.testing.assert_allclose(mesh.vertices, points / 32767, atol=1e-6)
    assert mesh.faces.tolist() == [[0, 1, 2]]


def test_a_turned_and_mirrored_copy_is_a_duplicate_and_another_shape_is_not():
    recipe = runpy.run_path(str(RECIPE / "duplicates.py"))
    rng = np.random.default_rng(0)

    def surface(turn, seat):
        parts = [trimesh.creation.box((0.1, 1, 0.6)), trimesh.creation.box((0.8, 0.1, 0.6))]
        parts[1].apply_translation((0.45, seat, 0))
        points, _ = trimesh.sample.sample_surface(
            trimesh.util.concatenate(parts), 8192, seed=int(rng.integers(99))
        )
        points = (points - (points.min(0) + points.max(0)) / 2) @ np.array(turn).T
        return recipe["_surface"]("x", "train", points.astype(np.float32))

    seat = surface(np.eye(3), 0.0)
    copy = surface([[0, 0, 1], [0, 1, 0], [1, 0, 0]], 0.0)

    assert recipe["distance"](seat, copy) < 0.01
    assert recipe["distance"](seat, surface(np.eye(3), 0.4)) > 0.02


def accessor(view, component, kind, normalized=False):
    return {
        "bufferView": view,
        "componentType": component,
        "type": kind,
        "count": 3,
        "normalized": normalized,
    }


def glb(header, data):
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    data += b"\0" * (-len(data) % 4)
    chunks = len(text).to_bytes(4, "little") + b"JSON" + text
    chunks += len(data).to_bytes(4, "little") + b"BIN\0" + data
    return b"glTF" + (2).to_bytes(4, "little") + (12 + len(chunks)).to_bytes(4, "little") + chunks
