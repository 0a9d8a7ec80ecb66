"""The README's commands in sequence, smaller: procedural shapes to a mesh and an ONNX file."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.evaluation.report import from_json
from onet_cli.meshes.read import read_mesh
from onet_cli.meshes.write import write_mesh
from onet_cli.shapes.store import ShapeStore
from tests.analytic import Sphere


def onet(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.stdout


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("pipeline")


@pytest.fixture(scope="module")
def data(work):
    arguments = "--count 10 --views 4 --image-size 64 --points 8192 --workers 0"
    onet("preprocess", "procedural", work / "data", *arguments.split())
    return work / "data"


@pytest.fixture(scope="module")
def checkpoint(work, data):
    arguments = "--max-steps 40 --batch-size 4 --points 512 --val-every 20 --workers 0 --device cpu"
    arguments += " --mesh-every 0"
    printed = onet("train", data, "-o", work / "run", *arguments.split())
    assert printed.strip() == str(work / "run/best.safetensors")
    return work / "run/best.safetensors"


def test_a_data_set_is_complete_and_made_only_once(data):
    store = ShapeStore.open(data)

    again = onet("preprocess", "procedural", data, "--count", 10, "--views", 4,
                 "--image-size", 64, "--points", 8192, "--workers", 0)  # fmt: skip

    assert "0 shapes written, 10 already there, 0 skipped" in again
    assert len(store.ids()) == 10
    assert sorted(store.ids("train") + store.ids("val") + store.ids("test")) == store.ids()


def test_a_photo_becomes_a_closed_mesh_with_a_preview(work, data, checkpoint):
    store = ShapeStore.open(data)
    photo = work / "photo.jpg"
    photo.write_bytes(store.read_view(store.ids("test")[0], 0))

    printed = onet("reconstruct", photo, "-c", checkpoint, "-o", work / "mesh.ply", "--json",
                   "--preview", "--resolution", 32, "--threshold", 0.05)  # fmt: skip

    record = json.loads(printed)[0]
    mesh = read_mesh(work / "mesh.ply")
    assert mesh.is_watertight
    assert len(mesh.faces) == record["faces"]
    assert record["closed"] is True
    assert mesh.volume == pytest.approx(record["volume"], rel=1e-4)
    pictures = list(work.glob("mesh*.png"))
    assert len(pictures) == 1
    with Image.open(pictures[0]) as preview:
        assert np.asarray(preview).std() > 5


def test_every_test_shape_is_scored(work, data, checkpoint):
    onet("evaluate", data, "-c", checkpoint, "--output", work / "scores.json", "--resolution", 32)

    table = from_json((work / "scores.json").read_text())
    assert [result.id for result in table.objects] == ShapeStore.open(data).ids("test")
    assert table.facts.protocol == "strict"
    assert table.facts.checkpoint_path == str(checkpoint)
    assert 0 <= table.objects[0].metrics.iou <= 1


def test_a_mesh_is_exported_with_fewer_faces(work):
    write_mesh(Sphere(0.4).mesh(), work / "ball.obj")

    onet("export", work / "ball.obj", work / "small.stl", "--faces", 100)

    mesh = read_mesh(work / "small.stl")
    assert mesh.is_watertight
    assert len(mesh.faces) == 100
