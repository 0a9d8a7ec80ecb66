import csv

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.reconstruction.preview import tile_corner
from onet_cli.training.chart import draw_chart
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.meshes import TILE
from onet_cli.training.run import train_network
from onet_cli.training.status import RunEvents, TrainingStatus

TINY = ModelSpec("tiny", "convnet", "cbn", code_dim=16, hidden_dim=16, image_size=32)


def trained(balls, run, steps=60, **settings):
    given = {"batch_size": 4, "points": 256, "workers": 0, "lr": 3e-3, "val_every": 20}
    config = TrainingConfig(Budget(steps=steps), **given | settings)
    seen = []
    train_network(
        balls,
        run,
        build_network(TINY, seed=0),
        config,
        hardware=Hardware("cpu"),
        events=RunEvents(listen=seen.append),
    )
    return [status for status in seen if status.iou is not None]


@pytest.fixture(scope="module")
def watched(balls, tmp_path_factory):
    run = tmp_path_factory.mktemp("watched")
    return run, trained(balls, run, mesh_every=40)


def events(run):
    accumulator = EventAccumulator(str(run), size_guidance={"images": 0, "tensors": 0})
    return accumulator.Reload()


def test_meshes_are_scored_at_their_turns_and_at_the_end(watched):
    run, scores = watched

    assert [status.step for status in scores if status.mesh_iou is not None] == [40, 60]
    # Balls are easy: the mesh of the last turn is nearly as good as the network at points.
    assert scores[-1].mesh_iou == pytest.approx(scores[-1].iou, abs=0.1)
    with (run / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["mesh_iou"]]
    assert [int(row["step"]) for row in rows] == [40, 60]
    assert float(rows[-1]["mesh_iou"]) == pytest.approx(scores[-1].mesh_iou, rel=1e-4)


def test_tensorboard_gets_pictures_meshes_and_the_threshold_curve(watched):
    found = events(watched[0])

    tags = found.Tags()
    assert [event.step for event in found.Images("thresholds")] == [20, 40, 60]
    previews = [tag for tag in tags["images"] if tag.startswith("preview/")]
    assert len(previews) == 4
    shown = found.Images(previews[0])
    assert [event.step for event in shown][-1] == 60
    assert (shown[-1].width, shown[-1].height) == tile_corner(3, 4, TILE)  # a row for the truth
    assert {tag.split("/")[1] for tag in previews} == {
        tag.split("/")[1].removesuffix("_VERTEX")
        for tag in tags["tensors"]
        if tag.startswith("mesh/") and tag.endswith("_VERTEX")
    }


def test_without_an_interval_no_meshes_are_made(balls, tmp_path):
    scores = trained(balls, tmp_path / "run", steps=4, val_every=2, mesh_every=0)

    assert all(status.mesh_iou is None for status in scores)
    assert not [tag for tag in events(tmp_path / "run").Tags()["images"] if "preview" in tag]


def test_an_untrained_network_without_a_surface_scores_nothing(balls, tmp_path):
    network = build_network(TINY, seed=0)
    network.decoder.fc_out.bias.data.fill_(-50.0)
    config = TrainingConfig(Budget(steps=1), batch_size=2, points=8, workers=0, lr=1e-9)
    seen = []

    train_network(
        balls,
        tmp_path / "run",
        network,
        config,
        hardware=Hardware("cpu"),
        events=RunEvents(listen=seen.append),
    )

    assert seen[-1].mesh_iou == 0.0


def test_a_chart_marks_its_highest_point_where_it_belongs():
    chart = np.asarray(draw_chart("IoU", [0.0, 0.5, 1.0], [0.0, 1.0, 0.0])).astype(int)

    ink = np.abs(chart - [60, 90, 160]).sum(axis=2) < 30
    rows, columns = np.nonzero(ink)
    assert rows.min() < 35  # the dot around 1, at the top
    assert abs(columns[rows == rows.min()].mean() - (44 + (420 - 44 - 20) / 2)) < 2


@pytest.mark.parametrize(("spent", "left"), [(0.0, None), (0.25, 300.0), (1.0, 0.0)])
def test_the_time_left_follows_from_what_is_spent(spent, left):
    assert TrainingStatus(1, spent, 100.0, 0.5, 1e-3, 10.0).seconds_left == left


def test_waiting_for_data_is_a_share_of_the_time(watched):
    assert all(0 < status.data_wait < 1 for status in watched[1])
