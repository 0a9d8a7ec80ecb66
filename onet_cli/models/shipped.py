"""Where checkpoints lie: files, run folders, and the models in this package. Loads no torch."""

from pathlib import Path

from onet_cli.errors import CheckpointError, UnknownNameError
from onet_cli.models.onnx_names import ENCODER, PROGRAM_SUFFIX, export_path, stage_path
from onet_cli.models.onnx_names import SUFFIX as ONNX_SUFFIX

PRETRAINED = Path(__file__).parent / "pretrained"


def find_checkpoint(path_or_name: str | Path) -> Path:
    """Return the file that `checkpoint.load_checkpoint` would read.

    Raises:
        CheckpointError: a path was given and nothing is there.
        UnknownNameError: a name was given and no shipped model has it.
    """
    path = Path(path_or_name)
    if path.suffix == PROGRAM_SUFFIX and not path.is_file():
        path = stage_path(export_path(path), ENCODER, PROGRAM_SUFFIX)
    if path.suffix == ONNX_SUFFIX:
        raise CheckpointError(
            f"{path} is an ONNX export, which only `onet reconstruct` reads",
            hint="give the checkpoint that it was made from",
        )
    if path.is_dir() and (path / "best.safetensors").is_file():
        return path / "best.safetensors"
    if path.is_file():
        return path
    shipped = shipped_models()
    if str(path_or_name) in shipped:
        return PRETRAINED / f"{path_or_name}.safetensors"
    if path.suffix or len(path.parts) > 1 or path.exists() or not shipped:
        raise CheckpointError(f"there is no checkpoint at {path}", hint="`onet train` makes one")
    raise UnknownNameError.among("shipped model", str(path_or_name), shipped)


def shipped_models() -> list[str]:
    """Return the names of the models whose weights come with this package, sorted."""
    return sorted(path.stem for path in PRETRAINED.glob("*.safetensors"))
