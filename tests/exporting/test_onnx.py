import importlib.util
import json
import multiprocessing
import re
from base64 import b64decode
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from torch import nn

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.exporting import onnx as exporting
from onet_cli.exporting.export import ExportOptions, export
from onet_cli.exporting.metadata import FRAME_NOTES, weights_hash
from onet_cli.exporting.onnx import export_onnx
from onet_cli.exporting.onnx_file import OnnxFile
from onet_cli.exporting.onnx_pool import Job, trace_all
from onet_cli.exporting.options import Weights
from onet_cli.exporting.stages import stages_of
from onet_cli.geometry.picture_frame import FARTHEST, REACH
from onet_cli.models.calibration import read_calibration
from onet_cli.models.catalogue import MODELS
from onet_cli.models.checkpoint import (
    Checkpoint,
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
    shipped_models,
)
from onet_cli.models.code_layout import GRID, USUAL_CODE
from onet_cli.models.decoders.plane_decoder import PlaneDecoder, decode_points
from onet_cli.models.frame import from_cube, to_cube
from onet_cli.models.onnx_names import LAYERS, SEEN
from onet_cli.models.plane_points import PointLayers, Sight
from onet_cli.models.spec import ModelSpec
from tests.exporting.networks import lively_network
from tests.models.networks import inputs, tiny_network
from tests.reconstruction.rigged import calibrated

needs_onnx = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="needs the extra [onnx]",
)

TOLERANCE = 1e-4
"""Of the largest logit, or of 1: ten times tighter than what the exporter accepts."""

DOCS = Path(__file__).parents[2] / "docs" / "export.md"

NARROW = {
    "onet": {"code_dim": 32, "hidden_dim": 32, "image_size": 64},
    "onet-small": {"code_dim": 16, "hidden_dim": 16},
    "noisypixel": {"code_dim": 16, "hidden_dim": 16, "image_size": 64},
    "noisypixel-fc": {"code_dim": 16, "hidden_dim": 16, "image_size": 64},
}
"""Changes to named models that leave the layers as they are; the others are exported as named."""

SMALL_MAPS = USUAL_CODE - 62 * GRID**2
"""A code with cells of 2 numbers."""

SLOW = ("onet", "onet-attention", "onet-aligned", "noisypixel", "noisypixel-fc", "furniture")
"""The exports of all models take minutes; `tests/models/test_graphs.py` has the shipped ones."""

EVERY_MODEL = [
    pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name in (*MODELS, *shipped_models())
]


def checkpoint_of(name):
    if name not in MODELS:
        return load_checkpoint(name, "cpu")
    network = lively_network(replace(MODELS[name], **NARROW.get(name, {})))
    return Checkpoint(network, CheckpointInfo(network.spec))


def tiny_checkpoint(encoder="convnet", decoder="simple", **changes):
    network = tiny_network(encoder, decoder, **changes)
    return Checkpoint(network, CheckpointInfo(network.spec, threshold=0.3))


def run_stages(files, images, points):
    """Return the logits of a chain of exported stages."""
    import onnxruntime

    known = {"images": images.numpy(), "points": points.numpy()}
    for path in files.values():
        session = onnxruntime.InferenceSession(path)
        names = [output.name for output in session.get_outputs()]
        feed = {value.name: known[value.name] for value in session.get_inputs()}
        known |= dict(zip(names, session.run(names, feed), strict=True))
    return known["logits"]


def assert_runs_as_torch(checkpoint, files):
    for batch, count in product((1, 3), (1, 333)):
        images, points = inputs(batch, count, checkpoint.info.spec.image_size)
        logits = run_stages(files, images, points)
        with torch.no_grad():
            expected = checkpoint.network(images, points).numpy()
        assert logits.shape == (batch, count)
        limit = TOLERANCE * max(1, np.abs(expected).max())
        np.testing.assert_allclose(logits, expected, rtol=0, atol=limit)


@needs_onnx
@pytest.mark.parametrize("name", EVERY_MODEL)
def test_every_model_runs_as_in_torch_for_any_batch_and_number_of_points(name, tmp_path):
    checkpoint = checkpoint_of(name)

    parity = export_onnx(checkpoint, tmp_path / "m.onnx")

    drawn = isinstance(checkpoint.network.decoder, PlaneDecoder)
    stages = ["encoder", "planes", "points"] if drawn else ["encoder", "points"]
    files = [f"m.{stage}.onnx" for stage in stages]
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    assert_runs_as_torch(checkpoint, parity.files)


@needs_onnx
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {
                "encoder": "convnet-maps",
                "decoder": "aligned",
                "frame": "picture",
                "code_dim": SMALL_MAPS,
            },
            marks=pytest.mark.slow,
        ),
        pytest.param({"encoder": "resnet50", "decoder": "simple"}, marks=pytest.mark.slow),
    ],
    ids=lambda changes: changes["encoder"],
)
def test_networks_without_a_name_of_their_own_run_as_in_torch_too(changes, tmp_path):
    spec = ModelSpec("custom", image_size=64, **{"code_dim": 16, "hidden_dim": 16, **changes})
    checkpoint = Checkpoint(lively_network(spec), CheckpointInfo(spec))

    parity = export_onnx(checkpoint, tmp_path / "custom.onnx")

    assert_runs_as_torch(checkpoint, parity.files)


@needs_onnx
def test_the_files_carry_the_description_of_the_checkpoint(tmp_path, monkeypatch):
    import onnx

    network = LeastNetwork(Sums())
    monkeypatch.setattr(exporting, "on_cpu", lambda checkpoint: network)
    info = CheckpointInfo(network.spec, threshold=0.3)
    checkpoint = calibrated(Checkpoint(network, info), None, width=8)

    parity = export_onnx(checkpoint, tmp_path / "tiny.onnx", licence="CC0")

    texts = {
        stage: {entry.key: entry.value for entry in onnx.load(path).metadata_props}
        for stage, path in parity.files.items()
    }
    for known in texts.values():
        assert json.loads(known["onet"])["threshold"] == 0.3
        assert known["frame"] == json.loads(known["onet"])["spec"]["frame"] == "object"
        assert "upright unit cube" in known["frame_note"]
        assert (known["box"], known["licence"]) == ("1.1", "CC0")
        assert json.loads(known["stages"]) == ["encoder", "points"]
        assert known["weights_sha256"] == weights_hash(checkpoint.network)
    header = {"calibration": texts["encoder"]["calibration"]}
    found = read_calibration(header, load(b64decode(texts["encoder"]["calibration_tensors"])))
    assert found.reliability == checkpoint.calibration.reliability
    basis = checkpoint.calibration.familiarity.basis
    assert np.array_equal(found.familiarity.basis, basis)


def test_the_hash_is_of_the_weights():
    checkpoint = tiny_checkpoint()
    other = tiny_network("convnet", "simple")
    assert weights_hash(other) == weights_hash(checkpoint.network)

    with torch.no_grad():
        next(other.parameters()).flatten()[0] += 1e-3

    assert weights_hash(other) != weights_hash(checkpoint.network)


def test_the_planes_come_with_the_layers_that_points_pass():
    network = tiny_network("convnet-maps", "aligned")
    images, points = inputs(1, 50, network.spec.image_size)
    with torch.no_grad():
        known = {"images": images, "points": points}
        for stage in stages_of(network):
            known |= OnnxFile(stage).expected(known)
        expected = network(images, points)

    sight = Sight(known["local"][0], *known["camera"][0], known["mirror"][0])
    own = (known[name] for name in LAYERS)
    layers = PointLayers(known["planes"][0], known["shift"][0], *own, sight)

    torch.testing.assert_close(known["logits"], expected)
    torch.testing.assert_close(decode_points(layers, points[0]), expected[0], atol=1e-4, rtol=0)
    assert tuple(known)[3:] == (*SEEN, *LAYERS, "logits")


def test_the_formulas_of_the_documentation_are_those_of_the_frame():
    (code,) = re.findall(r"```python\n(def from_cube.*?)```", DOCS.read_text(), re.DOTALL)
    documented = {"np": np}
    exec(code, documented)
    points = 1.1 * (torch.rand(200, 3, generator=torch.Generator().manual_seed(0)) - 0.5)
    points[0], points[1] = 0.55, -0.55

    places = torch.from_numpy(documented["from_cube"](points.numpy()))
    back = torch.from_numpy(documented["to_cube"](places.numpy()))

    torch.testing.assert_close(places, from_cube(points))
    torch.testing.assert_close(back, to_cube(places))


def test_the_note_on_the_pictures_frame_has_the_formulas_of_the_documentation():
    note, code = FRAME_NOTES["picture"], DOCS.read_text()

    for text, documented in (
        (f"q = py / 0.55 within +-{FARTHEST:g}", f"0.55, -{FARTHEST:g}, {FARTHEST:g})"),
        (f"y = {REACH:g} q / (1 - q^4)^(1/4)", f"{REACH:g} * q / (1 - q**4) ** 0.25"),
        ("py = 0.55 r / (1 + r^4)^(1/4)", "r / (1 + r**4) ** 0.25"),
    ):
        assert text in note
        assert documented in code


class Sums(nn.Module):
    """The least decoder."""

    def forward(self, points, code):
        return points.sum(dim=2) + code[:, :1]


class GivesNothing(nn.Module):
    def forward(self, points, code):
        return (points.sum(dim=2) + code[:, :1]) * torch.nan


class Branches(nn.Module):
    """Its way depends on the numbers it is given, which no tracer can follow."""

    def forward(self, points, code):
        return points.sum(dim=2) if points.sum() > 0 else points.prod(dim=2) + code[:, :1]


class FixesTheBatch(nn.Module):
    def forward(self, points, code):
        return (points.sum(dim=2) + code[:, :1]).view(len(points), -1)


class LeastNetwork(nn.Module):
    """A network that is traced in no time, with any decoder."""

    def __init__(self, decoder):
        super().__init__()
        self.spec = ModelSpec("least", "none", "none", image_size=8)
        self.decoder = decoder

    def encode(self, images):
        return images.mean(dim=(2, 3))


@pytest.fixture
def export_least(tmp_path, monkeypatch):
    """Exports `LeastNetwork` of a decoder to where an earlier export has left two files."""
    (tmp_path / "m.encoder.onnx").write_text("encoder")
    (tmp_path / "m.points.onnx").write_text("points")

    def run(decoder):
        network = LeastNetwork(decoder)
        monkeypatch.setattr(exporting, "on_cpu", lambda checkpoint: network)
        return export_onnx(Checkpoint(network, CheckpointInfo(network.spec)), tmp_path / "m.onnx")

    return run


def assert_untouched(folder):
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    assert texts == {"m.encoder.onnx": "encoder", "m.points.onnx": "points"}


@needs_onnx
def test_an_export_replaces_the_files_of_an_earlier_one(export_least, tmp_path):
    parity = export_least(Sums())

    assert all(file.stat().st_size > 100 for file in parity.files.values())
    assert len(list(tmp_path.iterdir())) == 2


@needs_onnx
@pytest.mark.parametrize("stage", ["encoder", "points"])
def test_a_stage_that_differs_from_torch_is_an_error_and_leaves_no_file(
    stage, export_least, tmp_path, monkeypatch
):
    run = OnnxFile._run

    def differ(self, path, values):
        by = 0.01 if self.stage.name == stage else 0
        return {name: value + by for name, value in run(self, path, values).items()}

    monkeypatch.setattr(OnnxFile, "_run", differ)

    with pytest.raises(OnetError, match=rf"exported {stage} stage differs from torch by 1\.0e-02"):
        export_least(Sums())

    assert_untouched(tmp_path)


@needs_onnx
@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        (GivesNothing(), "the exported points stage differs from torch by nan"),
        (Branches(), "the points stage cannot be exported to ONNX: .*data-dependent"),
        (FixesTheBatch(), "the points stage cannot be exported to ONNX: .* fixed the batch of its"),
    ],
)
def test_a_decoder_that_cannot_be_exported_is_told_in_a_line_and_leaves_no_file(
    decoder, message, export_least, tmp_path
):
    with pytest.raises(OnetError, match=message) as caught:
        export_least(decoder)

    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    assert_untouched(tmp_path)


@pytest.mark.slow
@needs_onnx
def test_processes_trace_as_this_one_does(tmp_path):
    checkpoint = tiny_checkpoint()

    export_onnx(checkpoint, tmp_path / "one.onnx")
    parity = export_onnx(checkpoint, tmp_path / "two.onnx", workers=2)

    for stage, path in parity.files.items():
        assert path.read_bytes() == (tmp_path / f"one.{stage}.onnx").read_bytes()


@pytest.mark.slow
@needs_onnx
def test_a_stage_that_cannot_be_traced_in_a_process_is_told():
    network = tiny_checkpoint().network
    images, points = np.zeros((2, 3, 32, 32), "f"), np.zeros((2, 5, 3), "f")
    code = np.zeros((2, network.spec.code_dim + 1), "f")
    jobs = [
        Job("encoder", {"images": images}, {}, Weights.SINGLE),
        Job("points", {"points": points, "code": code}, {}, Weights.SINGLE),
    ]

    with pytest.raises(OnetError, match="the points stage cannot be exported to ONNX"):
        list(trace_all(network, jobs, workers=2))

    assert not multiprocessing.active_children()


@pytest.mark.slow
@needs_onnx
def test_packed_weights_are_compared_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "onet_cli.exporting.export.available_cores", lambda: 1
    )  # processes take longer to start than to trace
    checkpoint = tiny_checkpoint()
    save_checkpoint(tmp_path / "c.safetensors", checkpoint.network, checkpoint.info)

    lines = export(str(tmp_path / "c.safetensors"), tmp_path / "m.onnx", ExportOptions(int8=True))

    assert [line.endswith("MB, 8 bits") for line in lines] == [True, True, False]
    errors = [float(error) for error in re.findall(r"[a-z]+ (\d\.\de-\d+)", lines[-1])]
    assert 1e-5 < max(errors) < 0.1  # rounded, and not beyond what is tolerated


@needs_onnx
def test_half_precision_and_eight_bits_exclude_each_other(tmp_path):
    checkpoint = tiny_checkpoint()
    save_checkpoint(tmp_path / "c.safetensors", checkpoint.network, checkpoint.info)

    with pytest.raises(InvalidOptionError, match="--half and --int8 exclude each other"):
        export(
            str(tmp_path / "c.safetensors"),
            tmp_path / "m.onnx",
            ExportOptions(half=True, int8=True),
        )


@needs_onnx
def test_a_file_that_onnxruntime_cannot_run_is_told_and_removed(
    export_least, tmp_path, monkeypatch
):
    run = OnnxFile._run

    def damage(self, path, values):
        path.write_bytes(b"damaged")
        return run(self, path, values)

    monkeypatch.setattr(OnnxFile, "_run", damage)

    with pytest.raises(OnetError, match="onnxruntime cannot run the exported encoder stage"):
        export_least(Sums())

    assert_untouched(tmp_path)


@pytest.mark.slow
@needs_onnx
def test_without_onnxruntime_the_files_are_written_and_said_not_to_be_compared(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("onet_cli.exporting.export.available_cores", lambda: 1)
    checkpoint = tiny_checkpoint()
    save_checkpoint(tmp_path / "c.safetensors", checkpoint.network, checkpoint.info)
    find = importlib.util.find_spec
    missing = lambda name: None if name == "onnxruntime" else find(name)  # noqa: E731
    monkeypatch.setattr(exporting, "find_spec", missing)

    lines = export(str(tmp_path / "c.safetensors"), tmp_path / "m.onnx", ExportOptions())

    assert lines[-1] == "not compared with torch: onnxruntime is not installed"
    assert (tmp_path / "m.points.onnx").is_file()


def test_a_machine_without_onnx_is_told_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)

    with pytest.raises(InvalidOptionError, match="needs onnx") as caught:
        export_onnx(tiny_checkpoint(), tmp_path / "tiny.onnx")

    assert "pip install onnx" in caught.value.hint


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InvalidOptionError, match=r"does not end in \.onnx"):
        export_onnx(tiny_checkpoint(), tmp_path / "tiny.pt2")
