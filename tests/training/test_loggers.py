"""Runs log to Lightning's loggers; one without its package is refused before the work."""

import csv
import json

import numpy as np
import pytest

from onet_cli.errors import InvalidOptionError
from onet_cli.models.catalogue import MODELS
from onet_cli.models.network import build_network
from onet_cli.models.spec import ModelSpec
from onet_cli.training import loggers
from onet_cli.training.config import Budget, Hardware, TrainingConfig
from onet_cli.training.loggers import check_logger, log_picture, log_settings, make_logger
from onet_cli.training.run import train_network

SPEC = ModelSpec("small", "convnet", "simple", code_dim=8, hidden_dim=8, image_size=32)
PICTURE = np.full((8, 8, 3), 200, np.uint8)


def config(logger, **changes):
    settings = {"batch_size": 4, "points": 64, "workers": 0, "mesh_every": 0, "val_every": 2}
    return TrainingConfig(budget=Budget(steps=4), logger=logger, **settings | changes)


def test_a_run_with_csv_has_its_curves_and_settings_in_files(balls, tmp_path):
    run = tmp_path / "run"

    train_network(balls, run, build_network(SPEC), config("csv"), hardware=Hardware("cpu"))

    (file,) = run.glob("csv/*/metrics.csv")
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [row["val_iou"] for row in rows if row["val_iou"]] != []
    assert "lr: 0.001" in (file.parent / "hparams.yaml").read_text()
    assert list(run.glob("events.*")) == []
    assert json.loads((run / "config.json").read_text())["training"]["logger"] == "csv"


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_logger_without_its_package_is_refused_before_the_work(
    name, balls, tmp_path, monkeypatch
):
    monkeypatch.setattr(loggers, "find_spec", lambda package: None)

    with pytest.raises(InvalidOptionError, match=f"--logger {name} needs the package") as error:
        train_network(balls, tmp_path / "run", build_network(SPEC), config(name))

    assert error.value.hint == f"pip install {name}"
    assert not (tmp_path / "run").exists()


def test_packages_that_come_with_onet_are_not_asked_for():
    check_logger("tensorboard")
    check_logger("csv")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_services_log_into_the_run_and_nowhere_else(name, tmp_path, monkeypatch):
    pytest.importorskip(name)
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    run.mkdir()

    logger = make_logger(name, run)  # no test can reach the network
    log_settings(logger, config(name), MODELS["onet"])
    logger.log_metrics({"loss": 0.5}, step=1)
    log_picture(logger, "preview/0_a", PICTURE, 1)
    logger.finalize("success")

    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    written = [path for path in run.rglob("*") if path.is_file()]
    assert any(path.suffix in (".wandb", ".db") for path in written)
    assert any(path.suffix == ".png" for path in written)


def test_a_csv_file_takes_no_pictures(tmp_path):
    log_picture(make_logger("csv", tmp_path), "thresholds", PICTURE, 1)

    assert list(tmp_path.rglob("*.png")) == []
