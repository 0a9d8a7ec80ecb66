import importlib.util
import json

import numpy as np
import pytest
import torch

from onet_cli.errors import InvalidOptionError
from onet_cli.exporting import onnx as exporting
from onet_cli.exporting.onnx import export_onnx
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo
from tests.models.networks import inputs, tiny_network

needs_onnx = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="needs the extra [onnx]",
)


def tiny_checkpoint(encoder="convnet", decoder="cbn", **changes):
    network = tiny_network(encoder, decoder, **changes)
    return Checkpoint(network, CheckpointInfo(network.spec, threshold=0.3))


@needs_onnx
@pytest.mark.parametrize(
    ("encoder", "decoder", "size"),
    [
        ("convnet", "triplane", 112),
        ("resnet18", "cbn", 32),
        pytest.param("efficientnet-b0", "fc", 64, marks=pytest.mark.slow),
        pytest.param("resnet50", "simple", 64, marks=pytest.mark.slow),
    ],
)
def test_the_files_give_the_logits_of_torch_for_any_batch_and_number_of_points(
    encoder, decoder, size, tmp_path
):
    import onnxruntime

    checkpoint = tiny_checkpoint(encoder, decoder, image_size=size)

    parity = export_onnx(checkpoint, tmp_path / "tiny.onnx")

    assert parity.max_error_code < 1e-4
    assert parity.max_error_logits < 1e-4
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "tiny.decoder.onnx",
        "tiny.encoder.onnx",
    ]
    encode, decode = (onnxruntime.InferenceSession(path) for path in parity.files)
    for batch, count in ((1, 1), (5, 333)):
        images, points = inputs(batch, count, size)
        (code,) = encode.run(["code"], {"images": images.numpy()})
        (logits,) = decode.run(["logits"], {"points": points.numpy(), "code": code})
        with torch.no_grad():
            expected = checkpoint.network(images, points)
        np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)


@needs_onnx
def test_the_files_carry_the_description_of_the_checkpoint(tmp_path):
    import onnx

    parity = export_onnx(tiny_checkpoint(decoder="simple"), tmp_path / "tiny.onnx")

    for path in parity.files:
        (entry,) = [e for e in onnx.load(path).metadata_props if e.key == "onet"]
        assert json.loads(entry.value)["threshold"] == 0.3


def test_a_machine_without_onnx_is_told_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)

    with pytest.raises(InvalidOptionError, match="needs onnx") as caught:
        export_onnx(tiny_checkpoint(), tmp_path / "tiny.onnx")

    assert "pip install onnx" in caught.value.hint


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InvalidOptionError, match=r"does not end in \.onnx"):
        export_onnx(tiny_checkpoint(), tmp_path / "tiny.pt2")
