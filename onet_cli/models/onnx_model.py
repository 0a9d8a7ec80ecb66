"""Models in ONNX exports, run by onnxruntime: reconstruction without torch.

Points pass the kernel of `models.plane_points` where the export has planes and the processor
supports it, else the graph of the points stage.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from onet_cli.errors import CheckpointError, InvalidOptionError
from onet_cli.files import open_regular
from onet_cli.models.calibration import HEADER_KEY as CALIBRATION_HEADER
from onet_cli.models.calibration import Calibration, read_calibration
from onet_cli.models.code_layout import CodeLayout
from onet_cli.models.info import CheckpointInfo
from onet_cli.models.onnx_names import (
    CALIBRATION_KEY,
    CALIBRATION_TENSORS_KEY,
    CODE,
    ENCODER,
    HASH_KEY,
    IMAGES,
    INFO_KEY,
    LAYERS,
    LAYOUT_KEY,
    LOGITS,
    PLANES,
    POINTS,
    STAGES_KEY,
    SUFFIX,
    export_path,
    stage_path,
)
from onet_cli.models.onnx_session import open_session
from onet_cli.models.plane_points import PlanePoints, PointLayers, Sight, can_decode
from onet_cli.models.plane_slopes import logits_and_slopes
from onet_cli.models.predictor import Floats, Points
from onet_cli.models.stored import read_description
from onet_cli.models.weight_layout import header_digest
from onet_cli.models.workers import PlainWorkers

AGAIN = "export it again: `onet export`"
INSTALL_HINT = "pip install onnxruntime"

ROWS = 2048
"""Points per chunk, as with torch."""

STEP = 2e-4
"""Step of the central differences of logits, in the network's cube: above rounding, and a hundredth
of a cell of the planes."""


def load_onnx(path: Path, device: str = "auto") -> "OnnxModel":
    """Return the model of the export `path`: NAME.onnx, or its file NAME.encoder.onnx.

    Raises:
        CheckpointError: a file is missing, damaged, or of another export.
        InvalidOptionError: onnxruntime is not installed, or `device` is not the CPU.
    """
    if device not in ("auto", "cpu"):
        raise InvalidOptionError(
            f"an .onnx model runs on the CPU, not on {device}", hint="omit --device"
        )
    if find_spec("onnxruntime") is None:
        raise InvalidOptionError("an .onnx model needs onnxruntime", hint=INSTALL_HINT)
    path = export_path(path)
    encoder = _Stage(stage_path(path, ENCODER))
    try:
        stages = _others(path, encoder)
        info = CheckpointInfo.from_json(encoder.texts[INFO_KEY])
        calibration = _calibration(encoder.texts)
    except (KeyError, TypeError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"{encoder.path} has no usable description", hint=AGAIN) from error
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}", hint=error.hint or AGAIN) from error
    for stage in stages.values():
        if stage.texts.get(HASH_KEY) != encoder.texts.get(HASH_KEY):
            raise CheckpointError(
                f"{stage.path} and {encoder.path} are of different exports", hint=AGAIN
            )
    if POINTS not in stages:
        raise CheckpointError(f"{encoder.path} has no usable description", hint=AGAIN)
    return OnnxModel(info, calibration, encoder, stages)


def load_graphs(checkpoint: Path) -> "OnnxModel | None":
    """Return the model of `checkpoint` from the graphs beside it, which read its weights.

    None if there are no such graphs (`exporting.onnx.export_graphs`), if they or the checkpoint are
    damaged or of another state, or if there is no onnxruntime: torch can be asked then, and tells
    what is wrong with the checkpoint.
    """
    path = checkpoint.with_suffix(SUFFIX)
    if not stage_path(path, ENCODER).is_file() or find_spec("onnxruntime") is None:
        return None
    try:
        digest = header_digest(checkpoint)
        encoder = _Stage(stage_path(path, ENCODER))
        if encoder.texts.get(LAYOUT_KEY) != digest:
            return None
        info, calibration = read_description(checkpoint)
        return OnnxModel(info, calibration, encoder, _others(path, encoder))
    except (CheckpointError, KeyError, TypeError, ValueError, SafetensorError):
        return None


def _others(path: Path, encoder: "_Stage") -> dict[str, "_Stage"]:
    """Return the stages after the encoder."""
    names = json.loads(encoder.texts[STAGES_KEY])
    # Without planes all points pass the graph, many times a photo; else the kernel.
    often = () if PLANES in names else (POINTS,)
    return {
        name: _Stage(stage_path(path, str(name)), name in often)
        for name in names
        if name != ENCODER
    }


def _calibration(texts: Mapping[str, str]) -> Calibration | None:
    if CALIBRATION_KEY not in texts:
        return None
    arrays = load(b64decode(texts[CALIBRATION_TENSORS_KEY], validate=True))
    return read_calibration({CALIBRATION_HEADER: texts[CALIBRATION_KEY]}, arrays)


class _Stage:
    """One file of an export."""

    def __init__(self, path: Path, optimised: bool = False) -> None:
        """Open `path`, as `open_session`.

        Raises:
            CheckpointError: it is missing or damaged.
        """
        self.path = path
        if not path.exists():
            raise CheckpointError(f"there is no file {path}", hint="`onet export` writes it")
        try:
            open_regular(path).close()
            self._session = open_session(path, optimised)
        except Exception as error:  # onnxruntime's share no base class
            raise CheckpointError(f"{path} is no whole ONNX file", hint=AGAIN) from error
        self.texts: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        self._inputs = tuple(value.name for value in self._session.get_inputs())
        self._outputs = tuple(value.name for value in self._session.get_outputs())

    def run(self, values: Mapping[str, Floats]) -> dict[str, Floats]:
        """Return the outputs by name for the inputs among `values`.

        Raises:
            CheckpointError: the graph cannot be run.
        """
        try:
            results = self._session.run(None, {name: values[name] for name in self._inputs})
        except Exception as error:  # onnxruntime's share no base class
            raise CheckpointError(f"{self.path} cannot be run", hint=AGAIN) from error
        return dict(zip(self._outputs, results, strict=True))


class OnnxModel:
    """An ONNX export; implements `predictor.Predictor`."""

    def __init__(
        self,
        info: CheckpointInfo,
        calibration: Calibration | None,
        encoder: _Stage,
        stages: Mapping[str, _Stage],
    ) -> None:
        self.info, self.calibration = info, calibration
        self.workers = PlainWorkers()
        self._encoder, self._stages = encoder, stages

    def encode(self, images: Floats) -> Floats:
        """Return the codes (B, C) of `images` (B, 3, S, S), RGB in [0, 1]."""
        return self._encoder.run({IMAGES: images})[CODE]

    def describing(self, code: Floats) -> Floats:
        """Return the numbers (B, D) of `code` (B, C) that describe the picture as a whole."""
        spec = self.info.spec
        return code if spec.frame == "object" else CodeLayout(spec.code_dim).cells_of(code)

    def for_code(self, code: Floats) -> Points:
        """Return the field of `code` (1, C); its planes are drawn once."""
        if PLANES not in self._stages:
            return GraphPoints(self._stages[POINTS], {CODE: code}, self.workers)
        drawn = self._stages[PLANES].run({CODE: code})
        planes = PlanePoints(_layers(drawn))
        if can_decode(drawn["shift"].shape[1]):
            return KernelPoints(planes, self.workers)
        return GraphPoints(self._stages[POINTS], drawn, self.workers, planes)


def _layers(drawn: Mapping[str, Floats]) -> PointLayers:
    """Return the point layers from the outputs of the planes stage for one code."""
    first, weights, biases, weight_out, bias_out = (drawn[name] for name in LAYERS)
    sight = None
    if "local" in drawn:
        mirror = drawn["mirror"][0] if "mirror" in drawn else None
        elevation, kappa = drawn["camera"][0]
        sight = Sight(drawn["local"][0], elevation, kappa, mirror)
    planes, shift = drawn["planes"][0], drawn["shift"][0]
    return PointLayers(planes, shift, first, weights, biases, weight_out, bias_out, sight)


class KernelPoints:
    """The field of planes by the kernel; its gradients in numpy."""

    rows = ROWS

    def __init__(self, points: PlanePoints, workers: PlainWorkers) -> None:
        self._points, self.workers = points, workers

    def __call__(self, points: Floats) -> Floats:
        """Return the logits (N,) at `points` (N, 3)."""
        return self._points(points)

    def with_gradient(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the logits (N,) at `points` (N, 3) and their gradients (N, 3)."""
        return logits_and_slopes(self._points, points)


class GraphPoints:
    """The field of the points stage; its gradients are those of `planes`, or differences."""

    rows = ROWS

    def __init__(
        self,
        stage: _Stage,
        drawn: Mapping[str, Floats],
        workers: PlainWorkers,
        planes: PlanePoints | None = None,
    ) -> None:
        self._stage, self._drawn, self.workers = stage, dict(drawn), workers
        self._planes = planes

    def __call__(self, points: Floats) -> Floats:
        """Return the logits (N,) at `points` (N, 3)."""
        logits: Floats = self._stage.run({**self._drawn, POINTS: points[None]})[LOGITS][0]
        return logits

    def with_gradient(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the logits (N,) at `points` (N, 3) and their gradients (N, 3)."""
        if self._planes is not None:
            return logits_and_slopes(self._planes, points)
        steps = STEP * np.eye(3, dtype=np.float32)
        ends = [(points + step, points - step) for step in steps]
        every = np.concatenate([points, *(end for pair in ends for end in pair)])
        logits = self(every).reshape(7, len(points))
        # Divided by what the rounded points are apart.
        apart = [pair[0][:, axis] - pair[1][:, axis] for axis, pair in enumerate(ends)]
        slopes: Floats = (logits[1::2] - logits[2::2]) / np.stack(apart)
        return logits[0], slopes.T
