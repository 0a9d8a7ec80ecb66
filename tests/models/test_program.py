"""Weights of programs of torch.export, read without running them."""

import json
import zipfile

import pytest
import torch

from onet_cli.errors import CheckpointError
from onet_cli.models.checkpoint import Checkpoint, CheckpointInfo, load_checkpoint, read_info
from onet_cli.models.load import load_predictor
from onet_cli.models.onnx_names import ENCODER, POINTS
from tests.models.networks import inputs, tiny_network
from tests.models.program_archive import (
    TABLE,
    entry,
    stage_members,
    write_archive,
    write_program,
)
from tests.reconstruction.rigged import calibrated

NAME = "network.decoder.fc_out.weight"


@pytest.fixture(scope="module")
def checkpoint():
    network = tiny_network()
    info = CheckpointInfo(network.spec, threshold=0.3, step=7)
    return calibrated(Checkpoint(network, info), None, width=8)


@pytest.fixture(scope="module")
def members(checkpoint):
    return stage_members(checkpoint, ENCODER)


def write_encoder(folder, members):
    """Write an export with these members of the encoder; return its path."""
    write_archive(folder / "m.encoder.pt2", members)
    return folder / "m.pt2"


def with_weight(members, **changes):
    """Return the members with one row of the table changed."""
    table = json.loads(members[TABLE])
    old = table["config"][NAME]
    sizes = [each["as_int"] for each in old["tensor_meta"]["sizes"]]
    table["config"][NAME] = entry(torch.zeros(sizes), old["path_name"], **changes)
    return members | {TABLE: json.dumps(table).encode()}


@pytest.mark.parametrize("name", ["m.pt2", "m.encoder.pt2"])
def test_the_network_its_description_and_its_calibration_are_read(tmp_path, checkpoint, name):
    write_program(tmp_path / "m.pt2", checkpoint)

    found = load_checkpoint(tmp_path / name, "cpu")

    assert found.info == checkpoint.info == read_info(tmp_path / "m.encoder.pt2")
    assert found.calibration.to_header() == checkpoint.calibration.to_header()
    images, points = inputs(size=found.info.spec.image_size)
    with torch.no_grad():
        assert torch.equal(found.network(images, points), checkpoint.network(images, points))
    assert load_predictor(tmp_path / name).info == checkpoint.info


def test_a_weight_may_be_stored_across(tmp_path, checkpoint, members):
    table = json.loads(members[TABLE])
    across = checkpoint.network.state_dict()["decoder.fc_p.weight"].contiguous()
    row = table["config"]["network.decoder.fc_p.weight"]
    strides = [{"as_int": 1}, {"as_int": len(across)}, {"as_int": 1}][: across.ndim]
    row["tensor_meta"]["strides"] = strides
    stored = across.transpose(0, 1).contiguous().numpy().tobytes()
    changed = {TABLE: json.dumps(table).encode(), f"data/weights/{row['path_name']}": stored}
    path = write_encoder(tmp_path, members | changed)
    write_archive(tmp_path / "m.points.pt2", stage_members(checkpoint, POINTS))

    assert torch.equal(load_checkpoint(path).network.decoder.fc_p.weight, across)


@pytest.mark.parametrize(
    "changes",
    [
        {"sizes": [{"as_int": 10**6}, {"as_int": 10**6}]},
        {"sizes": [{"as_int": -1}, {"as_int": -1}, {"as_int": -1}]},
        {"sizes": [{"as_int": 2**70}]},
        {"sizes": 3},
        {"sizes": [{"as_name": "s0"}]},
        {"strides": [{"as_int": 10**9}, {"as_int": 1}, {"as_int": 1}]},
        {"strides": [{"as_int": -1}, {"as_int": 1}, {"as_int": 1}]},
        {"storage_offset": {"as_int": -5}},
        {"storage_offset": {"as_int": 10**12}},
        {"dtype": 99},
        {"layout": 1},
        {"path_name": "../../../etc/passwd"},
    ],
    ids=str,
)
def test_a_damaged_row_is_one_line(tmp_path, members, changes):
    path = write_encoder(tmp_path, with_weight(members, **changes))

    with pytest.raises(CheckpointError, match=r"is damaged|no torch.export program"):
        load_checkpoint(path)


def test_a_pickled_weight_is_not_read(tmp_path, members):
    path = write_encoder(tmp_path, with_weight(members, use_pickle=True))

    with pytest.raises(CheckpointError, match="pickled weight, and is not read"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "changed",
    [
        {"extra/stages": b'["encoder", "../other"]'},
        {"extra/stages": b"7"},
        {"extra/stages": b"[" * 100_000},
        {"extra/calibration_tensors": b"no base64"},
    ],
)
def test_a_damaged_description_is_one_line(tmp_path, members, changed):
    path = write_encoder(tmp_path, members | changed)

    with pytest.raises(CheckpointError, match="has no usable description"):
        load_checkpoint(path)


@pytest.mark.parametrize("changed", [{TABLE: b"[" * 100_000}, {TABLE: b"{}"}, {"extra/onet": b"7"}])
def test_other_damage_is_one_line(tmp_path, members, checkpoint, changed):
    path = write_encoder(tmp_path, members | changed)
    write_archive(tmp_path / "m.points.pt2", stage_members(checkpoint, POINTS))

    with pytest.raises(CheckpointError):
        load_checkpoint(path)


def test_a_text_that_is_no_utf8_is_damage(tmp_path, members):
    path = write_encoder(tmp_path, members | {"extra/onet": b"\xff"})

    with pytest.raises(CheckpointError, match="is damaged"):
        load_checkpoint(path)


def test_files_of_different_exports_are_refused(tmp_path, checkpoint, members):
    path = write_encoder(tmp_path, members)
    other = Checkpoint(tiny_network("resnet18"), checkpoint.info)
    write_archive(tmp_path / "m.points.pt2", stage_members(other, POINTS))

    with pytest.raises(CheckpointError, match="are of different exports"):
        load_checkpoint(path)


def test_a_missing_stage_is_named(tmp_path, members):
    path = write_encoder(tmp_path, members)

    with pytest.raises(CheckpointError, match=r"there is no file .*m\.points\.pt2"):
        load_checkpoint(path)


def test_a_packed_archive_is_not_unpacked(tmp_path, members):
    bomb = members | {"data/weights/bomb": bytes(10**7)}
    write_archive(tmp_path / "m.encoder.pt2", bomb, zipfile.ZIP_DEFLATED)

    with pytest.raises(CheckpointError, match="is packed"):
        load_checkpoint(tmp_path / "m.pt2")


def test_a_changed_byte_is_noticed(tmp_path, members):
    path = write_encoder(tmp_path, members)
    content = bytearray((tmp_path / "m.encoder.pt2").read_bytes())
    weight = next(each for name, each in members.items() if name.startswith("data/weights/weight"))
    content[content.index(weight) + 1] ^= 1
    (tmp_path / "m.encoder.pt2").write_bytes(content)

    with pytest.raises(CheckpointError, match="is damaged"):
        load_checkpoint(path)


@pytest.mark.parametrize("load", [load_checkpoint, load_predictor])
@pytest.mark.parametrize("content", [b"", b"whatever", b"PK\3\4"])
def test_another_file_of_this_name_is_refused(tmp_path, load, content):
    (tmp_path / "m.encoder.pt2").write_bytes(content)

    with pytest.raises(CheckpointError, match=r"no torch\.export program"):
        load(tmp_path / "m.pt2")


def test_a_missing_export_is_one_line(tmp_path):
    with pytest.raises(CheckpointError, match="there is no checkpoint at"):
        load_checkpoint(tmp_path / "m.pt2")
