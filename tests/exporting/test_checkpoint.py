import pytest
import torch

from onet_cli.exporting.checkpoint import export_safetensors
from onet_cli.models.catalogue import MODELS
from onet_cli.models.checkpoint import (
    Checkpoint,
    CheckpointInfo,
    load_checkpoint,
    shipped_models,
)
from tests.exporting.networks import lively_network
from tests.models.networks import inputs


def checkpoint_of(name):
    if name not in MODELS:
        return load_checkpoint(name, "cpu")
    network = lively_network(MODELS[name])
    return Checkpoint(network, CheckpointInfo(network.spec, threshold=0.3, platt=(0.9, -0.1)))


QUICK = ("onet-small", "furniture")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow])
        for name in (*MODELS, *shipped_models())
    ],
)
def test_every_model_comes_back_from_half_precision(name, tmp_path):
    checkpoint = checkpoint_of(name)

    size = export_safetensors(checkpoint, tmp_path / "half.safetensors", half=True)
    back = load_checkpoint(tmp_path / "half.safetensors", "cpu")

    before, after = checkpoint.network.state_dict(), back.network.state_dict()
    assert size < 0.55 * sum(tensor.nbytes for tensor in before.values())
    assert before.keys() == after.keys()
    for key, tensor in before.items():
        narrow = tensor.is_floating_point() and tensor.ndim >= 2
        torch.testing.assert_close(
            after[key], tensor.half().float() if narrow else tensor, rtol=0, atol=0, msg=key
        )
    assert back.info == checkpoint.info
    assert (back.calibration is None) == (checkpoint.calibration is None)
    images, points = inputs(1, 100, checkpoint.info.spec.image_size)
    with torch.no_grad():
        expected, logits = checkpoint.network(images, points), back.network(images, points)
    assert (logits - expected).abs().max() < 0.02 * max(1, expected.abs().max())


def test_a_model_in_half_precision_is_not_rounded_again(tmp_path):
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    name = shipped_models()[0]

    export_safetensors(load_checkpoint(name, "cpu"), first, half=True)
    export_safetensors(load_checkpoint(first, "cpu"), second, half=True)

    assert first.read_bytes() == second.read_bytes()
