"""The JSON that commands print and write is as docs/schemas say."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.models.checkpoint import save_checkpoint
from onet_cli.shapes.shape import ShapeId
from tests.evaluation.synthetic import CHAIR, make_store
from tests.preprocessing.libraries import box_obj
from tests.reconstruction.rigged import disc_photo, sphere_checkpoint

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def check(name, text):
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    Draft7Validator.check_schema(schema)
    faults = [
        error.message[:300] for error in Draft7Validator(schema).iter_errors(json.loads(text))
    ]
    assert faults == []


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "ball.safetensors"
    made = sphere_checkpoint(0.3)
    save_checkpoint(path, made.network, made.info)
    return path


def test_results_of_photos_good_and_bad(model, tmp_path):
    disc_photo().save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")

    result = run("reconstruct", tmp_path, "-c", model, "--resolution", 32, "--json")

    assert [record["path"] is None for record in json.loads(result.stdout)] == [True, False]
    check("reconstruct", result.stdout)


def test_results_of_the_shipped_model(tmp_path):
    photo = SCHEMAS.parents[1] / "examples" / "chair.jpg"
    target = tmp_path / "chair.obj"

    result = run("reconstruct", photo, "-o", target, "--resolution", 32, "--json")

    check("reconstruct", result.stdout)


def test_scores(model, tmp_path):
    make_store(tmp_path / "data", [ShapeId(CHAIR, "a"), ShapeId(CHAIR, "b")])
    small = ["--resolution", 16, "--workers", 0, "--format", "json"]

    check("evaluate", run("evaluate", tmp_path / "data", "-c", model, *small).stdout)


def test_reports_of_preprocessing(tmp_path):
    (tmp_path / "box").mkdir()
    (tmp_path / "box" / "a.obj").write_text(box_obj(1, 2, 3))
    (tmp_path / "box" / "b.obj").write_text("no mesh")
    small = ["--views", 1, "--points", 64, "--resolution", 16, "--workers", 0]

    run("preprocess", tmp_path / "box", tmp_path / "out", *small)

    check("preprocess", (tmp_path / "out" / "preprocess.json").read_text())


@pytest.mark.parametrize("command", ["models", "checks"])
def test_lists(command):
    check(command, run(command, "--json").stdout)
