"""Folders and zips as people have them: with files that are no meshes, and one that is huge."""

import json
import resource
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import trimesh
from typer.testing import CliRunner

from onet_cli import app as app_module
from onet_cli.shapes.store import ShapeStore
from tests.preprocessing.libraries import box_obj

QUICK = ["--points", "256", "--views", "2", "--image-size", "32", "--resolution", "32"]

BAD = {
    "chair/empty.obj": b"",
    "chair/nothing.obj": b"# no vertices, no faces\n",
    "chair/nan.obj": b"v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
    "chair/text.obj": b"Dear diary,\ntoday I wrote no mesh.\n",
    "chair/cut_ply.ply": b"ply\nformat binary_little_endian 1.0\nelement vertex 900\n",
    "chair/cut_stl.stl": b"\0" * 80 + b"\xff\xff\0\0" + b"\0" * 60,
    "chair/cut_glb.glb": b"glTF\x02\0\0\0",
    "chair/line.off": b"OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n",
    "chair/wrong.off": b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n",
}


def run(*arguments):
    words = ["preprocess", *map(str, arguments), "--workers", "0", *QUICK]
    return CliRunner().invoke(app_module.app, words, env={"COLUMNS": "300"})


def bad_folder(folder):
    files = BAD | {"chair/good.obj": box_obj(1, 2, 3).encode(), "readme.txt": b"hello"}
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_bad_files_are_named_with_their_reason_and_the_good_one_is_done(tmp_path):
    result = run(bad_folder(tmp_path / "mine"), tmp_path / "out")

    assert result.exit_code == 1
    assert f"1 shapes written, 0 already there, {len(BAD)} skipped" in result.stdout
    assert [str(i) for i in ShapeStore.open(tmp_path / "out").ids()] == ["chair/good"]
    report = json.loads((tmp_path / "out" / "preprocess.json").read_text())
    reasons = {entry["id"]: entry["reason"] for entry in report["skipped"]}
    assert set(reasons) == {name.rpartition(".")[0] for name in BAD}
    for shape, reason in reasons.items():
        assert f"  {shape}: {reason}" in result.stderr
        assert "\n" not in reason
        # A person can act on it: no names of Python's.
        assert "Error" not in reason
        assert "Traceback" not in reason
    assert "is empty" in reasons["chair/empty"]
    assert "finite" in reasons["chair/nan"]


def test_a_zip_with_a_path_that_leads_out_is_done_but_for_that(tmp_path):
    path = tmp_path / "deep" / "set.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../evil.obj", box_obj(1, 1, 1))
        archive.writestr("chair/good.obj", box_obj(1, 2, 3))

    result = run(path, tmp_path / "deep" / "out")

    assert result.exit_code == 1
    assert "'../evil.obj' points outside set.zip, so it is not read" in result.stderr
    assert "1 shapes written" in result.stdout
    assert not list(tmp_path.rglob("*evil*"))
    assert not (tmp_path / "evil.obj").exists()


def test_a_zip_cut_short_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("chair/good.obj", box_obj(1, 2, 3))
    data = (tmp_path / "set.zip").read_bytes()
    (tmp_path / "set.zip").write_bytes(data[:-30])

    result = run(tmp_path / "set.zip", tmp_path / "out")

    assert result.exit_code == 1
    assert "cannot be read as a zip" in str(result.exception)
    assert not (tmp_path / "out").exists()


def torus(rings, sides):
    """A closed torus of 2 * rings * sides faces."""
    u, v = np.meshgrid(np.arange(rings), np.arange(sides), indexing="ij")
    a, b = 2 * np.pi * u / rings, 2 * np.pi * v / sides
    radius = 1 + 0.4 * np.cos(b)
    points = np.stack([radius * np.cos(a), 0.4 * np.sin(b), radius * np.sin(a)], -1).reshape(-1, 3)

    def at(i, j):
        return (i % rings * sides + j % sides).ravel()

    corners = at(u, v), at(u, v + 1), at(u + 1, v + 1), at(u + 1, v)
    faces = np.concatenate([np.stack([corners[k] for k in t], -1) for t in ((0, 1, 2), (0, 2, 3))])
    return trimesh.Trimesh(points, faces, process=False)


@pytest.mark.slow
@pytest.mark.parametrize("solidify", ["auto", "always"])
def test_two_million_faces_are_done_in_bounded_time_and_memory(tmp_path, solidify):
    mesh = torus(1000, 1000)
    (tmp_path / "mine").mkdir()
    mesh.export(tmp_path / "mine" / "huge.ply")
    words = [tmp_path / "mine", tmp_path / "out", "--solidify", solidify, "--workers", "0"]
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({6 * 2**30},) * 2)\n"
    program = limit + "from onet_cli.app import main; main()"

    subprocess.run(
        [sys.executable, "-c", program, "preprocess", *map(str, words)], check=True, timeout=900
    )

    (shape_id,) = ShapeStore.open(tmp_path / "out").ids()
    shape = ShapeStore.open(tmp_path / "out").read(shape_id)
    facts = shape.extra["conversion"]
    assert facts["input_faces"] == 2_000_000
    true_volume = 2 * np.pi**2 * 0.4**2 / 2.8**3
    assert facts["volume"] == pytest.approx(true_volume, rel=0.02)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert most < 4 * 2**30
