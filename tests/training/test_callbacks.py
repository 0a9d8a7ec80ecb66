"""What happens around the steps: when the loss is looked at, and whose watch several ranks keep."""

from types import SimpleNamespace

import pytest
import torch

from onet_cli.errors import OnetError
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.training import callbacks
from onet_cli.training.callbacks import AGREE_EVERY, Clock, look_interval
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.module import OccupancyModule
from onet_cli.training.run import train_network
from onet_cli.training.status import RunEvents

TINY = ModelSpec("tiny", "convnet", "simple", code_dim=16, hidden_dim=16, image_size=32)


def train(balls, run, steps, listen=lambda status: None, **more):
    settings = {"batch_size": 4, "points": 64, "workers": 0, "val_every": 1000}
    settings |= {"mesh_every": 0} | more
    config = TrainingConfig(Budget(steps=steps), **settings)
    return train_network(
        balls,
        run,
        build_network(TINY, seed=0),
        config,
        hardware=Hardware("cpu"),
        events=RunEvents(listen=listen),
    )


@pytest.fixture
def seldom(monkeypatch):
    """Look at the loss as seldom as on a GPU."""
    monkeypatch.setattr(callbacks, "look_interval", lambda device: 25)


def spoil(monkeypatch, step):
    """Let the loss be no number from `step` on."""
    plain = OccupancyModule.loss

    def loss(self, batch):
        found = plain(self, batch)
        return found * torch.nan if self.global_step + 1 >= step else found

    monkeypatch.setattr(OccupancyModule, "loss", loss)


def test_a_gpu_is_asked_for_its_loss_with_each_row_of_metrics_only():
    assert look_interval(torch.device("cpu")) == 1
    assert look_interval(torch.device("cuda")) == 25


@pytest.mark.slow
def test_the_loss_that_is_looked_at_seldom_is_the_same_average(balls, tmp_path, monkeypatch):
    often, rarely = [], []
    train(balls, tmp_path / "often", 52, often.append)
    monkeypatch.setattr(callbacks, "look_interval", lambda device: 25)

    train(balls, tmp_path / "rarely", 52, rarely.append)

    losses = [{s.step: s.loss for s in seen if s.iou is None} for seen in (often, rarely)]
    assert [losses[1][step] for step in (1, 25, 50)] == [losses[0][step] for step in (1, 25, 50)]
    assert losses[1][49] == losses[1][25]


def test_a_loss_that_is_no_number_is_noticed_at_the_next_look(balls, tmp_path, monkeypatch, seldom):
    spoil(monkeypatch, 3)

    with pytest.raises(OnetError, match="the loss is nan after step 25"):
        train(balls, tmp_path, 60)

    assert not (tmp_path / "last.ckpt").exists()


def test_a_loss_that_is_no_number_is_noticed_before_a_validation_keeps_anything(
    balls, tmp_path, monkeypatch, seldom
):
    spoil(monkeypatch, 8)

    with pytest.raises(OnetError, match="the loss is nan after step 10"):
        train(balls, tmp_path, 60, val_every=5)

    kept = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert kept["global_step"] == 5
    assert all(t.isfinite().all() for t in kept["current_model_state"].values())


def test_a_loss_that_is_no_number_is_noticed_before_the_last_checkpoint(
    balls, tmp_path, monkeypatch, seldom
):
    spoil(monkeypatch, 8)

    with pytest.raises(OnetError, match="the loss is nan after step 9"):
        train(balls, tmp_path, 9)

    assert not (tmp_path / "last.ckpt").exists()
    assert not (tmp_path / "best.safetensors").exists()


class Ranks:
    """A trainer of two ranks, of which the other is the first: its watch runs twice as fast."""

    def __init__(self, clock):
        self.clock, self.asked = clock, 0
        self.world_size, self.global_step, self.should_stop = 2, 0, False
        self.strategy = SimpleNamespace(broadcast=self.broadcast)

    def broadcast(self, seconds):
        self.asked += 1
        return 2.0 * self.global_step

    def step(self):
        self.global_step += 1
        self.clock.on_train_batch_end(self)


def test_ranks_look_at_the_first_ones_watch_seldom_and_go_by_its_pace_between():
    clock = Clock(Budget(seconds=400.0), steps_per_epoch=10)
    trainer = Ranks(clock)
    clock.on_train_start(trainer, None)

    spent = []
    while not trainer.should_stop:
        trainer.step()
        spent.append(clock.spent())

    assert trainer.global_step == 200
    assert spent[:199] == pytest.approx([step / 200 for step in range(1, 200)])
    assert trainer.asked == AGREE_EVERY + len(range(AGREE_EVERY, 201, AGREE_EVERY))


def test_a_run_of_a_number_of_steps_asks_nobody():
    clock = Clock(Budget(steps=5), steps_per_epoch=10)
    trainer = Ranks(clock)
    clock.on_train_start(trainer, None)

    while not trainer.should_stop:
        trainer.step()

    assert (trainer.global_step, trainer.asked) == (5, 0)


class Timed:
    """A run of one process and 100 seconds, whose watch is set by hand."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr("onet_cli.training.callbacks.time.monotonic", lambda: self.now)
        self.clock = Clock(Budget(seconds=100.0), steps_per_epoch=10)
        self.trainer = SimpleNamespace(world_size=1, global_step=0, should_stop=False)
        self.clock.on_train_start(self.trainer, None)

    def step(self, seconds):
        self.now += seconds
        self.trainer.global_step += 1
        self.clock.on_train_batch_end(self.trainer)
        return self.clock.spent()


def test_the_schedule_covers_what_compilation_leaves_of_the_time(monkeypatch):
    run = Timed(monkeypatch)

    spent = [run.step(seconds) for seconds in (60, *[4] * 10)]

    assert spent == pytest.approx([0.1 * number for number in range(11)])
    assert run.trainer.should_stop
    resumed = Clock(Budget(seconds=200.0), steps_per_epoch=10)
    resumed.load_state_dict(run.clock.state_dict())
    assert resumed.spent() == pytest.approx(40 / 140)


def test_a_first_step_longer_than_the_limit_ends_the_run(monkeypatch):
    run = Timed(monkeypatch)

    run.step(150)

    assert run.trainer.should_stop
