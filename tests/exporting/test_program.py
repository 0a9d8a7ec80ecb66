"""Programs of torch.export."""

import json
import zipfile

import pytest
import torch

from onet_cli.errors import InvalidOptionError, OnetError
from onet_cli.exporting import program
from onet_cli.exporting.export import ExportOptions, export
from onet_cli.exporting.metadata import weights_hash
from onet_cli.exporting.program import export_programs
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint, save_checkpoint
from tests.exporting.test_onnx import tiny_checkpoint
from tests.models.networks import inputs, tiny_network
from tests.reconstruction.rigged import calibrated


def run_programs(files, images, points):
    """Return the logits of an encoder and points without planes."""
    encoder, decoder = (torch.export.load(path).module() for path in files)
    return decoder(points, encoder(images))


@pytest.mark.slow
def test_programs_run_as_the_network_for_any_batch_and_number_of_points(tmp_path):
    network = tiny_network()
    checkpoint = calibrated(Checkpoint(network, CheckpointInfo(network.spec)), None, width=8)

    found = export_programs(checkpoint, tmp_path / "m.pt2", licence="CC0")

    assert [path.name for path in found] == ["m.encoder.pt2", "m.points.pt2"]
    assert max(found.values()) < 1e-5
    for batch, count in ((1, 1), (2, 70)):
        images, points = inputs(batch, count, network.spec.image_size)
        with torch.no_grad():
            expected = network(images, points)
        torch.testing.assert_close(run_programs(found, images, points), expected)
    texts = dict.fromkeys(["onet", "licence", "weights_sha256", "calibration"], "")
    torch.export.load(tmp_path / "m.encoder.pt2", extra_files=texts)
    assert json.loads(texts["onet"])["spec"]["name"] == network.spec.name
    assert texts["licence"] == "CC0"
    weights = sum(4 * each.numel() for each in network.state_dict().values())
    assert sum(path.stat().st_size for path in found) < 1.5 * weights, "each weight is stored once"
    assert texts["weights_sha256"] == weights_hash(network)
    assert json.loads(texts["calibration"])["reliability"]
    again = load_checkpoint(tmp_path / "m.pt2", "cpu")
    assert again.info == checkpoint.info
    assert again.calibration.to_header() == checkpoint.calibration.to_header()
    images, points = inputs(2, 70, network.spec.image_size)
    with torch.no_grad():
        assert torch.equal(again.network(images, points), network(images, points))


@pytest.mark.slow
def test_the_command_writes_every_stage_of_the_shipped_model(tmp_path):
    lines = export("furniture", tmp_path / "f.pt2", ExportOptions())

    names = ["f.encoder.pt2", "f.planes.pt2", "f.points.pt2"]
    assert [line.split()[0] for line in lines] == [str(tmp_path / name) for name in names]
    assert all(zipfile.is_zipfile(tmp_path / name) for name in names)
    own, again = (load_checkpoint(each, "cpu") for each in ("furniture", tmp_path / "f.pt2"))
    assert again.info == own.info
    expected = own.network.state_dict()
    for name, tensor in again.network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(tensor, expected[name]), name


def test_after_an_error_no_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setitem(program.TOLERANCES, program.Weights.SINGLE, -1.0)

    with pytest.raises(OnetError, match="encoder stage differs"):
        export_programs(tiny_checkpoint(), tmp_path / "m.pt2")

    assert list(tmp_path.iterdir()) == []


def test_half_precision_is_refused(tmp_path):
    network = tiny_network()
    save_checkpoint(tmp_path / "c.safetensors", network, CheckpointInfo(network.spec))

    refused = r"--half applies to \.onnx \.safetensors, not to \.pt2"
    with pytest.raises(InvalidOptionError, match=refused):
        export(str(tmp_path / "c.safetensors"), tmp_path / "m.pt2", ExportOptions(half=True))
