"""ONNX export: a file for the encoder, run once per image, and one for the decoder."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from onet_cli.errors import InvalidOptionError
from onet_cli.exporting.onnx_file import OnnxFile
from onet_cli.exporting.options import Note, silent
from onet_cli.files import whole_file
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.models.frame import FARTHEST, REACH
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import Frame

INSTALL_HINT = "pip install onnx onnxscript onnxruntime"
SUFFIX = ".onnx"

TRACED_SIZE = (2, 5)
"""Batch size and number of points for tracing; the exporter would specialise a size of 1."""

COMPARED_SIZES = ((1, 1000), (3, 333))
"""Batch sizes and numbers of points compared with torch, unlike those traced, to test dynamic
axes."""

FRAME_NOTES: dict[Frame, str] = {
    "object": "points are in the upright unit cube: +y up, centre 0, longest edge of the object 1",
    "picture": (
        f"points (px, py, pz) fill a cube of edge {CUBE_EDGE:g}. The picture's frame (+y up, x to "
        "the right, z towards the camera, in half edges of the picture), from that cube: "
        f"x = px / {CUBE_EDGE / 2:g}, and with q = py / {CUBE_EDGE / 2:g} within +-{FARTHEST:g}, "
        f"y = {REACH:g} q / (1 - q^4)^(1/4), z from pz likewise. Back: px = {CUBE_EDGE / 2:g} x, "
        f"and with r = y / {REACH:g}, py = {CUBE_EDGE / 2:g} r / (1 + r^4)^(1/4). A mesh in the "
        "picture's frame, its box centred at 0 and divided by its longest edge, is in the upright "
        "unit cube but for a turn around y: it faces as the camera saw it. The last two numbers of "
        "the code are the camera: elevation in radians, and kappa"
    ),
}
"""Description of the points in the metadata, by the model's frame; formulas in `models.frame`."""


@dataclass(frozen=True)
class OnnxParity:
    """The written files, and the maximum differences between onnxruntime and torch.

    The differences are None if onnxruntime is not installed.
    """

    files: tuple[Path, Path]
    max_error_code: float | None
    max_error_logits: float | None


def export_onnx(checkpoint: Checkpoint, path: Path, note: Note = silent) -> OnnxParity:
    """Export `checkpoint` to NAME.encoder.onnx and NAME.decoder.onnx, where `path` is NAME.onnx.

    The encoder maps `images` (B, 3, S, S), RGB in [0, 1], to `code` (B, C), where S is the model's
    image size; the decoder maps `points` (B, T, 3) in the model's frame and `code` to `logits`
    (B, T). B and T are dynamic. The metadata of both files have the checkpoint's header under
    "onet", the frame under "frame" and its description under "frame_note".

    Both files are written, or neither: existing files are replaced once both are complete and
    compared. `note` is called with each step before it begins: tracing takes up to half a minute.

    Raises:
        InvalidOptionError: onnx or onnxscript is not installed, or `path` is not NAME.onnx.
        OnetError: a file cannot be written, a module cannot be exported, or onnxruntime cannot run
            it or differs from torch (`onnx_file.TOLERANCE`).
    """
    if path.suffix != SUFFIX:
        raise InvalidOptionError(f"{path} does not end in {SUFFIX}")
    if missing := [name for name in ("onnx", "onnxscript") if find_spec(name) is None]:
        raise InvalidOptionError(f"ONNX export needs {missing[0]}", hint=INSTALL_HINT)
    network = _on_cpu(checkpoint)
    files = path.with_suffix(f".encoder{SUFFIX}"), path.with_suffix(f".decoder{SUFFIX}")
    with whole_file(files[0]) as encoder, whole_file(files[1]) as decoder, torch.no_grad():
        errors = _write(network, (encoder, decoder), _metadata(checkpoint), note)
    return OnnxParity(files, *errors)


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


def _write(
    network: OccupancyNetwork, paths: tuple[Path, Path], metadata: dict[str, str], note: Note
) -> tuple[float | None, float | None]:
    """Write both files; return the maximum differences of codes and logits from torch."""
    encoder_path, decoder_path = paths
    encoder = OnnxFile(_Encode(network), "encoder", {"images": ("batch",)}, "code")
    decoder = OnnxFile(
        _Decode(network), "decoder", {"points": ("batch", "count"), "code": ("batch",)}, "logits"
    )
    images, points = _sample(network, *TRACED_SIZE)
    note("tracing and writing the encoder")
    encoder.write(encoder_path, (images,), metadata)
    note("tracing and writing the decoder")
    decoder.write(decoder_path, (points, network.encode(images)), metadata)
    codes: list[float | None] = []
    logits: list[float | None] = []
    note("comparing both with torch")
    for size in COMPARED_SIZES:
        images, points = _sample(network, *size)
        codes.append(encoder.difference(encoder_path, (images,)))
        logits.append(decoder.difference(decoder_path, (points, network.encode(images))))
    return _largest(codes), _largest(logits)


def _largest(errors: list[float | None]) -> float | None:
    known = [error for error in errors if error is not None]
    return max(known) if known else None


def _metadata(checkpoint: Checkpoint) -> dict[str, str]:
    frame = checkpoint.info.spec.frame
    return {
        "onet": checkpoint.info.to_json(),
        "frame": frame,
        "frame_note": FRAME_NOTES[frame],
    }


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
