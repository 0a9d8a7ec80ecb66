import dataclasses
import json
import os
import pickle

import pytest
import torch
from safetensors.torch import save_file

from onet_cli.errors import CheckpointError, InvalidOptionError, UnknownNameError
from onet_cli.models import shipped
from onet_cli.models.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    load_model,
    read_info,
    resolve_device,
    save_checkpoint,
    shipped_models,
)
from tests.models.networks import inputs, tiny_network


@pytest.fixture
def info():
    return CheckpointInfo(
        tiny_network().spec,
        threshold=0.35,
        categories=("chair", "lamp"),
        step=1200,
        scores={"iou": 0.5},
        training={"data": "procedural"},
    )


@pytest.fixture
def saved(tmp_path, info):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, tiny_network(), info)
    return path


def rewrite_header(path, **changes):
    header = json.loads(read_info(path).to_json()) | changes
    tensors = tiny_network().state_dict()
    save_file(tensors, path, metadata={"onet": json.dumps(header)})


def test_a_checkpoint_comes_back_with_all_that_was_said_of_it(saved, info):
    loaded = load_checkpoint(saved, "cpu")

    assert loaded.info == info
    assert loaded.info.onet_version
    assert not loaded.network.training
    assert all(parameter.requires_grad for parameter in loaded.network.parameters())


def test_the_description_is_read_without_the_weights(saved, info):
    assert read_info(saved) == info


def test_half_precision_halves_the_file_and_is_computed_in_single_precision(tmp_path, saved, info):
    half = tmp_path / "half.safetensors"
    save_checkpoint(half, tiny_network(), info, half=True)

    network = load_model(half, "cpu")

    assert half.stat().st_size < 0.55 * saved.stat().st_size
    assert {p.dtype for p in network.parameters()} == {torch.float32}
    with torch.no_grad():
        expected, logits = tiny_network()(*inputs()), network(*inputs())
    torch.testing.assert_close(logits, expected, rtol=0, atol=0.02)


def test_a_training_run_folder_stands_for_its_best_checkpoint(saved, info):
    saved.rename(saved.parent / "best.safetensors")

    assert load_checkpoint(saved.parent, "cpu").info == info


def test_saving_leaves_only_the_checkpoint_behind(saved):
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_a_truncated_file_is_refused(saved, share):
    data = saved.read_bytes()
    saved.write_bytes(data[: int(share * len(data))])

    with pytest.raises(CheckpointError, match=r"tiny\.safetensors: not a whole safetensors file"):
        load_checkpoint(saved, "cpu")


def test_a_newer_format_version_is_refused_with_advice(saved):
    rewrite_header(saved, format_version=2)

    with pytest.raises(CheckpointError, match="format 2; this onet reads up to 1") as caught:
        load_checkpoint(saved, "cpu")

    assert caught.value.hint == "upgrade onet"


def test_an_unknown_field_of_the_specification_is_refused_with_advice(saved, info):
    rewrite_header(saved, spec=info.spec.to_dict() | {"flavour": "plum"})

    with pytest.raises(CheckpointError, match="flavour"):
        load_checkpoint(saved, "cpu")


def test_an_unknown_encoder_in_a_checkpoint_suggests_the_nearest(saved, info):
    rewrite_header(saved, spec=dataclasses.replace(info.spec, encoder="convnext").to_dict())

    with pytest.raises(UnknownNameError) as caught:
        load_checkpoint(saved, "cpu")

    assert caught.value.hint == "did you mean 'convnet'?"


def test_tensors_that_do_not_fit_the_description_are_named(saved, info):
    rewrite_header(saved, spec=dataclasses.replace(info.spec, hidden_dim=17).to_dict())

    with pytest.raises(CheckpointError, match=r"do not fit .* 'decoder\.blocks\.0"):
        load_checkpoint(saved, "cpu")


def test_a_safetensors_file_of_something_else_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"weight": torch.ones(2)}, path)

    with pytest.raises(CheckpointError, match="no description of a network"):
        load_checkpoint(path, "cpu")


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("name", ["trap.pt", "trap.safetensors"])
@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_a_pickle_is_refused_without_running_it(tmp_path, name, writer):
    sprung = tmp_path / "sprung"
    content = {"model": {"weight": Trap(sprung)}}
    if writer == "pickle":
        (tmp_path / name).write_bytes(pickle.dumps(content))
    else:
        torch.save(content, tmp_path / name)

    with pytest.raises(CheckpointError, match="trap"):
        load_checkpoint(tmp_path / name, "cpu")

    assert not sprung.exists()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*nowhere.safetensors"):
        load_checkpoint(tmp_path / "nowhere.safetensors", "cpu")


def test_shipped_models_are_found_by_name_and_misspelt_ones_suggested(saved, info, monkeypatch):
    monkeypatch.setattr(shipped, "PRETRAINED", saved.parent)

    assert shipped_models() == ["tiny"]
    assert load_checkpoint("tiny", "cpu").info == info
    with pytest.raises(UnknownNameError) as caught:
        load_checkpoint("tinny", "cpu")
    assert caught.value.hint == "did you mean 'tiny'?"


def test_the_device_auto_is_always_there():
    assert resolve_device("auto").type in ("cpu", "cuda", "mps")
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "meta", "cuda:99", "cpu:1", "cpu:"])
def test_a_device_that_is_not_there_is_refused(name):
    with pytest.raises(InvalidOptionError, match=name):
        resolve_device(name)


def test_lightning_s_file_for_resuming_is_refused_with_the_right_one_named(tmp_path):
    network = tiny_network()
    weights = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    torch.save({"state_dict": weights, "global_step": 3}, tmp_path / "last.ckpt")

    with pytest.raises(CheckpointError, match="resume a run and nothing else") as error:
        load_checkpoint(tmp_path / "last.ckpt", device="cpu")

    assert str(tmp_path / "best.safetensors") in error.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": float("nan")},
        {"threshold": float("inf")},
        {"threshold": "0.5"},
        {"threshold": None},
        {"threshold": 0},
        {"threshold": 7.5},
        {"outline": -1},
        {"outline": []},
        {"scales": []},
        {"scales": 1},
        {"scales": [0.8, 1.0]},
        {"scales": [1.0, 0.0]},
        {"scales": [1.0, float("nan")]},
        {"scales": [1.0, 1.5]},
        {"scales": [1.0] * 99},
        {"step": 1.5},
        {"step": float("inf")},
        {"format_version": float("inf")},
        {"format_version": float("nan")},
        {"format_version": -1},
        {"format_version": []},
        {"format_version": {}},
        {"categories": 5},
        {"categories": [1]},
        {"platt": [float("nan"), 1]},
        {"platt": [1]},
        {"platt": {}},
        {"scores": []},
        {"scores": {"iou": []}},
        {"training": "yes"},
        {"onet_version": None},
        {"spec": None},
        {"spec": []},
        {"more": 1},
    ],
)
def test_a_header_that_was_edited_badly_is_refused_in_one_line(saved, changes):
    rewrite_header(saved, **changes)

    for read in (load_checkpoint, read_info):
        with pytest.raises(CheckpointError) as caught:
            read(saved)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": 0},
        {"image_size": -32},
        {"image_size": 10**9},
        {"image_size": 32.5},
        {"image_size": True},
        {"encoder": []},
        {"encoder": None},
        {"encoder": {}},
        {"decoder": 3},
        {"code_dim": 0},
        {"code_dim": 10**12},
        {"hidden_dim": float("inf")},
        {"hidden_dim": "256"},
        {"point_dim": float("nan")},
        {"frame": "other"},
        {"frame": []},
        {"name": 1},
        {"summary": None},
    ],
)
def test_a_specification_that_was_edited_badly_is_refused_in_one_line(saved, info, changes):
    rewrite_header(saved, spec=info.spec.to_dict() | changes)

    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(saved, "cpu")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{", "null", "[]", "5", '{"format_version": 1e999}']
)
def test_a_header_that_is_no_table_is_refused(saved, text):
    save_file(tiny_network().state_dict(), saved, metadata={"onet": text})

    with pytest.raises(CheckpointError, match="header"):
        load_checkpoint(saved, "cpu")


def test_a_pipe_in_the_place_of_a_checkpoint_does_not_block(tmp_path):
    for name in ("a.safetensors", "a.pt"):
        os.mkfifo(tmp_path / name)

        with pytest.raises(CheckpointError):
            load_checkpoint(tmp_path / name)


@pytest.mark.parametrize("note", range(8))
def test_weights_are_aligned_wherever_they_lie_in_the_file(tmp_path, note):
    # Products of matrices round by the alignment: the same weights would give other results.
    network = tiny_network()
    notes = {"note": "x" * 8 * note}
    path = tmp_path / "c.safetensors"
    save_checkpoint(path, network, CheckpointInfo(network.spec, training=notes))

    loaded = load_checkpoint(path, "cpu").network.state_dict()

    assert all(tensor.data_ptr() % 64 == 0 for tensor in loaded.values())
