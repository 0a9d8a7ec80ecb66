from dataclasses import replace

import pytest
import torch

from onet_cli.errors import EmptySurfaceError
from onet_cli.models.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.reconstruction.calibration_settings import CalibrationSettings
from onet_cli.training import calibration
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.run import train_network

TINY = ModelSpec("tiny", "convnet", "simple", code_dim=8, hidden_dim=32, image_size=32)
FEW = CalibrationSettings(
    training_views=8, validation_views=8, cut_views=6, meshes=4, resolution=16
)


@pytest.fixture(scope="module")
def trained(balls, tmp_path_factory):
    """Return the checkpoint of a run that has learned what a ball is."""
    config = TrainingConfig(
        Budget(steps=60), batch_size=6, points=256, lr=0.01, workers=0, mesh_every=0
    )
    run = tmp_path_factory.mktemp("worth") / "run"
    return train_network(
        balls, run, build_network(TINY, seed=0), config, hardware=Hardware("cpu")
    ).checkpoint


def test_a_checkpoint_gets_what_it_is_worth_and_keeps_its_weights(balls, trained, tmp_path):
    target = tmp_path / "calibrated.safetensors"
    before = trained.read_bytes()

    returned = calibration.calibrate_checkpoint(trained, [balls], FEW, target=target, device="cpu")

    assert trained.read_bytes() == before
    plain, stored = load_checkpoint(trained, "cpu"), load_checkpoint(target, "cpu")
    assert plain.calibration is None
    for name, tensor in plain.network.state_dict().items():
        assert torch.equal(stored.network.state_dict()[name], tensor)
    assert stored.info == plain.info, "six shapes are too few to fit thresholds to"
    assert stored.calibration.data == returned.calibration.data
    assert 0 < stored.calibration.data["meshes"] <= 4
    assert all(0 <= value <= 1 for value in stored.calibration.reliability.measured)


def test_thresholds_are_adapted_where_there_are_shapes_enough(balls, trained, tmp_path):
    target = tmp_path / "calibrated.safetensors"
    calibration.calibrate_checkpoint(
        trained, [balls], replace(FEW, fewest_shapes=6), target=target, device="cpu"
    )
    info = load_checkpoint(target, "cpu").info
    assert info.platt is not None
    assert 0 < info.scores["validation_iou_adapted"] <= 1
    assert calibration.describe_thresholds(info, None) is None


@pytest.mark.parametrize("same", [True, False], ids=["same network", "another network"])
def test_few_shapes_keep_the_thresholds_that_training_started_from(balls, trained, tmp_path, same):
    plain = load_checkpoint(trained, "cpu")
    init, target = tmp_path / "init.safetensors", tmp_path / "calibrated.safetensors"
    spec = TINY if same else replace(TINY, hidden_dim=16)
    known = CheckpointInfo(spec, platt=(2.0, -0.4), outline=0.3, threshold=0.9)
    save_checkpoint(init, build_network(spec, seed=1), known)

    calibration.calibrate_checkpoint(trained, [balls], FEW, target=target, init=init, device="cpu")

    info = load_checkpoint(target, "cpu").info
    assert info.platt == ((2.0, -0.4) if same else None)
    assert info.outline == (0.3 if same else 0.0)
    assert info.threshold == plain.info.threshold
    text = calibration.describe_thresholds(info, "furniture")
    assert ("those of furniture are kept" in text) == same
    assert ("all photos get the same one" in text) != same


def test_a_network_that_makes_no_mesh_stays_as_it_was(balls, tmp_path):
    path = tmp_path / "untrained.safetensors"
    network = build_network(TINY, seed=0)
    with torch.no_grad():
        network.decoder.fc_out.bias.fill_(-50.0)
    save_checkpoint(path, network, CheckpointInfo(TINY))
    before = path.read_bytes()
    with pytest.raises(EmptySurfaceError):
        calibration.calibrate_checkpoint(path, [balls], FEW, device="cpu")
    assert path.read_bytes() == before
