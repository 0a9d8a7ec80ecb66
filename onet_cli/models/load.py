"""Loading of a model for reconstruction, by torch or, from an ONNX export, without it."""

from pathlib import Path

from onet_cli.models.onnx_names import SUFFIX
from onet_cli.models.predictor import Predictor


def load_predictor(path_or_name: str | Path, device: str = "auto") -> Predictor:
    """Return the model of a checkpoint, or of an ONNX export (NAME.onnx), which needs no torch.

    Raises:
        CheckpointError, UnknownNameError, InvalidOptionError: as `checkpoint.load_checkpoint`.
    """
    path = Path(path_or_name)
    if path.suffix == SUFFIX:
        from onet_cli.models.onnx_model import load_onnx

        return load_onnx(path, device)
    from onet_cli.models.checkpoint import load_checkpoint

    return load_checkpoint(path_or_name, device)
