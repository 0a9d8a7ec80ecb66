from dataclasses import replace

import pytest
import torch

from onet_cli.errors import CheckpointError
from onet_cli.models.checkpoint import CheckpointInfo, save_checkpoint
from onet_cli.models.code_layout import MIRROR_WIDTH
from onet_cli.models.initialise import initialise_from
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from tests.models.networks import tiny_spec

TINY = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.safetensors"
    network = build_network(TINY, seed=1)
    save_checkpoint(path, network, CheckpointInfo(TINY))
    return path, network.state_dict()


def test_a_network_of_the_same_kind_starts_with_every_weight(source):
    path, given = source
    network = build_network(TINY, seed=2)

    transfer = initialise_from(network, path)

    assert not transfer.kept
    assert str(transfer) == f"all {len(given)} tensors taken"
    assert all(torch.equal(tensor, given[name]) for name, tensor in network.state_dict().items())


def test_another_decoder_starts_fresh_beside_the_encoder_that_fits(source):
    path, given = source
    spec = replace(TINY, decoder="simple", hidden_dim=24)
    network, untouched = build_network(spec, seed=2), build_network(spec, seed=2).state_dict()

    transfer = initialise_from(network, path)

    state = network.state_dict()
    assert all(torch.equal(state[name], given[name]) for name in transfer.taken)
    assert all(torch.equal(state[name], untouched[name]) for name in transfer.kept)
    assert {name.split(".")[0] for name in transfer.kept} == {"decoder"}
    assert {n for n in state if n.startswith("encoder")} <= set(transfer.taken)
    assert "fresh: decoder." in str(transfer)


def test_a_checkpoint_of_which_nothing_fits_is_refused(source):
    network = build_network(
        ModelSpec("other", "resnet18", "simple", code_dim=24, hidden_dim=24, image_size=32), seed=0
    )

    with pytest.raises(CheckpointError, match="next to nothing"):
        initialise_from(network, source[0])


def test_a_network_that_reads_more_of_its_code_begins_as_the_other(tmp_path):
    new = tiny_spec(decoder="aligned")
    old = replace(new, code_dim=new.code_dim - MIRROR_WIDTH)
    path = tmp_path / "old.safetensors"
    source, network = build_network(old, seed=1).eval(), build_network(new, seed=2).eval()
    save_checkpoint(path, source, CheckpointInfo(old))

    transfer = initialise_from(network, path)

    parts = {name.split(".")[1] for name in transfer.kept}
    assert parts == {"mirror", "planes"}
    images, points = torch.rand(2, 3, old.image_size, old.image_size), torch.rand(2, 50, 3) - 0.5
    with torch.no_grad():
        torch.testing.assert_close(network(images, points), source(images, points))


@pytest.mark.parametrize("more", [16, MIRROR_WIDTH])
def test_what_reads_a_longer_code_of_the_objects_frame_stays_fresh(source, more):
    path, given = source
    spec = replace(TINY, code_dim=TINY.code_dim + more)
    network, untouched = build_network(spec, seed=2), build_network(spec, seed=2).state_dict()

    transfer = initialise_from(network, path)

    state = network.state_dict()
    unlike = {name for name in state if state[name].shape != given[name].shape}
    assert set(transfer.kept) == unlike
    assert any(name.startswith("decoder.") for name in unlike)
    assert all(torch.equal(state[name], untouched[name]) for name in unlike)
