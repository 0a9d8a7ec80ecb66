import csv
import errno
import json
import shutil
from dataclasses import replace

import pytest
import torch
from lightning.pytorch import Trainer

from onet_cli.errors import CheckpointError, InvalidOptionError, OnetError, StoreError
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.store import ShapeStore
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.module import OccupancyModule
from onet_cli.training.run import train_network
from onet_cli.training.status import RunEvents

TINY = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)


def config(steps, **more):
    settings = {"batch_size": 4, "points": 256, "val_every": 20, "workers": 0, "lr": 3e-3}
    settings["mesh_every"] = 0
    return TrainingConfig(budget=Budget(steps=steps), **settings | more)


def train(balls, run, steps, resume=False, **more):
    network = build_network(TINY, seed=0)
    return train_network(
        balls,
        run,
        network,
        config(steps, **more),
        hardware=Hardware("cpu"),
        start="resumed" if resume else "fresh",
    )


class KilledError(Exception):
    pass


def cut_at(step, balls, run, steps, **more):
    """Train as `train` does, and die after `step`."""

    def die(status):
        if status.step == step and status.iou is None:
            raise KilledError

    with pytest.raises(KilledError):
        train_network(
            balls,
            run,
            build_network(TINY, seed=0),
            config(steps, **more),
            hardware=Hardware("cpu"),
            events=RunEvents(listen=die),
        )


def test_a_short_run_learns_and_leaves_its_files(balls, tmp_path):
    seen = []
    network = build_network(TINY, seed=0)

    result = train_network(
        balls,
        tmp_path / "run",
        network,
        config(60),
        hardware=Hardware("cpu"),
        events=RunEvents(listen=seen.append),
    )

    assert result.steps == 60
    assert seen[-2].loss < 0.6 * seen[0].loss
    assert result.best_iou > 0.5
    checkpoint = load_checkpoint(result.checkpoint, device="cpu")
    assert checkpoint.info.scores["validation_iou_points"] == pytest.approx(result.best_iou)
    assert checkpoint.info.categories == ("ball",)
    assert json.loads((tmp_path / "run/config.json").read_text())["model"]["encoder"] == "convnet"
    assert list((tmp_path / "run").glob("events.out.tfevents.*"))
    with (tmp_path / "run/metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert max(float(row["iou"]) for row in rows if row["iou"]) == pytest.approx(result.best_iou)


def test_the_same_seed_gives_the_same_weights(balls, tmp_path):
    first, second = (train(balls, tmp_path / name, steps=6) for name in "ab")

    states = [
        load_checkpoint(r.checkpoint, device="cpu").network.state_dict() for r in (first, second)
    ]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(balls, tmp_path):
    whole = train(balls, tmp_path / "whole", steps=20, val_every=5)

    cut_at(12, balls, tmp_path / "cut", steps=20, val_every=5)
    resumed = train(balls, tmp_path / "cut", steps=20, val_every=5, resume=True)

    assert resumed.steps == 20
    ends = [
        torch.load(tmp_path / run / "last.ckpt", weights_only=True)["state_dict"]
        for run in ("whole", "cut")
    ]
    assert all(torch.equal(ends[0][key], ends[1][key]) for key in ends[0])
    assert resumed.best_iou == pytest.approx(whole.best_iou)


def test_a_run_ends_on_time_with_a_validated_checkpoint(balls, tmp_path):
    network = build_network(TINY, seed=0)
    limits = TrainingConfig(
        Budget(seconds=2.0), batch_size=4, points=64, workers=0, val_every=10_000
    )

    result = train_network(balls, tmp_path / "run", network, limits, hardware=Hardware("cpu"))

    assert result.steps > 0
    assert result.checkpoint.is_file()
    assert result.best_iou >= 0


def test_an_earlier_run_is_not_overwritten(balls, tmp_path):
    train(balls, tmp_path / "run", steps=2)

    with pytest.raises(InvalidOptionError, match="contains an earlier run"):
        train(balls, tmp_path / "run", steps=2)


def test_nothing_to_resume_is_said(balls, tmp_path):
    with pytest.raises(CheckpointError, match=r"no last\.ckpt"):
        train(balls, tmp_path / "none", steps=2, resume=True)


def test_a_folder_that_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(StoreError, match="not a data set"):
        train(tmp_path, tmp_path / "run", steps=2)


def test_a_run_shorter_than_the_interval_can_be_resumed_and_goes_on_in_its_metrics(balls, tmp_path):
    train(balls, tmp_path / "run", steps=5)

    result = train(balls, tmp_path / "run", steps=30, resume=True)

    assert result.steps == 30
    with (tmp_path / "run/metrics.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert steps == sorted(steps)
    assert steps[0] == 5
    assert steps[-1] == 30


def test_another_network_is_not_resumed_and_nothing_is_touched(balls, tmp_path):
    train(balls, tmp_path / "run", steps=2)
    before = {path: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    other = build_network(ModelSpec("tiny", "convnet", "simple", 16, 16, image_size=32), seed=0)

    with pytest.raises(CheckpointError, match="a run of another network"):
        train_network(
            balls, tmp_path / "run", other, config(9), hardware=Hardware("cpu"), start="resumed"
        )

    assert {path: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_points_of_another_dimension_are_refused(balls, tmp_path):
    flat = build_network(ModelSpec("tiny", "convnet", "fc", 16, 16, point_dim=2, image_size=32))

    with pytest.raises(InvalidOptionError, match="have 3 coordinates, not 2"):
        train_network(balls, tmp_path / "run", flat, config(2), hardware=Hardware("cpu"))
    assert not (tmp_path / "run").exists()


def test_a_damaged_shape_is_named_in_one_line_also_by_a_loader_process(balls, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(balls, data)
    for file in data.glob("shapes/*/*.h5"):
        file.write_bytes(file.read_bytes()[:3000])

    with pytest.raises(StoreError, match=r"^\S+\.h5 is damaged: .*$"):
        train(data, tmp_path / "run", steps=1, workers=1)


def test_a_loss_that_is_no_number_ends_the_run(balls, tmp_path):
    network = build_network(TINY, seed=0)
    with torch.no_grad():
        next(network.parameters()).fill_(torch.nan)

    with pytest.raises(OnetError, match="the loss is nan after step 1") as error:
        train_network(balls, tmp_path / "run", network, config(9), hardware=Hardware("cpu"))

    assert "--lr" in error.value.hint


def test_a_last_checkpoint_that_was_cut_short_is_replaced_by_the_one_before(balls, tmp_path):
    whole = train(balls, tmp_path / "whole", steps=20, val_every=5)
    cut_at(17, balls, tmp_path / "run", steps=20, val_every=5)
    last = tmp_path / "run/last.ckpt"
    last.write_bytes(last.read_bytes()[:1000])

    resumed = train(balls, tmp_path / "run", steps=20, val_every=5, resume=True)

    assert resumed.steps == 20
    ends = [load_checkpoint(run.checkpoint, "cpu").network.state_dict() for run in (whole, resumed)]
    assert all(torch.equal(ends[0][key], ends[1][key]) for key in ends[0])


def test_a_run_that_is_over_is_rid_of_leftovers_when_it_is_resumed(balls, tmp_path):
    train(balls, tmp_path, steps=10, val_every=5)
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("*.ckpt")}
    steps = [torch.load(tmp_path / name, weights_only=True)["global_step"] for name in kept]
    (tmp_path / ".last.ckpt.0123abcd.tmp").write_bytes(b"killed here")

    train(balls, tmp_path, steps=10, val_every=5, resume=True)

    assert dict(zip(kept, steps, strict=True)) == {"last.ckpt": 10, "previous.ckpt": 5}
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.ckpt")} == kept
    assert not list(tmp_path.glob(".*"))


def test_two_damaged_checkpoints_are_said_to_be(balls, tmp_path):
    train(balls, tmp_path, steps=10, val_every=5)
    for name in ("last.ckpt", "previous.ckpt"):
        (tmp_path / name).write_bytes(b"PK nothing more")

    with pytest.raises(CheckpointError, match=r"last.ckpt is damaged"):
        train(balls, tmp_path, steps=20, resume=True)


@pytest.mark.parametrize("name", ["last.ckpt", "metrics.csv"])
def test_a_full_disk_ends_the_run_with_a_reason_and_nothing_half_written(
    balls, tmp_path, monkeypatch, name
):
    train(balls, tmp_path, steps=5, val_every=5)
    before = (tmp_path / "last.ckpt").read_bytes()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    if name == "last.ckpt":
        monkeypatch.setattr(Trainer, "save_checkpoint", full)
    else:
        monkeypatch.setattr(csv.DictWriter, "writerow", full)
    with pytest.raises(OnetError, match=rf"{name} cannot be written: No space left"):
        train(balls, tmp_path, steps=10, val_every=5, resume=True)

    assert (tmp_path / "last.ckpt").read_bytes() == before
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_running_out_of_memory_says_which_options_to_lower(balls, tmp_path, monkeypatch, error):
    def step(self, batch, batch_idx):
        raise error

    monkeypatch.setattr(OccupancyModule, "training_step", step)
    with pytest.raises(OnetError, match="out of memory with batches of 4 x 256") as caught:
        train(balls, tmp_path, steps=5)
    assert "--batch-size" in caught.value.hint


def test_other_errors_of_a_step_are_not_taken_for_a_lack_of_memory(balls, tmp_path, monkeypatch):
    def step(self, batch, batch_idx):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(OccupancyModule, "training_step", step)
    with pytest.raises(RuntimeError, match="do not fit"):
        train(balls, tmp_path, steps=5)


@pytest.mark.slow
def test_a_trained_network_that_only_gets_worse_is_kept_as_it_was(balls, tmp_path):
    train(balls, tmp_path / "first", 60)
    first = load_checkpoint(tmp_path / "first", "cpu")

    result = train_network(
        balls,
        tmp_path / "second",
        load_checkpoint(tmp_path / "first", "cpu").network,
        config(2, lr=0.3, ema=0.0),
        hardware=Hardware("cpu"),
        start="trained",
    )

    second = load_checkpoint(tmp_path / "second", "cpu")
    assert second.info.step == 0
    assert result.best_iou == pytest.approx(first.info.scores["validation_iou_points"], abs=1e-6)
    for name, weights in first.network.state_dict().items():
        assert torch.equal(second.network.state_dict()[name], weights), name


def test_the_checkpoint_records_the_exposure_of_the_training_images(balls, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(balls, data)
    store = ShapeStore.open(data)
    store.update_info(replace(store.info, sources={"balls": {"exposure": 0.85}}))

    train(data, tmp_path / "run", 2, val_every=2)
    train(balls, tmp_path / "other", 2, val_every=2)

    assert load_checkpoint(tmp_path / "run").info.exposure == 0.85
    assert load_checkpoint(tmp_path / "other").info.exposure == 1


def test_sets_of_different_exposure_are_noted(balls, tmp_path):
    data, notes = tmp_path / "data", []
    shutil.copytree(balls, data)
    store = ShapeStore.open(data)
    store.update_info(replace(store.info, sources={"balls": {"exposure": 0.85}}))

    train_network(
        data,
        tmp_path / "run",
        build_network(TINY, seed=0),
        config(2, val_every=2),
        extra=balls,
        hardware=Hardware("cpu"),
        events=RunEvents(note=notes.append),
    )

    (note,) = (note for note in notes if "exposure" in note)
    assert f"{data} have an exposure of 0.85, those of {balls} of 1" in note
    assert load_checkpoint(tmp_path / "run").info.exposure == 0.85
