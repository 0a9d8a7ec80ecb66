import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from onet_cli.errors import CheckpointError
from onet_cli.models.calibration import Calibration, Familiarity, Reliability
from onet_cli.models.checkpoint import CheckpointInfo, load_checkpoint, read_info, save_checkpoint
from onet_cli.models.weights import read_header, read_tensors
from tests.models.networks import inputs, tiny_network


@pytest.fixture
def calibration():
    familiarity = Familiarity(
        np.eye(8, 3, dtype=np.float16), np.ones((6, 4), np.float16), 0.75, 0.25
    )
    return Calibration(Reliability((0.1, 0.5), (0.2, 0.9), 0.02), familiarity, {"meshes": 7})


@pytest.fixture
def saved(tmp_path, calibration):
    network = tiny_network()
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, network, CheckpointInfo(network.spec), calibration=calibration)
    return path


def test_a_calibration_comes_back_with_the_network_unchanged(saved, calibration):
    loaded = load_checkpoint(saved, "cpu")

    assert loaded.calibration.reliability == calibration.reliability
    assert loaded.calibration.data == {"meshes": 7}
    assert loaded.calibration.familiarity.farthest == 0.75
    assert loaded.calibration.familiarity.widest == 0.25
    assert np.array_equal(loaded.calibration.familiarity.basis, calibration.familiarity.basis)
    assert np.array_equal(loaded.calibration.familiarity.places, calibration.familiarity.places)
    torch.testing.assert_close(loaded.network(*inputs()), tiny_network()(*inputs()))


def test_a_checkpoint_without_one_says_so_and_its_description_is_the_same(tmp_path, saved):
    plain = tmp_path / "plain.safetensors"
    network = tiny_network()
    save_checkpoint(plain, network, CheckpointInfo(network.spec))

    assert load_checkpoint(plain, "cpu").calibration is None
    assert read_info(plain) == read_info(saved)


@pytest.mark.parametrize("damage", ["no json", "{}", "places", "lengths", "width"])
def test_a_damaged_calibration_is_an_error_of_the_checkpoint(saved, damage):
    header, tensors = read_header(saved), read_tensors(saved)
    known = json.loads(header["calibration"])
    if damage == "places":
        del tensors["calibration.places"]
    elif damage == "lengths":
        known["reliability"]["measured"] = [0.5]
        header["calibration"] = json.dumps(known)
    elif damage == "width":
        tensors["calibration.places"] = torch.zeros(6, 3)
    else:
        header["calibration"] = damage
    save_file(tensors, saved, metadata=header)

    with pytest.raises(CheckpointError, match="calibration"):
        load_checkpoint(saved, "cpu")
