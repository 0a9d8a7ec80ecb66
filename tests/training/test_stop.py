"""Signals during a run: the step is finished, what was trained is kept, and resumed to the bit."""

import csv
import os
import shutil
import signal
import time

import pytest
import torch

from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.training.callbacks import KeepLast
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.module import OccupancyModule
from onet_cli.training.run import train_network
from onet_cli.training.status import RunEvents

TINY = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)
STEPS, VALIDATE_EVERY = 8, 5


def train(balls, run, start="fresh", note=lambda text: None):
    settings = {"batch_size": 4, "points": 64, "workers": 0, "mesh_every": 0}
    config = TrainingConfig(Budget(steps=STEPS), val_every=VALIDATE_EVERY, **settings)
    network = build_network(TINY, seed=0)
    events = RunEvents(note=note)
    return train_network(
        balls, run, network, config, hardware=Hardware("cpu"), start=start, events=events
    )


def send_in(step, monkeypatch, number=signal.SIGINT, times=1, place="backward"):
    """Send this process a signal in the middle of `step`, or of the validation after it."""
    plain, left = getattr(OccupancyModule, place), [number] * times

    def interrupted(self, *args, **kwargs):
        if self.global_step + (place == "backward") == step:
            while left:
                os.kill(os.getpid(), left.pop())
                time.sleep(0.1)  # of two at once that another thread took, Python notices one
        return plain(self, *args, **kwargs)

    monkeypatch.setattr(OccupancyModule, place, interrupted)


@pytest.fixture(autouse=True)
def heard():
    """Jobs in the background start with SIGINT ignored, and a run leaves ignored signals so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def whole(balls, tmp_path_factory):
    run = tmp_path_factory.mktemp("whole") / "run"
    train(balls, run)
    return run


def same_end(first, second):
    ends = [torch.load(run / "last.ckpt", weights_only=True) for run in (first, second)]
    weights = [end["state_dict"] for end in ends]
    moments = [end["optimizer_states"][0]["state"] for end in ends]
    return (
        (first / "best.safetensors").read_bytes() == (second / "best.safetensors").read_bytes()
        and all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
        and all(
            torch.equal(moments[0][key][name], moments[1][key][name])
            for key in moments[0]
            for name in moments[0][key]
        )
    )


def steps(run):
    with (run / "metrics.csv").open() as file:
        return [(row["step"], row["iou"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    "step", [1, 7, *(pytest.param(step, marks=pytest.mark.slow) for step in (5, 8))]
)
def test_a_run_stopped_in_any_step_goes_on_to_the_bit(balls, tmp_path, monkeypatch, whole, step):
    with monkeypatch.context() as patched:
        send_in(step, patched)
        with pytest.raises(KeyboardInterrupt):
            train(balls, tmp_path)
    kept = torch.load(tmp_path / "last.ckpt", weights_only=True)

    train(balls, tmp_path, "resumed")

    assert kept["global_step"] == step
    assert same_end(tmp_path, whole)
    assert steps(tmp_path) == steps(whole)


def test_a_run_stopped_in_a_validation_goes_on_to_the_bit(balls, tmp_path, monkeypatch, whole):
    with monkeypatch.context() as patched:
        send_in(5, patched, place="validation_step")
        with pytest.raises(KeyboardInterrupt):
            train(balls, tmp_path)

    train(balls, tmp_path, "resumed")

    assert same_end(tmp_path, whole)
    assert steps(tmp_path) == steps(whole)


def test_a_run_killed_right_after_its_checkpoint_lacks_no_row(balls, tmp_path, monkeypatch, whole):
    class KilledError(Exception):
        pass

    def write_and_die(self, trainer):
        plain(self, trainer)
        raise KilledError

    plain = KeepLast.write
    with monkeypatch.context() as patched:
        patched.setattr(KeepLast, "write", write_and_die)
        with pytest.raises(KilledError):
            train(balls, tmp_path)

    train(balls, tmp_path, "resumed")

    assert steps(tmp_path) == steps(whole)


def test_a_run_that_was_over_adds_no_rows_when_resumed(balls, tmp_path, whole):
    shutil.copytree(whole, tmp_path / "run")

    train(balls, tmp_path / "run", "resumed")

    assert same_end(tmp_path / "run", whole)
    assert steps(tmp_path / "run") == steps(whole)


def test_a_second_signal_stops_at_once(balls, tmp_path, monkeypatch):
    said = []
    send_in(3, monkeypatch, times=2)

    with pytest.raises(KeyboardInterrupt):
        train(balls, tmp_path, note=said.append)

    assert not (tmp_path / "last.ckpt").exists()
    assert said.count("stopping after this step; repeat to stop at once") == 1


def test_the_handlers_of_before_are_back_after_a_run(balls, tmp_path, monkeypatch):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    send_in(3, monkeypatch)

    with pytest.raises(KeyboardInterrupt):
        train(balls, tmp_path)
    train(balls, tmp_path, "resumed")

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
