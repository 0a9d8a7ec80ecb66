"""ONNX export: one file for each stage of a network (`exporting.stages`)."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

from onet_cli.errors import InvalidOptionError
from onet_cli.exporting.metadata import (
    COMPARED_SIZES,
    TRACED_SIZE,
    calibration_texts,
    metadata_of,
    on_cpu,
    sample,
)
from onet_cli.exporting.onnx_file import OnnxFile
from onet_cli.exporting.onnx_pool import Job, trace_all
from onet_cli.exporting.options import Note, Weights, silent
from onet_cli.exporting.stages import stages_of
from onet_cli.files import whole_file
from onet_cli.models.checkpoint import Checkpoint, load_checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.onnx_names import (
    ENCODER,
    LAYOUT_KEY,
    STAGES_KEY,
    SUFFIX,
    stage_path,
)
from onet_cli.models.weight_layout import read_layout

INSTALL_HINT = "pip install onnx onnxscript onnxruntime"


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
    `note` is called with each step before it begins: tracing takes up to a minute. `licence`
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
    network = on_cpu(checkpoint)
    files = {stage.name: OnnxFile(stage, weights) for stage in stages_of(network)}
    texts = dict.fromkeys(files, metadata_of(checkpoint, tuple(files), licence))
    texts[ENCODER] = texts[ENCODER] | calibration_texts(checkpoint)
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
    network = on_cpu(load_checkpoint(path, "cpu"))
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
        note(f"tracing {', '.join(files)}: up to a minute")
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
    known = sample(network, *TRACED_SIZE)
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
        known = sample(network, *size)
        for name, file in files.items():
            expected = file.expected(known)
            error = file.difference(paths[name], known, expected)
            differences[name] = max(differences[name], error)
            known |= expected
    return differences
