"""One module as an ONNX file: traced with free sizes, written, and compared with torch."""

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
"""Largest difference from torch that is accepted, as a share of the largest number, or of 1.

Rounding in single precision comes to some 2e-5 in the shipped and the named networks; a size that
was fixed or an operator that differs comes to tenths. At a logit of 1, where a surface is, 1e-3
moves the probability by 2.5e-4 at most, which no mesh shows.
"""

LONGEST_REASON = 200
HINT = "try the versions onet is tested with: pip install -c constraints.txt '.[onnx]'"


@dataclass(frozen=True)
class OnnxFile:
    """A module with named inputs and one output, to be written as an ONNX file.

    Attributes:
        module: what to write, in eval mode on the CPU.
        name: what it is called in errors.
        inputs: names of the arguments, each with the names of its free axes from the first on.
        output: name of the result, whose free axes are those of the first input.
    """

    module: nn.Module
    name: str
    inputs: Mapping[str, tuple[str, ...]]
    output: str

    def write(self, path: Path, arguments: tuple[Tensor, ...], metadata: dict[str, str]) -> None:
        """Trace with `arguments`, no size of which may be 0 or 1, and write to `path`.

        Raises:
            OnetError: the module cannot be exported, or an axis did not come out free.
        """
        with _explained(f"the {self.name} cannot be exported to ONNX"):
            program = self._trace(arguments)
        self._check_axes(program)
        program.model.metadata_props.update(metadata)
        with _explained(f"the {self.name} cannot be written as ONNX"):
            program.save(path, external_data=False)

    def difference(self, path: Path, arguments: tuple[Tensor, ...]) -> float | None:
        """Return the largest difference of the file at `path` from torch, for `arguments`.

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
                f"the exported {self.name} returns {tuple(result.shape)} and torch "
                f"{tuple(expected.shape)}",
                hint=HINT,
            )
        error = float((result - expected).abs().max())
        limit = TOLERANCE * max(1.0, float(expected.abs().max()))
        if not error <= limit:  # written so that NaN is refused too
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
        """Refuse axes that the tracer has fixed, which it does without a word."""
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
    """Raise whatever torch's exporter, onnx or onnxruntime raise as an OnetError about `what`."""
    try:
        yield
    except OSError:  # no space, no right: whole_file says that
        raise
    except Exception as error:  # their errors have no class in common
        raise OnetError(f"{what}: {_reason(error)}", hint=HINT) from error


def _reason(error: BaseException) -> str:
    """Return the first line of what started `error`: the exporter's own text is pages long."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0] if lines else type(error).__name__
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} ..."


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
