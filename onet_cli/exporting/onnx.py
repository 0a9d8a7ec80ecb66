"""A checkpoint as two ONNX files: the encoder, run once per image, and the decoder of points."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from onet_cli.errors import InvalidOptionError
from onet_cli.files import whole_file
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.models.network import OccupancyNetwork

INSTALL_HINT = "pip install onnx onnxscript onnxruntime"
SUFFIX = ".onnx"


@dataclass(frozen=True)
class OnnxParity:
    """The files written, and by how much onnxruntime's results differ from torch's at most.

    The differences are None where onnxruntime is not installed.
    """

    files: tuple[Path, Path]
    max_error_code: float | None
    max_error_logits: float | None


def export_onnx(checkpoint: Checkpoint, path: Path) -> OnnxParity:
    """Write `checkpoint` to NAME.encoder.onnx and NAME.decoder.onnx, where `path` is NAME.onnx.

    The encoder takes `images` (B, 3, S, S), RGB in [0, 1], to `code` (B, C), S being the model's
    image size; the decoder takes `points` (B, T, 3) of the unit-cube frame and `code` to `logits`
    (B, T). B and T are free. The checkpoint's header is in both files' metadata, under "onet".

    Raises:
        InvalidOptionError: onnx or onnxscript is not installed, or `path` is not NAME.onnx.
    """
    if path.suffix != SUFFIX:
        raise InvalidOptionError(f"{path} does not end in {SUFFIX}")
    if missing := [name for name in ("onnx", "onnxscript") if find_spec(name) is None]:
        raise InvalidOptionError(f"ONNX export needs {missing[0]}", hint=INSTALL_HINT)
    network = _on_cpu(checkpoint)
    header = checkpoint.info.to_json()
    encoder = _Part(
        _Encode(network), path.with_suffix(f".encoder{SUFFIX}"), ("images",), "code", header
    )
    decoder = _Part(
        _Decode(network),
        path.with_suffix(f".decoder{SUFFIX}"),
        ("points", "code"),
        "logits",
        header,
    )
    with torch.no_grad():
        images, points = _sample(network, batch=2, count=5)
        encoder.write((images,), ({0: _dimension("batch")},))
        code = network.encode(images)
        batch, count = _dimension("batch"), _dimension("count")
        decoder.write((points, code), ({0: batch, 1: count}, {0: batch}))
        # Other sizes than those traced, to prove that they are free.
        images, points = _sample(network, batch=3, count=1000)
        code = network.encode(images)
        errors = encoder.error((images,)), decoder.error((points, code))
    return OnnxParity((encoder.path, decoder.path), *errors)


class _Encode(nn.Module):
    def __init__(self, network: OccupancyNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return self.network.encode(images)


class _Decode(nn.Module):
    def __init__(self, network: OccupancyNetwork) -> None:
        super().__init__()
        self.decoder = network.decoder

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        logits: Tensor = self.decoder(points, code)
        return logits


@dataclass(frozen=True)
class _Part:
    module: nn.Module
    path: Path
    inputs: tuple[str, ...]
    output: str
    header: str

    def write(self, arguments: tuple[Tensor, ...], dynamic: Sequence[dict[int, Any]]) -> None:
        with _quiet():
            program = torch.onnx.export(
                self.module,
                arguments,
                input_names=list(self.inputs),
                output_names=[self.output],
                dynamic_shapes=tuple(dynamic),
                dynamo=True,
                verbose=False,
            )
        assert program is not None  # for the type checker: it is, with dynamo=True
        program.model.metadata_props["onet"] = self.header
        with whole_file(self.path) as temporary:
            program.save(temporary, external_data=False)

    def error(self, arguments: tuple[Tensor, ...]) -> float | None:
        if find_spec("onnxruntime") is None:
            return None
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(
            self.path, options, providers=["CPUExecutionProvider"]
        )
        feed = {name: value.numpy() for name, value in zip(self.inputs, arguments, strict=True)}
        (result,) = session.run([self.output], feed)
        return float((torch.from_numpy(result) - self.module(*arguments)).abs().max())


def _on_cpu(checkpoint: Checkpoint) -> OccupancyNetwork:
    network = OccupancyNetwork(checkpoint.info.spec).eval()
    network.load_state_dict(checkpoint.network.state_dict())
    return network


def _sample(network: OccupancyNetwork, batch: int, count: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    size = network.spec.image_size
    images = torch.rand((batch, 3, size, size), generator=generator)
    points = torch.rand((batch, count, network.spec.point_dim), generator=generator)
    return images, (points - 0.5) * CUBE_EDGE


def _dimension(name: str) -> Any:
    return torch.export.Dim(name, min=1, max=1 << 24)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's progress notes, meant for its developers, off the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
