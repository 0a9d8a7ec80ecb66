"""ONNX export: one file for each stage of a network (`exporting.stages`)."""

import contextlib
import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from onet_cli.errors import InvalidOptionError
from onet_cli.exporting.onnx_file import OnnxFile
from onet_cli.exporting.onnx_pool import Job, trace_all
from onet_cli.exporting.options import Note, Weights, silent
from onet_cli.exporting.stages import stages_of
from onet_cli.files import whole_file
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import FARTHEST, REACH
from onet_cli.models.calibration import HEADER_KEY
from onet_cli.models.checkpoint import Checkpoint, load_checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.onnx_names import (
    CALIBRATION_KEY,
    CALIBRATION_TENSORS_KEY,
    ENCODER,
    HASH_KEY,
    INFO_KEY,
    LAYOUT_KEY,
    STAGES_KEY,
    SUFFIX,
    stage_path,
)
from onet_cli.models.spec import Frame
from onet_cli.models.weight_layout import read_layout
from onet_cli.models.weights import tensor_bytes

INSTALL_HINT = "pip install onnx onnxscript onnxruntime"

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
    """The written files by stage, and the maximum difference of each from torch.

    There are no differences if onnxruntime is not installed.
    """

    files: Mapping[str, Path]
    differences: Mapping[str, float]


def export_onnx(
    checkpoint: Checkpoint,
    path: Path,
    note: Note = silent,
    licence: str | None = None,
    weights: Weights = Weights.SINGLE,
    workers: int = 1,
) -> OnnxParity:
    """Export `checkpoint` to a file NAME.STAGE.onnx for each stage, where `path` is NAME.onnx.

    `docs/export.md` describes inputs, outputs and metadata. Numbers of images and points are
    dynamic; S, the edge of `images` (B, 3, S, S), is the model's.

    All files are written, or none: existing files are replaced once all are complete and compared.
    `note` is called with each step before it begins: tracing takes up to half a minute. `licence`
    is that of the weights, for the metadata. `weights` tells how they are stored. `workers`
    processes trace the stages (`onnx_pool.trace_all`).

    Raises:
        InvalidOptionError: onnx or onnxscript is not installed, or `path` is not NAME.onnx.
        OnetError: a file cannot be written, a module cannot be exported, or onnxruntime cannot run
            it or differs from torch (`onnx_file.TOLERANCES`).
    """
    if path.suffix != SUFFIX:
        raise InvalidOptionError(f"{path} does not end in {SUFFIX}")
    _require_packages()
    network = _on_cpu(checkpoint)
    files = {stage.name: OnnxFile(stage, weights) for stage in stages_of(network)}
    texts = dict.fromkeys(files, _metadata(checkpoint, tuple(files), licence))
    texts[ENCODER] = texts[ENCODER] | _calibration_texts(checkpoint)
    return _export(network, files, texts, path, (note, workers))


def export_graphs(path: Path, note: Note = silent, workers: int = 1) -> OnnxParity:
    """Write a graph for each stage beside the checkpoint `path`, which read their weights from it.

    `path` is NAME.safetensors, the graphs are NAME.STAGE.onnx: some 100 KB each. They have to be
    written again when the checkpoint changes; `onnx_model.load_graphs` notices if they were not.

    Raises:
        CheckpointError: as `load_checkpoint`, or `path` is no safetensors file.
        OnetError: as `export_onnx`.
    """
    _require_packages()
    network = _on_cpu(load_checkpoint(path, "cpu"))
    files = {stage.name: OnnxFile(stage, shared=path) for stage in stages_of(network)}
    text = {STAGES_KEY: json.dumps(tuple(files)), LAYOUT_KEY: read_layout(path).digest}
    return _export(
        network, files, dict.fromkeys(files, text), path.with_suffix(SUFFIX), (note, workers)
    )


def _require_packages() -> None:
    if missing := [name for name in ("onnx", "onnxscript") if find_spec(name) is None]:
        raise InvalidOptionError(f"ONNX export needs {missing[0]}", hint=INSTALL_HINT)


def _export(
    network: OccupancyNetwork,
    files: Mapping[str, OnnxFile],
    texts: Mapping[str, dict[str, str]],
    path: Path,
    way: tuple[Note, int],
) -> OnnxParity:
    """Write the files of `path` with the metadata `texts`, by `way`: note and processes."""
    note, workers = way
    paths = {name: stage_path(path, name) for name in files}
    with contextlib.ExitStack() as stack, torch.no_grad():
        temporary = {name: stack.enter_context(whole_file(at)) for name, at in paths.items()}
        jobs = _jobs(network, files, texts)
        note(f"tracing {', '.join(files)}")
        for at, whole in zip(temporary.values(), trace_all(network, jobs, workers), strict=True):
            at.write_bytes(whole)
        note("comparing all with torch")
        differences = _compare(network, files, temporary)
    return OnnxParity(paths, differences)


def _jobs(
    network: OccupancyNetwork,
    files: Mapping[str, OnnxFile],
    texts: Mapping[str, dict[str, str]],
) -> list[Job]:
    """Return the jobs in order; inputs of a stage are what torch returns for those before it."""
    known = _sample(network, *TRACED_SIZE)
    jobs = []
    for name, file in files.items():
        inputs = {key: known[key].numpy() for key in file.stage.inputs}
        jobs.append(Job(name, inputs, texts[name], file.weights, file.shared))
        known |= file.expected(known)
    return jobs


def _compare(
    network: OccupancyNetwork, files: Mapping[str, OnnxFile], paths: Mapping[str, Path]
) -> dict[str, float]:
    """Return the maximum difference of each stage from torch, given torch's inputs."""
    if find_spec("onnxruntime") is None:
        return {}
    differences = dict.fromkeys(files, 0.0)
    for size in COMPARED_SIZES:
        known = _sample(network, *size)
        for name, file in files.items():
            expected = file.expected(known)
            error = file.difference(paths[name], known, expected)
            differences[name] = max(differences[name], error)
            known |= expected
    return differences


def _metadata(
    checkpoint: Checkpoint, stages: tuple[str, ...], licence: str | None
) -> dict[str, str]:
    """Return the texts that every file of an export has."""
    info = checkpoint.info
    texts = {
        INFO_KEY: info.to_json(),
        STAGES_KEY: json.dumps(stages),
        HASH_KEY: weights_hash(checkpoint.network),
        "box": f"{CUBE_EDGE:g}",
        "frame": info.spec.frame,
        "frame_note": FRAME_NOTES[info.spec.frame],
    }
    if licence is not None:
        texts["licence"] = licence
    return texts


def _calibration_texts(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the calibration for the metadata of the encoder: its header, its tensors in base64."""
    known = checkpoint.calibration
    if known is None:
        return {}
    tensors = {name: torch.from_numpy(array) for name, array in known.to_arrays().items()}
    packed = b64encode(tensor_bytes(tensors, {})).decode()
    return {CALIBRATION_KEY: known.to_header()[HEADER_KEY], CALIBRATION_TENSORS_KEY: packed}


def weights_hash(network: OccupancyNetwork) -> str:
    """Return the SHA-256 of the names, shapes and values of a network's weights, in hex."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _on_cpu(checkpoint: Checkpoint) -> OccupancyNetwork:
    network = OccupancyNetwork(checkpoint.info.spec).eval()
    network.load_state_dict(checkpoint.network.state_dict())
    return network


def _sample(network: OccupancyNetwork, batch: int, count: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    size = network.spec.image_size
    images = torch.rand((batch, 3, size, size), generator=generator)
    points = torch.rand((batch, count, network.spec.point_dim), generator=generator)
    return {"images": images, "points": (points - 0.5) * CUBE_EDGE}
