"""Loading of a model for reconstruction."""

from pathlib import Path

from onet_cli.models.predictor import Predictor


def load_predictor(path_or_name: str | Path, device: str = "auto") -> Predictor:
    """Return the model of a checkpoint.

    Raises:
        CheckpointError, UnknownNameError, InvalidOptionError: as `checkpoint.load_checkpoint`.
    """
    from onet_cli.models.checkpoint import load_checkpoint

    return load_checkpoint(path_or_name, device)
