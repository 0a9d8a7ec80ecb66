"""Who calls the wrong command is told the right one."""

import sys

import pytest
from PIL import Image
from typer.testing import CliRunner

from onet_cli.app import app
from onet_cli.errors import OnetError
from tests.preprocessing.libraries import box_obj


@pytest.fixture
def folder(tmp_path, monkeypatch):
    Image.new("RGB", (32, 32)).save(tmp_path / "chair.jpg")
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes" / "box.obj").write_text(box_obj(1, 2, 3))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["preprocess", "chair.jpg", "data"], "onet reconstruct chair.jpg"),
        (["export", "chair.jpg", "x.obj"], "onet reconstruct chair.jpg -o x.obj"),
        (["reconstruct", "meshes/box.obj"], "onet export meshes/box.obj TARGET"),
        (["train", "meshes", "-o", "run", "--max-steps", "1"], "onet preprocess meshes DATA"),
        (["evaluate", "absent", "-c", "furniture"], "onet preprocess SOURCE absent"),
    ],
)
def test_a_file_of_another_kind_leads_to_its_command(arguments, hint, folder):
    error = CliRunner().invoke(app, arguments).exception

    assert isinstance(error, OnetError)
    assert hint in str(error.hint)
    assert sorted(path.name for path in folder.iterdir()) == ["chair.jpg", "meshes"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chair.jpg"], "onet reconstruct chair.jpg"),
        (["predict", "chair.jpg"], "onet reconstruct"),
        (["eval", "data"], "onet evaluate"),
        (["help", "train"], "onet COMMAND -h"),
        (["meshes"], "onet preprocess meshes DATA"),
        (["reconstrcut", "chair.jpg"], "reconstruct"),
    ],
)
def test_a_verb_that_is_none_leads_to_one_that_is(arguments, said, folder):
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 2
    assert said in " ".join(result.output.replace("│", " ").split())


def test_an_evaluation_of_nothing_is_refused_before_torch_is_loaded(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onet_cli.evaluation.pool", None)  # it imports torch

    result = CliRunner().invoke(app, ["evaluate", "data"])

    assert result.exit_code == 2
    assert "give one of --checkpoint" in result.output
