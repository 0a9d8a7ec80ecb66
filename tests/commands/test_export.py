import numpy as np
import pytest
import trimesh
import typer
from typer.testing import CliRunner

from onet_cli.commands.export import export
from onet_cli.errors import InvalidOptionError, OnetError, SourceError
from onet_cli.models.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import ModelSpec

app = typer.Typer()
app.command()(export)


@pytest.fixture
def checkpoint(tmp_path):
    spec = ModelSpec("small", "convnet", "simple", code_dim=8, hidden_dim=8, image_size=32)
    save_checkpoint(tmp_path / "c.safetensors", OccupancyNetwork(spec), CheckpointInfo(spec))
    return tmp_path / "c.safetensors"


@pytest.fixture
def box(tmp_path):
    trimesh.creation.box((1, 2, 4)).export(tmp_path / "box.obj")
    return tmp_path / "box.obj"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_mesh_becomes_another_format_and_the_line_says_what(box, tmp_path):
    result = run(box, tmp_path / "new" / "box.glb")

    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'new' / 'box.glb'}  8 vertices, 12 faces, closed\n"


def test_a_gltf_file_is_a_mesh_too(box, tmp_path):
    parts = trimesh.load_scene(box).export(file_type="gltf")
    for name, data in parts.items():
        (tmp_path / name).write_bytes(data)

    result = run(tmp_path / "model.gltf", tmp_path / "out.ply")

    assert result.stdout == f"{tmp_path / 'out.ply'}  8 vertices, 12 faces, closed\n"


def test_a_file_that_is_no_mesh_is_refused_and_nothing_is_written(tmp_path):
    (tmp_path / "bad.obj").write_text("not a mesh")

    result = run(tmp_path / "bad.obj", tmp_path / "out.npz")

    assert isinstance(result.exception, SourceError)
    assert [file.name for file in tmp_path.iterdir()] == ["bad.obj"]


def test_a_folder_is_no_mesh(tmp_path):
    (tmp_path / "folder.obj").mkdir()

    with pytest.raises(SourceError, match="is a folder"):
        export(source=str(tmp_path / "folder.obj"), target=tmp_path / "out.ply")


def test_a_target_below_a_file_is_an_error_of_the_user(box):
    with pytest.raises(OnetError, match="cannot be written"):
        export(source=str(box), target=box / "box.stl")


def test_a_mesh_becomes_voxels_at_the_asked_resolution(box, tmp_path):
    result = run(box, tmp_path / "box.npz", "--resolution", 16)

    assert result.stdout == f"{tmp_path / 'box.npz'}  16 x 16 x 16 cells, 512 inside\n"
    with np.load(tmp_path / "box.npz") as file:
        assert file["occupancies"].sum() == 4 * 8 * 16


def test_a_checkpoint_in_half_precision_is_half_as_large_and_loads(checkpoint, tmp_path):
    result = run(checkpoint, tmp_path / "half.safetensors", "--half")

    assert "half precision" in result.stdout
    size = (tmp_path / "half.safetensors").stat().st_size
    assert size < 0.6 * checkpoint.stat().st_size
    assert load_checkpoint(tmp_path / "half.safetensors", "cpu").info.spec.name == "small"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("box.obj", "x.onnx"), "a mesh cannot be exported to x.onnx"),
        (("c.safetensors", "x.obj"), "a checkpoint cannot be exported to x.obj"),
        (("box.obj", "x"), "a mesh cannot be exported to x"),
        (("box.obj", "x.ply", "--resolution", 8), "--resolution applies to"),
        (("box.obj", "x.npz", "--faces", 8), "--faces applies to"),
        (("box.obj", "x.ply", "--half"), "--half applies to"),
    ],
)
def test_what_does_not_go_together_is_refused(box, checkpoint, tmp_path, arguments, message):
    source, target, *options = arguments

    result = run(tmp_path / source, tmp_path / target, *options)

    assert isinstance(result.exception, InvalidOptionError)
    assert message in str(result.exception)
    assert not (tmp_path / target).exists()


def test_a_name_that_no_model_has_is_named_in_the_error(tmp_path):
    error = run("furnitur", tmp_path / "x.onnx").exception

    assert isinstance(error, OnetError)
    assert "furnitur" in str(error)


@pytest.mark.parametrize("name", ["out.ply", "out.onnx", "out.safetensors"])
def test_a_target_that_cannot_be_written_is_refused_before_the_work(name, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    source = "any.obj" if name.endswith(".ply") else "furniture"
    for work in ("load_mesh_file", "_export_network"):
        monkeypatch.setattr(f"onet_cli.exporting.export.{work}", None)

    result = run(source, tmp_path / "file" / name)

    assert f"{name} cannot be written: Not a directory" in str(result.exception)


def test_a_folder_of_meshes_is_converted_and_a_failure_told(box, tmp_path):
    (tmp_path / "torn.stl").write_bytes(b"solid?")

    result = run(tmp_path, tmp_path / "out", "--to", "ply")

    assert result.exit_code == 1
    assert result.stdout == f"{tmp_path / 'out' / 'box.ply'}  8 vertices, 12 faces, closed\n"
    assert "1 failed:" in result.stderr
    assert "torn.stl" in result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["box.ply"]


def test_a_folder_needs_to_be_told_what_to_become(box, tmp_path):
    result = run(tmp_path, tmp_path / "out")

    assert isinstance(result.exception, InvalidOptionError)
    assert "--to stl" in result.exception.hint
