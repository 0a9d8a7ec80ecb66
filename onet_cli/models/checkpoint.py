"""Checkpoints: a network's weights and all metadata needed to use them, in one safetensors file.

Reading one never executes code in it.
"""

import json
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from onet_cli.errors import CheckpointError, UnknownNameError
from onet_cli.models import noisypixel
from onet_cli.models.calibration import Calibration, split_calibration
from onet_cli.models.device import resolve_device
from onet_cli.models.network import OccupancyNetwork, without_weights
from onet_cli.models.official import OFFICIAL_SUFFIXES, read_official
from onet_cli.models.spec import ModelSpec
from onet_cli.models.weights import read_header, read_tensors, write_tensors
from onet_cli.version import __version__

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

FORMAT_VERSION = 1
SMALLEST_SCALE = 0.25
MOST_SCALES = 8
"""Limits of a checkpoint's `scales`."""
HEADER_KEY = "onet"
_ALIGNMENT = 64  # bytes; of torch's allocator on the CPU
PRETRAINED = Path(__file__).parent / "pretrained"


@dataclass(frozen=True)
class CheckpointInfo:
    """Metadata of a checkpoint.

    `threshold` is the probability above which a point counts as inside; `platt` the scale and shift
    of the logits for the adaptive threshold, if it is used (`reconstruction.threshold`); `outline`
    how far, from 0 to 1, it moves towards the one at which the outline agrees best with the photo's
    (`reconstruction.outline`); `scales` the sizes of the photo, of which the first is 1, over which
    fields are averaged (`reconstruction.ensemble`); `categories` the training categories; `scores`
    and `training` are free-form notes, JSON-ready.
    """

    spec: ModelSpec
    threshold: float = 0.2
    platt: tuple[float, float] | None = None
    outline: float = 0.0
    scales: tuple[float, ...] = (1.0,)
    categories: tuple[str, ...] = ()
    step: int = 0
    scores: dict[str, float] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    onet_version: str = __version__
    format_version: int = FORMAT_VERSION

    def to_json(self) -> str:
        """Return the header that `from_json` reads."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "CheckpointInfo":
        """Return what `to_json` wrote.

        Raises:
            CheckpointError: it is damaged, or of a newer format version.
        """
        try:
            data = json.loads(text)
            version = int(data["format_version"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise CheckpointError("the header cannot be read") from error
        if version > FORMAT_VERSION:
            raise CheckpointError(
                f"it uses checkpoint format {version}; this onet reads up to {FORMAT_VERSION}",
                hint="upgrade onet",
            )
        try:
            spec = ModelSpec.from_dict(data.pop("spec"))
            categories, platt = tuple(data.pop("categories")), data.pop("platt", None)
            pair = None if platt is None else (float(platt[0]), float(platt[1]))
            scales = tuple(map(float, data.pop("scales", (1.0,))))
            info = cls(spec=spec, categories=categories, platt=pair, scales=scales, **data)
        except (TypeError, KeyError, IndexError, ValueError, OverflowError) as error:
            raise CheckpointError(f"the header is incomplete: {error}") from error
        info._check()
        return info

    def _check(self) -> None:
        """Raise CheckpointError unless each field is what its type says."""
        numbers = {"threshold": (0.0, 1.0), "outline": (0.0, 1.0), "step": (0, 2**63)}
        for name, (least, most) in numbers.items():
            value = getattr(self, name)
            # Written so that NaN is refused too.
            if not isinstance(value, int | float) or not least <= value <= most:
                raise CheckpointError(f"the header has {name} {str(value)[:40]}")
        if self.threshold in (0, 1):
            raise CheckpointError(f"the header has threshold {self.threshold}")
        if self.platt is not None and not all(map(isfinite, self.platt)):
            raise CheckpointError("the header's platt is not finite")
        sizes_fit = all(SMALLEST_SCALE <= scale <= 1 for scale in self.scales)
        if not sizes_fit or self.scales[:1] != (1.0,) or len(self.scales) > MOST_SCALES:
            raise CheckpointError(f"the header has scales {str(self.scales)[:40]}")
        fits = (
            isinstance(self.step, int)
            and self.format_version == FORMAT_VERSION
            and all(isinstance(name, str) for name in self.categories)
            and isinstance(self.scores, dict)
            and all(isinstance(score, int | float) for score in self.scores.values())
            and isinstance(self.training, dict)
            and isinstance(self.onet_version, str)
        )
        if not fits:
            raise CheckpointError("the header's notes cannot be read")


@dataclass(frozen=True)
class Checkpoint:
    """A network in eval mode, its metadata and, if measured, its calibration."""

    network: OccupancyNetwork
    info: CheckpointInfo
    calibration: Calibration | None = None


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
        tensors |= calibration.to_tensors()
        header |= calibration.to_header()
    write_tensors(path, tensors, header)


def load_checkpoint(path_or_name: str | Path, device: str = "auto") -> Checkpoint:
    """Return the network, in eval mode and single precision, and its description.

    Args:
        path_or_name: a checkpoint of onet (`*.safetensors`), a training run's folder, a file of
            the original implementation (`*.pt`), or the name of a shipped model.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.

    Raises:
        CheckpointError: the file is missing, damaged, of another kind or of a newer version.
        UnknownNameError: no shipped model has this name, or the file names an unknown encoder.
        InvalidOptionError: this machine has no such device.
    """
    target = resolve_device(device)
    path = find_checkpoint(path_or_name)
    try:
        info, tensors = _read(path)
        calibration, tensors = split_calibration(_calibration_header(path), tensors)
        network = _assemble(info.spec, tensors)
    except CheckpointError as error:
        raise CheckpointError(f"{path}: {error}", hint=error.hint) from error
    return Checkpoint(network.to(target).eval(), info, calibration)


def load_model(path_or_name: str | Path, device: str = "auto") -> OccupancyNetwork:
    """Return the network of a checkpoint, in eval mode; see `load_checkpoint`."""
    return load_checkpoint(path_or_name, device).network


def find_checkpoint(path_or_name: str | Path) -> Path:
    """Return the file that `load_checkpoint` would read.

    Raises:
        CheckpointError: a path was given and nothing is there.
        UnknownNameError: a name was given and no shipped model has it.
    """
    path = Path(path_or_name)
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


def read_info(path: Path) -> CheckpointInfo:
    """Return the metadata of the checkpoint at `path`.

    For safetensors files only the header is read, not the weights.

    Raises:
        CheckpointError: the file is damaged, of another kind or of a newer version.
    """
    if path.suffix in (*OFFICIAL_SUFFIXES, noisypixel.SUFFIX):
        return _read(path)[0]
    header = read_header(path)
    if HEADER_KEY not in header:
        raise CheckpointError(
            "the file holds tensors but no description of a network",
            hint="give a file that `onet train` wrote",
        )
    return CheckpointInfo.from_json(header[HEADER_KEY])


def _read(path: Path) -> tuple[CheckpointInfo, dict[str, Tensor]]:
    if path.suffix in OFFICIAL_SUFFIXES:
        original = read_official(path)
        info = CheckpointInfo(
            spec=original.spec, step=original.step, training={"source": "original implementation"}
        )
        return info, original.tensors
    if path.suffix == noisypixel.SUFFIX:
        if (other := noisypixel.read_noisypixel(path)) is not None:
            info = CheckpointInfo(
                spec=other.spec,
                threshold=noisypixel.THRESHOLD,
                step=other.step,
                training={"source": "project noisypixel"},
            )
            return info, other.tensors
        raise CheckpointError(
            "this file serves to resume a run and nothing else",
            hint=f"give {path.with_name('best.safetensors')}",
        )
    return read_info(path), read_tensors(path)


def _calibration_header(path: Path) -> dict[str, str]:
    foreign = (*OFFICIAL_SUFFIXES, noisypixel.SUFFIX)
    return {} if path.suffix in foreign else read_header(path)


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
