import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh

from onet_cli.archives.files import FolderFiles
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.meshes.read import load_mesh

RECIPE = Path(__file__).parents[2] / "recipes" / "furniture"


@pytest.fixture(autouse=True)
def recipe_modules(monkeypatch):
    monkeypatch.syspath_prepend(str(RECIPE))


def two_coloured_box():
    """A box of two materials, one with a texture: its left half red, its right half blue."""
    mesh = trimesh.creation.box((1, 0.5, 0.25))
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, :32, 0] = picture[:, 32:, 2] = 255
    uv = np.tile(np.float32([[0, 0], [1.5, 0], [0, 1]]), (12, 1, 1))
    materials = (Material(texture=picture), Material((10, 200, 30), opacity=0.4, gloss=0.7))
    return mesh, Appearance(materials, np.repeat(np.int32([0, 1]), 6), uv)


def reloaded(packed, folder):
    from packing.packed import unpack

    (folder / "object.glb").write_bytes(unpack(packed))
    return load_mesh(FolderFiles(folder), "object.glb")


def test_a_box_keeps_its_shape_and_looks(tmp_path):
    from packing.packed import STEPS, pack

    mesh, appearance = two_coloured_box()

    loaded = reloaded(pack("box", mesh, appearance, 1000, 64), tmp_path)

    assert len(loaded.mesh.faces) == 12
    assert loaded.mesh.volume == pytest.approx(mesh.volume, rel=1e-3)
    np.testing.assert_allclose(loaded.mesh.bounds, mesh.bounds, atol=0.6 / STEPS)
    looks = loaded.appearance
    plain = [m for m in looks.materials if m.texture is None]
    assert [(m.colour, m.opacity) for m in plain] == [((10, 200, 30), pytest.approx(0.4, abs=0.01))]
    assert plain[0].gloss == pytest.approx(0.7, abs=0.01)
    (textured,) = [m for m in looks.materials if m.texture is not None]
    assert abs(textured.texture[16, 8, :3].astype(int) - [255, 0, 0]).max() < 30
    assert abs(textured.texture[16, 56, :3].astype(int) - [0, 0, 255]).max() < 30
    own = looks.uv[looks.material_of_face == looks.materials.index(textured)]
    assert own.max() == pytest.approx(1.5, abs=1e-3)
    assert own.min() == pytest.approx(0, abs=1e-3)


def test_a_mesh_of_many_faces_is_simplified_and_coloured_by_vertex(tmp_path):
    from packing.packed import pack

    mesh = trimesh.creation.icosphere(subdivisions=5, radius=0.5)
    right = mesh.triangles_center[:, 0] > 0
    appearance = Appearance((Material((250, 0, 0)), Material((0, 0, 250))), right.astype(np.int32))

    loaded = reloaded(pack("ball", mesh, appearance, 2000, 64), tmp_path)

    assert 1990 < len(loaded.mesh.faces) <= 2000
    np.testing.assert_allclose(np.linalg.norm(loaded.mesh.vertices, axis=1), 0.5, atol=0.01)
    colours = loaded.appearance.corner_colours.reshape(-1, 3).astype(int)
    corners = loaded.mesh.vertices[loaded.mesh.faces.ravel()]
    assert abs(colours[corners[:, 0] > 0.1] - [0, 0, 250]).max() < 3
    assert abs(colours[corners[:, 0] < -0.1] - [250, 0, 0]).max() < 3


def test_a_file_gives_back_what_was_packed_in_it(tmp_path):
    from packing.packed import pack
    from packing.store import COLUMNS, read_pack, write_pack

    ball = trimesh.creation.icosphere(subdivisions=4, radius=0.5)
    shell = trimesh.creation.annulus(0.2, 0.5, 0.6)
    packed = [
        pack("a/box", *two_coloured_box(), 1000, 64),
        pack("a/ball", ball, Appearance.plain(len(ball.faces), (1, 2, 3)), 500, 64),
        pack("b/shell", shell, Appearance.plain(len(shell.faces)), 1000, 64),
    ]

    write_pack(tmp_path / "x.pack", packed, "obj,use\na/box.glb,train\n")
    found, table = read_pack(tmp_path / "x.pack")

    assert table == "obj,use\na/box.glb,train\n"
    for before, after in zip(packed, found, strict=True):
        assert (after.name, after.looks) == (before.name, before.looks)
        for name in COLUMNS:
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))


@pytest.mark.parametrize("size", [0, 14_999_999, 15_000_000, 31_000_000])
def test_pieces_make_the_file_again(tmp_path, size):
    from packing.pieces import MOST_BYTES, join, split

    data = np.random.default_rng(size).integers(0, 256, size, np.uint8).tobytes()
    (tmp_path / "file").write_bytes(data)
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / "weights.10").write_bytes(b"of an earlier, larger file")

    pieces = split(tmp_path / "file", tmp_path / "pieces")

    assert sorted(pieces) == sorted((tmp_path / "pieces").iterdir())
    assert all(piece.stat().st_size <= MOST_BYTES for piece in pieces)
    assert join(tmp_path / "pieces", tmp_path / "again").read_bytes() == data


def test_no_pieces_are_said_to_be_missing(tmp_path):
    from packing.pieces import join

    with pytest.raises(FileNotFoundError, match="weights"):
        join(tmp_path, tmp_path / "again")


@pytest.mark.slow
def test_two_runs_on_a_gpu_are_rehearsed(tmp_path):
    meshes = tmp_path / "meshes"
    meshes.mkdir()
    rows = ["obj,category,use"]
    for number in range(12):
        trimesh.creation.box((1, 0.3 + 0.05 * number, 0.5)).export(meshes / f"{number}.glb")
        rows.append(f"{number}.glb,box,{'val' if number > 8 else 'train'}")
    (tmp_path / "table.csv").write_text("\n".join(rows))
    script = [sys.executable, str(RECIPE / "pack.py"), str(meshes), str(tmp_path / "table.csv")]
    subprocess.run([*script, "-o", str(tmp_path / "x.pack"), "--workers", "1"], check=True)

    init, made = "furniture", ["--data", str(tmp_path / "data")]
    for number, more in enumerate(([*made, "--only-data"], made, [])):
        out, work = tmp_path / f"out{number}", tmp_path / "work"
        command = [sys.executable, str(RECIPE / "gpu.py"), str(tmp_path / "x.pack"), str(out)]
        command += ["--device", "cpu", "--limit", "12", "--generated", "4", "--seconds", "100"]
        command += ["--no-bench", "--work", str(work), "--init", init, "--seed", str(number)]
        subprocess.run([*command, *more], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
        if "--only-data" in more:
            continue

        record = json.loads((out / "record.json").read_text())
        assert ("data s" in record) == (more == [])
        assert record["trained"]
        assert record["training"]["steps"] > 0
        assert record["scored"]
        assert record["left s"] > 0
        assert all(path.stat().st_size < 16e6 for path in out.iterdir())
        init = str(out)
