"""The settings of a run in TensorBoard's tab HPARAMS, beside its validation IoU."""

from dataclasses import asdict
from typing import Any

from lightning.pytorch.loggers import TensorBoardLogger

from onet_cli.models.spec import ModelSpec
from onet_cli.training.config import TrainingConfig

METRIC = "val_iou"
"""What runs are compared by there: the scalar that each validation logs."""


def log_hyperparameters(board: TensorBoardLogger, config: TrainingConfig, spec: ModelSpec) -> None:
    """Write settings and model to the run's events.

    Lightning's own way would log a first score that nothing has.
    """
    from torch.utils.tensorboard.summary import hparams

    writer = board.experiment._get_file_writer()
    for summary in hparams(  # type: ignore[no-untyped-call]
        hyperparameters(config, spec), {METRIC: 0.0}
    ):
        writer.add_summary(summary)
    board.experiment.flush()


def hyperparameters(config: TrainingConfig, spec: ModelSpec) -> dict[str, Any]:
    """Return settings and model as plain values by name; None becomes `none`."""
    found = {name: value for name, value in asdict(config).items() if name != "budget"}
    found |= {f"budget_{name}": value for name, value in asdict(config.budget).items()}
    found |= {name: value for name, value in spec.to_dict().items() if name != "summary"}
    return {
        name: value if isinstance(value, bool | int | float) else str(value).lower()
        for name, value in found.items()
    }
