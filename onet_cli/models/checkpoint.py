"""Checkpoints: a network's weights and all metadata needed to use them, in one safetensors file.

Reading one never executes code in it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli.errors import CheckpointError
from onet_cli.models import noisypixel
from onet_cli.models.calibration import PREFIX, Calibration, read_calibration
from onet_cli.models.device import resolve_device
from onet_cli.models.info import HEADER_KEY, CheckpointInfo
from onet_cli.models.network import OccupancyNetwork, without_weights
from onet_cli.models.official import OFFICIAL_SUFFIXES, read_official
from onet_cli.models.onnx_names import PROGRAM_SUFFIX
from onet_cli.models.program import read_program
from onet_cli.models.shipped import find_checkpoint, shipped_models
from onet_cli.models.spec import ModelSpec
from onet_cli.models.torch_points import TorchPoints, TorchWorkers
from onet_cli.models.weights import read_header, read_tensors, write_tensors

__all__ = [
    "Checkpoint",
    "CheckpointInfo",
    "find_checkpoint",
    "load_checkpoint",
    "load_model",
    "read_info",
    "resolve_device",
    "save_checkpoint",
    "shipped_models",
]

_ALIGNMENT = 64  # bytes; of torch's allocator on the CPU


@dataclass(frozen=True)
class Checkpoint:
    """A network in eval mode, its metadata and, if measured, its calibration.

    It implements `models.predictor.Predictor` by torch.
    """

    network: OccupancyNetwork
    info: CheckpointInfo
    calibration: Calibration | None = None

    @property
    def workers(self) -> TorchWorkers:
        """The threads on which the network may run."""
        return TorchWorkers(self._device)

    @torch.no_grad()
    def encode(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the codes (B, C) of `images` (B, 3, S, S), RGB in [0, 1]."""
        return _array(self.network.encode(torch.from_numpy(images).to(self._device)))

    @torch.no_grad()
    def describing(self, code: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the numbers (B, D) of `code` (B, C) that describe the picture as a whole."""
        return _array(self.network.describing(torch.from_numpy(code)))

    def for_code(self, code: NDArray[np.float32]) -> TorchPoints:
        """Return the decoder of points for `code` (1, C); see `OccupancyNetwork.for_code`."""
        given = torch.from_numpy(code).to(self._device)
        return TorchPoints(self.network.for_code(given), self._device)

    @property
    def _device(self) -> torch.device:
        return self.network.mean.device


def save_checkpoint(
    path: Path,
    network: OccupancyNetwork,
    info: CheckpointInfo,
    half: bool = False,
    calibration: Calibration | None = None,
) -> None:
    """Write `network`'s weights, `info` and `calibration` to `path`, atomically.

    With `half`, matrices and kernels are stored in half precision; biases and running statistics,
    which are few and may be large, are not.
    """
    tensors = {}
    for name, tensor in network.state_dict().items():
        narrow = half and tensor.is_floating_point() and tensor.ndim >= 2
        tensor = tensor.detach().to("cpu", torch.float16 if narrow else tensor.dtype)
        tensors[name] = tensor.contiguous().clone()
    header = {HEADER_KEY: info.to_json()}
    if calibration is not None:
        arrays = calibration.to_arrays()
        tensors |= {name: torch.from_numpy(array) for name, array in arrays.items()}
        header |= calibration.to_header()
    write_tensors(path, tensors, header)


def load_checkpoint(path_or_name: str | Path, device: str = "auto") -> Checkpoint:
    """Return the network, in eval mode and single precision, and its description.

    Args:
        path_or_name: a checkpoint of onet (`*.safetensors`), a training run's folder, a file of
            the original implementation (`*.pt`), an export to `*.pt2`, or the name of a shipped
            model.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        CheckpointError: the file is missing, damaged, of another kind or of a newer version.
        UnknownNameError: no shipped model has this name, or the file names an unknown encoder.
        InvalidOptionError: this machine has no such device.
    """
    target = resolve_device(device)
    path = find_checkpoint(path_or_name)
    try:
        info, tensors, header = _read(path)
        own = {name: each for name, each in tensors.items() if not name.startswith(PREFIX)}
        arrays = {name: tensors[name].numpy() for name in tensors.keys() - own.keys()}
        calibration = read_calibration(header, arrays)
        network = _assemble(info.spec, own)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}", hint=error.hint) from error
    return Checkpoint(network.to(target).eval(), info, calibration)


def load_model(path_or_name: str | Path, device: str = "auto") -> OccupancyNetwork:
    """Return the network of a checkpoint, in eval mode; see `load_checkpoint`."""
    return load_checkpoint(path_or_name, device).network


def read_info(path: Path) -> CheckpointInfo:
    """Return the metadata of the checkpoint at `path`.

    For safetensors files only the header is read, not the weights.

    Raises:
        CheckpointError: the file is damaged, of another kind or of a newer version.
    """
    if path.suffix in (*OFFICIAL_SUFFIXES, noisypixel.SUFFIX, PROGRAM_SUFFIX):
        return _read(path)[0]
    return _described(read_header(path))


def _described(header: dict[str, str]) -> CheckpointInfo:
    if HEADER_KEY not in header:
        raise CheckpointError(
            "the file holds tensors but no description of a network",
            hint="give a file that `onet train` wrote",
        )
    return CheckpointInfo.from_json(header[HEADER_KEY])


def _read(path: Path) -> tuple[CheckpointInfo, dict[str, Tensor], dict[str, str]]:
    """Return the description, the tensors, and the texts with the calibration."""
    if path.suffix in OFFICIAL_SUFFIXES:
        original = read_official(path)
        info = CheckpointInfo(
            spec=original.spec, step=original.step, training={"source": "original implementation"}
        )
        return info, original.tensors, {}
    if path.suffix == noisypixel.SUFFIX:
        if (other := noisypixel.read_noisypixel(path)) is not None:
            info = CheckpointInfo(
                spec=other.spec,
                threshold=noisypixel.THRESHOLD,
                step=other.step,
                training={"source": "project noisypixel"},
            )
            return info, other.tensors, {}
        raise CheckpointError(
            "this file serves to resume a run and nothing else",
            hint=f"give {path.with_name('best.safetensors')}",
        )
    if path.suffix == PROGRAM_SUFFIX:
        program = read_program(path)
        return CheckpointInfo.from_json(program.info), program.tensors, program.header
    header = read_header(path)
    return _described(header), read_tensors(path), header


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.float().cpu().numpy()
    return array


def _aligned(tensor: Tensor) -> Tensor:
    """Return `tensor` where torch would allocate it: its place in the file affects rounding."""
    return tensor.clone() if tensor.data_ptr() % _ALIGNMENT else tensor


def _assemble(spec: ModelSpec, tensors: dict[str, Tensor]) -> OccupancyNetwork:
    # Built on no device, so that no time goes into initial weights that are then replaced.
    try:
        with without_weights():
            network = OccupancyNetwork(spec)
    except (ValueError, TypeError, RuntimeError, ArithmeticError, LookupError) as error:
        raise CheckpointError(f"no network can be built as it says: {error}") from error
    expected = network.state_dict()
    # Counters of batches serve training alone, and programs of torch.export lack them.
    counters = {name for name in expected if name.endswith(".num_batches_tracked")}
    tensors = {name: torch.zeros_like(expected[name], device="cpu") for name in counters} | tensors
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    names = sorted(expected.keys() | tensors.keys())
    wrong = [
        name for name in names if name not in expected or shapes.get(name) != expected[name].shape
    ]
    if wrong:
        raise CheckpointError(
            f"{len(wrong)} tensors do not fit the model {spec.name!r}, the first is {wrong[0]!r}"
        )
    wide = {name: _aligned(tensor.to(expected[name].dtype)) for name, tensor in tensors.items()}
    network.load_state_dict(wide, assign=True)
    return network
