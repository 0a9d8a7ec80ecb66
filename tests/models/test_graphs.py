"""Graphs that read their weights from a checkpoint, and by which shipped models run."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from onet_cli.errors import CheckpointError
from onet_cli.models import load
from onet_cli.models.checkpoint import (
    Checkpoint,
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
)
from onet_cli.models.load import load_predictor
from onet_cli.models.onnx_model import OnnxModel, load_graphs
from onet_cli.models.shipped import PRETRAINED, shipped_models
from onet_cli.models.weight_layout import read_layout
from tests.models.networks import tiny_network
from tests.reconstruction.rigged import calibrated

ROOT = Path(__file__).parents[2]


@pytest.fixture(
    scope="module",
    params=[pytest.param(half, marks=pytest.mark.slow) for half in (False, True)],
    ids=["single", "half"],
)
def written(request, tmp_path_factory):
    """A calibrated checkpoint with its graphs."""
    pytest.importorskip("onnxscript")
    from onet_cli.exporting.onnx import export_graphs

    network = tiny_network(decoder="triplane")
    checkpoint = calibrated(Checkpoint(network, CheckpointInfo(network.spec)), None, width=8)
    path = tmp_path_factory.mktemp("graphs") / "tiny.safetensors"
    save_checkpoint(path, network, checkpoint.info, request.param, checkpoint.calibration)
    export_graphs(path)
    return path


def assert_same_field(found, expected, seed=0):
    rng = np.random.default_rng(seed)
    size = expected.info.spec.image_size
    images = rng.random((2, 3, size, size), dtype=np.float32)
    points = rng.uniform(-0.5, 0.5, (500, 3)).astype(np.float32)
    codes = expected.encode(images)
    np.testing.assert_allclose(found.encode(images), codes, atol=1e-4)
    logits = expected.for_code(codes[:1])(points)
    np.testing.assert_allclose(found.for_code(codes[:1])(points), logits, atol=1e-3)


def test_graphs_give_what_torch_gives_and_hold_hardly_a_weight(written):
    model = load_graphs(written)

    assert_same_field(model, load_checkpoint(written, "cpu"))
    assert model.calibration is not None
    assert model.info == load_checkpoint(written, "cpu").info
    import onnx

    for path in written.parent.glob("*.onnx"):
        graph = onnx.load(path, load_external_data=False).graph
        inside = sum(len(each.raw_data) for each in graph.initializer)
        assert inside < 0.1 * written.stat().st_size, path.name


def test_graphs_of_another_state_of_the_checkpoint_are_not_used(written, tmp_path):
    for path in written.parent.iterdir():
        shutil.copy(path, tmp_path)
    other = tmp_path / written.name
    known = load_checkpoint(other, "cpu")
    save_checkpoint(other, known.network, CheckpointInfo(known.info.spec, threshold=0.123))

    assert load_graphs(other) is None


def test_without_graphs_there_is_no_model(written, tmp_path):
    shutil.copy(written, tmp_path)

    assert load_graphs(tmp_path / written.name) is None


def test_graphs_of_a_damaged_checkpoint_are_not_used(written, tmp_path):
    for path in written.parent.iterdir():
        shutil.copy(path, tmp_path)
    cut = tmp_path / written.name
    cut.write_bytes(cut.read_bytes()[: -cut.stat().st_size // 4])

    assert load_graphs(cut) is None
    with pytest.raises(CheckpointError, match=r"tiny\.safetensors"):
        load_checkpoint(cut, "cpu")


def test_a_layout_gives_the_bytes_of_each_tensor(written):
    whole = written.read_bytes()
    state = load_checkpoint(written, "cpu").network.state_dict()
    kinds = {"F16": np.float16, "F32": np.float32, "I64": np.int64}

    places = read_layout(written).places

    for name, tensor in state.items():
        place = places[name]
        stored = np.frombuffer(
            whole[place.offset : place.offset + place.length], kinds[place.kind]
        ).reshape(place.shape)
        np.testing.assert_array_equal(stored.astype(tensor.numpy().dtype), tensor.numpy())


@pytest.mark.parametrize("content", [b"", b"\x01", b"\xff" * 100, b"\x04\0\0\0\0\0\0\0{}[]"])
def test_what_is_no_safetensors_file_has_no_layout(content, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(content)

    with pytest.raises(CheckpointError, match="is no safetensors file"):
        read_layout(tmp_path / "m.safetensors")


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_graphs_are_of_the_shipped_weights(name):
    model = load_graphs(PRETRAINED / f"{name}.safetensors")

    assert model is not None, f"run recipes/furniture/graphs.py for {name}"
    assert_same_field(model, load_checkpoint(name, "cpu"))


def test_shipped_models_run_by_their_graphs_unless_torch_is_better_at_it(monkeypatch):
    monkeypatch.setattr(load, "_nvidia", lambda: False)
    assert isinstance(load_predictor("furniture"), OnnxModel)
    assert isinstance(load_predictor("furniture", "cpu"), Checkpoint)
    assert isinstance(load_predictor("furniture", gradients=True), Checkpoint)

    monkeypatch.setattr(load, "_nvidia", lambda: True)
    assert isinstance(load_predictor("furniture"), Checkpoint)


def test_a_photo_on_plain_ground_needs_neither_torch_nor_scipy(tmp_path):
    program = (
        "import json, sys\n"
        "from onet_cli.app import main\n"
        "try:\n    main()\n"
        "finally:\n    print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"
    )
    photo = ROOT / "examples" / "table.jpg"
    command = ["reconstruct", str(photo), "-o", str(tmp_path / "t.glb"), "-q"]

    ran = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, cwd=ROOT
    )

    loaded = set(json.loads(ran.stderr.splitlines()[-1]))
    assert (tmp_path / "t.glb").is_file()
    assert not loaded & {"torch", "lightning", "networkx", "scipy.spatial", "skimage"}
