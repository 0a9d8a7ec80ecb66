"""Export of one module to ONNX with dynamic axes, and comparison with torch."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from onet_cli.errors import OnetError

TOLERANCE = 1e-3
"""Maximum difference from torch, relative to the largest absolute value or 1.

Rounding in single precision gives about 2e-5 in the shipped and the named networks; a fixed axis
or a differing operator gives tenths. At a logit of 1, near the surface, 1e-3 changes the
probability by at most 2.5e-4, which is invisible in meshes.
"""

LONGEST_REASON = 200
HINT = "install the tested versions: pip install -c constraints.txt '.[onnx]'"


@dataclass(frozen=True)
class OnnxFile:
    """A module with named inputs and one output, for export to ONNX.

    Attributes:
        module: the module, in eval mode on the CPU.
        name: its name in error messages.
        inputs: names of the arguments, each with the names of its leading dynamic axes.
        output: name of the result, with the dynamic axes of the first input.
    """

    module: nn.Module
    name: str
    inputs: Mapping[str, tuple[str, ...]]
    output: str

    def write(self, path: Path, arguments: tuple[Tensor, ...], metadata: dict[str, str]) -> None:
        """Trace with `arguments`, whose sizes must exceed 1, and write to `path`.

        Raises:
            OnetError: the module cannot be exported, or an axis is not dynamic.
        """
        with _explained(f"the {self.name} cannot be exported to ONNX"):
            program = self._trace(arguments)
        self._check_axes(program)
        program.model.metadata_props.update(metadata)
        with _explained(f"the {self.name} cannot be written as ONNX"):
            program.save(path, external_data=False)

    def difference(self, path: Path, arguments: tuple[Tensor, ...]) -> float | None:
        """Return the maximum difference between the file at `path` and torch for `arguments`.

        None if onnxruntime is not installed.

        Raises:
            OnetError: onnxruntime cannot run the file, or the results differ beyond `TOLERANCE`.
        """
        if find_spec("onnxruntime") is None:
            return None
        expected: Tensor = self.module(*arguments)
        with _explained(f"onnxruntime cannot run the exported {self.name}"):
            result = self._run(path, arguments)
        if result.shape != expected.shape:
            raise OnetError(
                f"the exported {self.name} returns shape {tuple(result.shape)}, torch "
                f"{tuple(expected.shape)}",
                hint=HINT,
            )
        error = float((result - expected).abs().max())
        limit = TOLERANCE * max(1.0, float(expected.abs().max()))
        if not error <= limit:  # also true for NaN
            raise OnetError(
                f"the exported {self.name} differs from torch by {error:.1e}, more than "
                f"{limit:.1e}, in a batch of {len(expected)}",
                hint=HINT,
            )
        return error

    def _trace(self, arguments: tuple[Tensor, ...]) -> torch.onnx.ONNXProgram:
        dynamic = tuple(
            {axis: _dimension(size) for axis, size in enumerate(axes)}
            for axes in self.inputs.values()
        )
        with _quiet():
            program = torch.onnx.export(
                self.module,
                arguments,
                input_names=list(self.inputs),
                output_names=[self.output],
                dynamic_shapes=dynamic,
                dynamo=True,
                verbose=False,
            )
        assert program is not None  # for the type checker: it is, with dynamo=True
        return program

    def _check_axes(self, program: torch.onnx.ONNXProgram) -> None:
        """Raise OnetError on axes that the exporter has silently fixed."""
        graph = program.model.graph
        free = [*self.inputs.values(), next(iter(self.inputs.values()))]
        for value, axes in zip([*graph.inputs, *graph.outputs], free, strict=True):
            for axis, size in enumerate(axes):
                if value.shape is None or isinstance(value.shape[axis], int):
                    raise OnetError(
                        f"the {self.name} cannot be exported to ONNX: "
                        f"the exporter fixed the {size} of its {value.name}",
                        hint=HINT,
                    )

    def _run(self, path: Path, arguments: tuple[Tensor, ...]) -> Tensor:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {name: value.numpy() for name, value in zip(self.inputs, arguments, strict=True)}
        (result,) = session.run([self.output], feed)
        return torch.from_numpy(result)


def _dimension(name: str) -> Any:
    return torch.export.Dim(name, min=1, max=1 << 24)


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    """Convert exceptions of torch's exporter, onnx or onnxruntime to OnetError with `what`."""
    try:
        yield
    except OSError:  # no space or permission: reported by whole_file
        raise
    except Exception as error:  # they share no base class
        raise OnetError(f"{what}: {_reason(error)}", hint=HINT) from error


def _reason(error: BaseException) -> str:
    """Return the first line of the root cause of `error`; the exporter's message has pages."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0] if lines else type(error).__name__
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} ..."


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the exporter's progress output."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
