"""Inputs that once broke a command, through each command that reads them: a line or two each."""

import shutil
import tracemalloc

import numpy as np
import pytest
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.errors import OnetError
from onet_cli.meshes.read import read_mesh
from onet_cli.models.weights import read_plain_pickle
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore
from tests.faults.kept import KEPT, kept_hdf5
from tests.reconstruction.rigged import disc_photo
from tests.shapes.test_faults import store  # noqa: F401 - a fixture

SMALL = [
    "--views",
    "1",
    "--resolution",
    "16",
    "--points",
    "100",
    "--image-size",
    "32",
    "--workers",
    "0",
]
PYRAMID = (
    "mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl a\n"
    "f 1/1 3/3 2/2\nf 1/1 2/2 4/3\nf 2/1 3/2 4/3\nf 1/1 4/2 3/3\n"
)


def onet(*arguments):
    """Return what a command printed, and its failure in a line."""
    result = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "300"})
    assert result.exit_code == 1
    if isinstance(result.exception, OnetError):
        assert "\n" not in str(result.exception)
        return f"{result.output}error: {result.exception}"
    assert isinstance(result.exception, SystemExit)
    return result.output


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gltf_count_inf.glb", "accessors[0] has a count that is not a non-negative integer"),
        ("gltf_short_uv.glb", "accessors[2] has a count that is not a non-negative integer"),
        ("uv/m.obj", "the texture coordinates, as materials scale them, are not finite"),
    ],
)
def test_a_mesh_is_refused_by_export_and_skipped_by_preprocess(name, reason, tmp_path):
    (tmp_path / "set").mkdir()
    for path in (KEPT / "uv").iterdir() if "/" in name else [KEPT / name]:
        shutil.copy(path, tmp_path / "set")

    for target in ("x.ply", "x.npz"):
        printed = onet("export", KEPT / name, tmp_path / target)
        assert printed.startswith("error: ")
        assert printed.endswith(reason)
        assert not (tmp_path / target).exists()
    printed = onet("preprocess", tmp_path / "set", tmp_path / "data", "-q", *SMALL)
    assert printed.startswith("1 skipped:\n")
    assert printed.endswith(f"{reason}\n")
    assert printed.count("\n") == 2


def test_an_archive_whose_arrays_would_fill_the_memory_is_skipped(tmp_path):
    tracemalloc.start()
    try:
        printed = onet("preprocess", KEPT / "bomb_npz_17kB.zip", tmp_path / "data", "-q", *SMALL)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert "points.npz unpacks to 5 GiB; the limit is 512 MiB\n" in printed
    assert printed.count("\n") == 2
    assert most < 2**27


@pytest.mark.parametrize("name", ["photo_9b7bc663.png", "hang.tiff"])
def test_a_picture_fails_alone_as_photo_and_is_left_out_as_texture(name, tmp_path, recwarn):
    (tmp_path / "photos").mkdir()
    shutil.copy(KEPT / name, tmp_path / "photos")
    disc_photo().save(tmp_path / "photos" / "whole.png")
    (tmp_path / "set").mkdir()
    shutil.copy(KEPT / name, tmp_path / "set" / "t.png")
    (tmp_path / "set" / "a.mtl").write_text("newmtl a\nmap_Kd t.png\n")
    (tmp_path / "set" / "m.obj").write_text(PYRAMID)

    printed = onet(
        "reconstruct", tmp_path / "photos", "-o", tmp_path / "out", "-q", "--resolution", "16"
    )
    mesh = read_mesh(tmp_path / "set" / "m.obj")

    assert printed.startswith("1 failed:\n")
    assert printed.count("\n") == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["whole.obj"]
    assert len(mesh.faces) == 4
    assert [str(each.message) for each in recwarn if "DecompressionBomb" in str(each)] == []


def test_a_checkpoint_that_sets_the_state_of_a_numpy_kind_makes_nothing_of_numpy(
    tmp_path, monkeypatch
):
    made = []
    monkeypatch.setattr(np, "dtype", lambda *given, **named: made.append(given))

    with pytest.raises(OnetError, match="holds no network"):
        read_plain_pickle(KEPT / "segv_dtype_setstate.pt")
    assert made == []


def test_a_checkpoint_that_crashed_the_process_is_refused_in_a_line(tmp_path):
    printed = onet("export", KEPT / "segv_dtype_setstate.pt", tmp_path / "x.safetensors")

    assert printed.endswith("the file holds no network")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", sorted(kept_hdf5()))
def test_a_damaged_shape_file_is_listed_by_verify(name, store):  # noqa: F811
    store.path(ShapeId("chair", "1")).write_bytes(kept_hdf5()[name])

    printed = onet("preprocess", store.root, "--verify")

    assert "1 damaged:\n  chair/1: " in printed
    assert printed.count("is damaged: ") == 1
    assert "1 shapes intact" in printed
    assert ShapeStore.open(store.root).verify(ShapeId("chair", "2"))
