"""Loading of a model for reconstruction, by torch or, from an ONNX export, without it."""

import shutil
import sys
from pathlib import Path

from onet_cli.models.onnx_names import SUFFIX
from onet_cli.models.predictor import Predictor
from onet_cli.models.shipped import find_checkpoint, shipped_models


def load_predictor(
    path_or_name: str | Path, device: str = "auto", gradients: bool = False
) -> Predictor:
    """Return the model of a checkpoint, or of an ONNX export (NAME.onnx), which needs no torch.

    With the device `auto`, a shipped model is run by onnxruntime, too: importing torch takes longer
    than a photo. Its results are those of torch up to rounding. torch runs it if there is an NVIDIA
    GPU, or if `gradients` of the field will be asked for, which it computes faster.

    Raises:
        CheckpointError, UnknownNameError, InvalidOptionError: as `checkpoint.load_checkpoint`.
    """
    path = Path(path_or_name)
    if path.suffix == SUFFIX:
        from onet_cli.models.onnx_model import load_onnx

        return load_onnx(path, device)
    plain = device == "auto" and not gradients
    if plain and str(path_or_name) in shipped_models() and not _nvidia():
        from onet_cli.models.onnx_model import load_graphs

        model = load_graphs(find_checkpoint(path_or_name))
        if model is not None:
            return model
    from onet_cli.models.checkpoint import load_checkpoint

    return load_checkpoint(path_or_name, device)


def may_accelerate(device: str) -> bool:
    """Return whether `device` may be other than the CPU, without asking torch."""
    if device == "auto":
        return _nvidia() or sys.platform == "darwin"
    return device != "cpu"


def _nvidia() -> bool:
    """Return whether there seems to be an NVIDIA GPU, without asking torch."""
    return Path("/proc/driver/nvidia").exists() or shutil.which("nvidia-smi") is not None
