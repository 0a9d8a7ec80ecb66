"""Where the curves and pictures of a run go: TensorBoard, or another logger of Lightning."""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch.loggers import (
    CSVLogger,
    Logger,
    MLFlowLogger,
    TensorBoardLogger,
    WandbLogger,
)
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import InvalidOptionError
from onet_cli.models.spec import ModelSpec
from onet_cli.training.config import LoggerName, TrainingConfig
from onet_cli.training.hyperparameters import hyperparameters, log_hyperparameters

PROJECT = "onet"


def make_logger(name: LoggerName, run: Path) -> Logger:
    """Return the logger `name` of a run; it writes into the folder `run`.

    Nothing is sent anywhere unless the service's own variable asks for it: WANDB_MODE=online, or a
    server in MLFLOW_TRACKING_URI.
    """
    if name == "wandb":
        offline = os.environ.get("WANDB_MODE", "offline") != "online"
        return WandbLogger(name=run.name, save_dir=run, project=PROJECT, offline=offline)
    if name == "mlflow":
        place = os.environ.get("MLFLOW_TRACKING_URI", f"sqlite:///{run.resolve()}/mlflow.db")
        files = None if "MLFLOW_TRACKING_URI" in os.environ else _artifacts(run)
        return MLFlowLogger(PROJECT, run.name, tracking_uri=place, artifact_location=files)
    if name == "csv":  # not beside metrics.csv, which has a row for each validation
        return CSVLogger(run, name="csv")
    return TensorBoardLogger(run, name="", version="")


def check_logger(name: LoggerName) -> None:
    """Raise InvalidOptionError if the package of the logger `name` is not installed."""
    if name in ("wandb", "mlflow") and find_spec(name) is None:
        raise InvalidOptionError(
            f"--logger {name} needs the package {name}", hint=f"pip install {name}"
        )


def _artifacts(run: Path) -> str:
    return (run / "mlflow").resolve().as_uri()


def log_settings(logger: Logger, config: TrainingConfig, spec: ModelSpec) -> None:
    """Log settings and model of a run."""
    if isinstance(logger, TensorBoardLogger):
        log_hyperparameters(logger, config, spec)
    else:
        logger.log_hyperparams(hyperparameters(config, spec))


def log_picture(logger: Logger | None, name: str, pixels: NDArray[np.uint8], step: int) -> None:
    """Log a picture (H, W, 3); a CSV file takes none."""
    if isinstance(logger, TensorBoardLogger):
        logger.experiment.add_image(name, pixels, step, dataformats="HWC")
    elif isinstance(logger, WandbLogger):
        logger.log_image(name, [pixels])
    elif isinstance(logger, MLFlowLogger):
        file = f"{name}/{step:07d}.png"
        logger.experiment.log_image(logger.run_id, pixels, artifact_file=file)


def log_mesh(logger: Logger | None, name: str, mesh: Trimesh, step: int) -> None:
    """Log a mesh for TensorBoard's mesh plugin; the others take none."""
    if isinstance(logger, TensorBoardLogger):
        vertices = torch.from_numpy(np.asarray(mesh.vertices, np.float32))[None]
        faces = torch.from_numpy(np.asarray(mesh.faces, np.int32))[None]
        logger.experiment.add_mesh(name, vertices, faces=faces, global_step=step)
