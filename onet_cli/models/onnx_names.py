"""Names in ONNX exports: files, inputs, outputs, metadata. Importing this loads no dependency.

`docs/export.md` describes them; other programs rely on them.
"""

from pathlib import Path

SUFFIX = ".onnx"
PROGRAM_SUFFIX = ".pt2"
"""Of programs of `torch.export`, which have the same stages."""

ENCODER, PLANES, POINTS = "encoder", "planes", "points"
"""The stages; a stage STAGE of NAME.onnx is the file NAME.STAGE.onnx."""

IMAGES, CODE, LOGITS = "images", "code", "logits"

SEEN = ("planes", "shift", "local", "camera", "mirror")
"""What the points stage takes of the planes stage: the last three only in the picture's frame."""

LAYERS = ("first", "weights", "biases", "weight_out", "bias_out")
"""Weights of the point layers, the same for every code (`plane_points.PointLayers`)."""

INFO_KEY = "onet"
CALIBRATION_KEY = "calibration"
CALIBRATION_TENSORS_KEY = "calibration_tensors"
STAGES_KEY = "stages"
HASH_KEY = "weights_sha256"
LAYOUT_KEY = "weights_layout_sha256"
"""Keys of the metadata that `onet reconstruct` reads; the last one of graphs without weights."""


def stage_path(path: Path, stage: str, suffix: str = SUFFIX) -> Path:
    """Return the file of a stage of the export `path`, NAME.onnx or NAME with another `suffix`."""
    return path.with_suffix(f".{stage}{suffix}")


def export_path(path: Path) -> Path:
    """Return NAME.onnx of `path`, which may be its file NAME.encoder.onnx; likewise NAME.pt2."""
    stem = Path(path.stem)
    return path.with_name(f"{stem.stem}{path.suffix}") if stem.suffix == f".{ENCODER}" else path
