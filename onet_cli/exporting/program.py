"""Export of networks as programs of `torch.export`: a file for each stage (`exporting.stages`).

`models.program` reads weights and description back. Loading the program itself unpickles parts of
it and evaluates expressions of its graph as Python (torch's own documentation warns of it), which
onet does with none but the files that it has just written.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from onet_cli.errors import OnetError
from onet_cli.exporting.metadata import (
    COMPARED_SIZES,
    TRACED_SIZE,
    calibration_texts,
    metadata_of,
    on_cpu,
    sample,
)
from onet_cli.exporting.onnx_file import HINT, TOLERANCES, explained, quiet
from onet_cli.exporting.options import Note, Weights, silent
from onet_cli.exporting.stages import Axes, Stage, stages_of
from onet_cli.files import whole_file
from onet_cli.models.checkpoint import Checkpoint
from onet_cli.models.onnx_names import ENCODER, PROGRAM_SUFFIX, stage_path

MOST = 1 << 24
"""Greatest size of a dynamic axis."""


def export_programs(
    checkpoint: Checkpoint, path: Path, note: Note = silent, licence: str | None = None
) -> dict[Path, float]:
    """Export `checkpoint` to a file NAME.STAGE.pt2 for each stage, where `path` is NAME.pt2.

    Inputs, outputs and metadata are those of `onnx.export_onnx`; texts of the metadata are extra
    files of the archives. Return the files, and the maximum difference of each, read back, from the
    network. All files are written, or none.

    Raises:
        OnetError: a file cannot be written, a module cannot be exported, or its program differs.
    """
    network = on_cpu(checkpoint)
    stages = stages_of(network)
    texts = metadata_of(checkpoint, tuple(stage.name for stage in stages), licence)
    found: dict[Path, float] = {}
    with contextlib.ExitStack() as stack, torch.no_grad():
        known = [sample(network, *size) for size in (TRACED_SIZE, *COMPARED_SIZES)]
        for stage in stages:
            own = calibration_texts(checkpoint) if stage.name == ENCODER else {}
            place = stage_path(path, stage.name, PROGRAM_SUFFIX)
            temporary = stack.enter_context(whole_file(place))
            note(f"tracing {stage.name}, and comparing it")
            expected = [_outputs(stage, stage.module, values) for values in known]
            _save(stage, known[0], temporary, texts | own)
            found[place] = _difference(stage, temporary, known[1:], expected[1:])
            known = [values | more for values, more in zip(known, expected, strict=True)]
    return found


def _save(stage: Stage, values: Mapping[str, Tensor], path: Path, texts: Mapping[str, str]) -> None:
    """Trace `stage` with the inputs among `values`, whose sizes exceed 1, and write `path`."""
    shapes = tuple(map(_dynamic, stage.inputs.values()))
    with explained(f"the {stage.name} stage cannot be exported by torch"), quiet():
        program = torch.export.export(
            stage.module, _arguments(stage, values), dynamic_shapes=shapes, strict=False
        )
        _drop_unused(program)
        # Not to the path: another suffix than .pt2 gives a warning.
        with path.open("wb") as file:
            torch.export.save(program, file, extra_files=dict(texts))


def _drop_unused(program: torch.export.ExportedProgram) -> None:
    """Remove weights that a program has and does not use: those of other stages."""
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    kept = []
    for spec in program.graph_signature.input_specs:
        node = nodes[spec.arg.name]
        if spec.target not in program.state_dict or node.users:
            kept.append(spec)
            continue
        del program.state_dict[spec.target]
        program.graph.erase_node(node)
    program.graph_signature.input_specs[:] = kept
    program.graph_module.recompile()


def _dynamic(axes: Axes) -> dict[int, torch.export.Dim]:
    return {axis: torch.export.Dim(name, min=1, max=MOST) for axis, name in enumerate(axes)}


def _difference(
    stage: Stage,
    path: Path,
    known: list[dict[str, Tensor]],
    expected: list[dict[str, Tensor]],
) -> float:
    """Return the maximum difference between the file `path` and what is `expected`.

    Raises:
        OnetError: it is beyond `TOLERANCES`.
    """
    largest = 0.0
    with explained(f"torch cannot run the exported {stage.name} stage"), quiet():
        with path.open("rb") as file:  # written by this process
            program = torch.export.load(file).module()
        found = [_outputs(stage, program, values) for values in known]
    for mine, theirs in zip(found, expected, strict=True):
        for name, wanted in theirs.items():
            error = float((mine[name] - wanted).abs().max())
            limit = TOLERANCES[Weights.SINGLE] * max(1.0, float(wanted.abs().max()))
            if mine[name].shape != wanted.shape or not error <= limit:  # also true for NaN
                raise OnetError(
                    f"the exported {stage.name} stage differs by {error:.1e} in {name}", hint=HINT
                )
            largest = max(largest, error)
    return largest


def _arguments(stage: Stage, values: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    return tuple(values[name] for name in stage.inputs)


def _outputs(
    stage: Stage, module: torch.nn.Module, values: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the outputs by name of a `module` that has those of `stage`."""
    found = module(*_arguments(stage, values))
    return dict(zip(stage.outputs, (found,) if isinstance(found, Tensor) else found, strict=True))
