"""Models in ONNX exports: the same answers as torch's, and no torch."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh

from onet_cli.errors import CheckpointError, InvalidOptionError
from onet_cli.exporting.onnx import export_onnx
from onet_cli.exporting.onnx_file import OnnxFile
from onet_cli.exporting.stages import stages_of
from onet_cli.geometry.nearest import nearest
from onet_cli.models import onnx_model
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint
from onet_cli.models.load import load_predictor
from onet_cli.models.onnx_model import GraphPoints, KernelPoints, OnnxModel, load_onnx
from onet_cli.models.onnx_names import ENCODER, POINTS
from onet_cli.reconstruction.batch import reconstruct
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.settings import GeneratorSettings
from tests.models.networks import inputs, tiny_network
from tests.reconstruction.rigged import calibrated, disc_photo, front_of, sphere_checkpoint

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "table.jpg"

needs_onnx = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="needs the extra [onnx]",
)

WITHOUT_TORCH = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "lightning", "efficientnet_pytorch"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
from onet_cli.app import main
try:
    main()
finally:
    assert "torch" not in sys.modules
    print("without torch", file=sys.stderr)
"""


def run_without_torch(*arguments):
    """Run the command where torch cannot be imported; return what it printed."""
    command = [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.endswith("without torch\n")
    return ran.stdout


class TorchStage:
    """A stage run by torch, in place of its ONNX file."""

    def __init__(self, stage):
        self.file = OnnxFile(stage)

    def run(self, values):
        given = {
            name: torch.from_numpy(np.asarray(values[name])) for name in self.file.stage.inputs
        }
        with torch.no_grad():
            return {name: each.numpy() for name, each in self.file.expected(given).items()}


def model_of(network):
    stages = {stage.name: TorchStage(stage) for stage in stages_of(network)}
    return OnnxModel(CheckpointInfo(network.spec), None, stages.pop(ENCODER), stages)


@pytest.mark.parametrize("kernel", [True, False])
@pytest.mark.parametrize(
    ("encoder", "decoder"),
    [("convnet-maps", "aligned"), ("convnet", "triplane"), ("convnet", "cbn")],
)
def test_codes_logits_and_slopes_are_those_of_the_checkpoint(encoder, decoder, kernel, monkeypatch):
    if not kernel:
        monkeypatch.setattr(onnx_model, "can_decode", lambda width: False)
    network = tiny_network(encoder, decoder)
    checkpoint, model = Checkpoint(network, CheckpointInfo(network.spec)), model_of(network)
    images, points = (each.numpy() for each in inputs(1, 300, network.spec.image_size))

    code = model.encode(images)
    field, expected = model.for_code(code), checkpoint.for_code(code)

    by_kernel = onnx_model.can_decode(network.spec.hidden_dim) and decoder != "cbn"
    assert isinstance(field, KernelPoints if by_kernel else GraphPoints)
    np.testing.assert_allclose(code, checkpoint.encode(images), atol=1e-5)
    np.testing.assert_allclose(model.describing(code), checkpoint.describing(code), atol=0)
    np.testing.assert_allclose(field(points[0]), expected(points[0]), atol=1e-3)
    logits, slopes = field.with_gradient(points[0])
    true_logits, true_slopes = expected.with_gradient(points[0])
    np.testing.assert_allclose(logits, true_logits, atol=1e-3)
    # Beside kinks of the piecewise field, rounding may choose the other side.
    off = np.linalg.norm(slopes - true_slopes, axis=1) / np.linalg.norm(true_slopes, axis=1).mean()
    assert np.quantile(off, 0.98 if decoder != "cbn" else 0.8) < 0.01


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A calibrated checkpoint of a ball, and its export."""
    pytest.importorskip("onnxscript")
    checkpoint = calibrated(sphere_checkpoint(), None, width=4)
    path = tmp_path_factory.mktemp("export") / "ball.onnx"
    export_onnx(checkpoint, path)
    return checkpoint, path


@needs_onnx
def test_an_export_reconstructs_the_same_mesh_with_the_same_report(exported):
    checkpoint, path = exported
    settings = GeneratorSettings(32, signs=True)
    image = np.asarray(disc_photo()).transpose(2, 0, 1)

    made = MeshGenerator(load_predictor(path), settings).generate(image)
    expected = MeshGenerator(checkpoint, settings).generate(image)

    voxel = 1.1 / 32
    np.testing.assert_allclose(made.mesh.vertices, expected.mesh.vertices, atol=0.05 * voxel)
    np.testing.assert_array_equal(made.mesh.faces, expected.mesh.faces)
    np.testing.assert_allclose(made.confidence, expected.confidence, atol=1e-4)
    assert made.threshold == expected.threshold
    assert made.out_of_distribution == pytest.approx(expected.out_of_distribution)
    assert made.calibrated


@needs_onnx
def test_refinement_moves_vertices_as_with_torch(exported):
    checkpoint, path = exported
    settings = GeneratorSettings(32, refine=10)
    image = np.asarray(disc_photo()).transpose(2, 0, 1)

    made, expected = (
        MeshGenerator(each, settings).generate(image).mesh.vertices
        for each in (load_predictor(path), checkpoint)
    )

    # A vertex that folds a face in one of them only is put back there.
    off = np.linalg.norm(made - expected, axis=1) * 32 / 1.1
    assert np.quantile(off, 0.99) < 0.05


@needs_onnx
def test_the_command_reads_an_export_without_torch(exported, tmp_path):
    _, path = exported
    disc_photo().save(tmp_path / "disc.png")

    printed = run_without_torch(
        "reconstruct", tmp_path / "disc.png", "-c", path, "--resolution", 32, "--preview"
    )

    assert "closed: yes" in printed
    assert trimesh.load(tmp_path / "disc.obj", force="mesh").is_watertight
    assert len(list(tmp_path.glob("*.png"))) == 2


@needs_onnx
def test_the_file_of_the_encoder_names_the_export_too(exported):
    checkpoint, path = exported

    found = load_onnx(path.with_name("ball.encoder.onnx"))

    assert found.info == checkpoint.info


@needs_onnx
def test_the_python_interface_takes_an_export(exported):
    made = reconstruct(disc_photo(), model=exported[1], resolution=32)

    assert made.mesh.is_watertight


@needs_onnx
@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda encoder, points: points.unlink(), "there is no file"),
        (lambda encoder, points: encoder.unlink(), "there is no file"),
        (lambda encoder, points: points.write_bytes(b"damaged"), "is no whole ONNX file"),
        (lambda encoder, points: points.write_bytes(b""), "no whole ONNX file"),
    ],
)
def test_what_is_wrong_with_an_export_is_told(exported, tmp_path, damage, message):
    files = []
    for stage in (ENCODER, POINTS):
        source = exported[1].with_suffix(f".{stage}.onnx")
        files.append(tmp_path / f"m.{stage}.onnx")
        files[-1].write_bytes(source.read_bytes())
    damage(*files)

    with pytest.raises(CheckpointError, match=message) as caught:
        load_onnx(tmp_path / "m.onnx")

    assert "onet export" in caught.value.hint


@needs_onnx
def test_files_of_different_exports_and_foreign_ones_are_refused(exported, tmp_path):
    import onnx

    source, target = exported[1], tmp_path / "m.onnx"
    encoder = onnx.load(source.with_suffix(".encoder.onnx"))
    points = onnx.load(source.with_suffix(".points.onnx"))
    onnx.save(encoder, target.with_suffix(".encoder.onnx"))
    for entry in points.metadata_props:
        if entry.key == "weights_sha256":
            entry.value = "0" * 64
    onnx.save(points, target.with_suffix(".points.onnx"))
    with pytest.raises(CheckpointError, match="different exports"):
        load_onnx(target)

    del encoder.metadata_props[:]
    onnx.save(encoder, target.with_suffix(".encoder.onnx"))
    with pytest.raises(CheckpointError, match="no usable description"):
        load_onnx(target)


def test_other_devices_and_a_missing_runtime_are_told(tmp_path, monkeypatch):
    with pytest.raises(InvalidOptionError, match="runs on the CPU"):
        load_onnx(tmp_path / "m.onnx", "cuda")

    monkeypatch.setattr(onnx_model, "find_spec", lambda name: None)
    with pytest.raises(InvalidOptionError, match="needs onnxruntime") as caught:
        load_onnx(tmp_path / "m.onnx")
    assert "pip install onnxruntime" in caught.value.hint


def test_the_shipped_model_makes_the_same_mesh_without_torch(tmp_path):
    shipped = load_checkpoint("furniture", "cpu")

    for options in ([], ["--flip"]):
        run_without_torch("reconstruct", EXAMPLE, *options, "-o", tmp_path / "a.ply")
        made = trimesh.load(tmp_path / "a.ply", process=False)
        flip = bool(options)
        expected = reconstruct(EXAMPLE, model=shipped, flip=flip).mesh
        near, far = (
            nearest(np.asarray(other.vertices), np.asarray(one.vertices))[0].max()
            for one, other in ((made, expected), (expected, made))
        )
        assert max(near, far) < 0.05 * 1.1 / 128


def test_a_front_is_guessed_as_by_torch():
    network = tiny_network(decoder="aligned")
    checkpoint = calibrated(Checkpoint(network, CheckpointInfo(network.spec)), front_of(), 98)
    model = model_of(network)
    model.calibration = checkpoint.calibration
    settings = GeneratorSettings(32, front=True, threshold=0.01)
    image = np.random.default_rng(0).integers(0, 256, (3, 64, 64)).astype(np.uint8)

    found, expected = (
        MeshGenerator(each, settings).look(image).front for each in (model, checkpoint)
    )

    assert found.azimuth_deg == pytest.approx(expected.azimuth_deg, abs=0.1)
    assert found.confidence == pytest.approx(expected.confidence, abs=1e-3)
