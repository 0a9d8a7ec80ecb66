"""Export of one stage to ONNX with dynamic axes, and comparison with torch."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from onet_cli.errors import OnetError
from onet_cli.exporting.options import Weights
from onet_cli.exporting.stages import Stage

TOLERANCES = {Weights.SINGLE: 1e-3, Weights.HALF: 2e-2, Weights.INT8: 1e-1}
"""Maximum difference from torch, relative to the largest absolute value or 1, by how weights are
stored.

Rounding in single precision gives about 2e-5 in the shipped and the named networks; a fixed axis
or a differing operator gives tenths. At a logit of 1, near the surface, 1e-3 changes the
probability by at most 2.5e-4, which is invisible in meshes. Inputs of the comparison are noise, for
which weights that are rounded differ most; `docs/export.md` has what they cost in IoU.
"""

LONGEST_REASON = 200
LARGEST_FOLDED = 4096
"""Bytes of constants that are computed beforehand: shapes and steps, but no weights."""

HINT = "install the tested versions: pip install -c constraints.txt '.[onnx]'"


@dataclass(frozen=True)
class OnnxFile:
    """A stage and its ONNX file: its bytes, and their comparison with torch."""

    stage: Stage
    weights: Weights = Weights.SINGLE
    shared: Path | None = None
    """A safetensors file in whose tensors the graph finds its weights, if they are not in it."""

    def trace(self, values: Mapping[str, Tensor], metadata: dict[str, str]) -> bytes:
        """Trace with the inputs among `values`, whose sizes must exceed 1; return the file.

        Raises:
            OnetError: the module cannot be exported, or an axis is not dynamic.
        """
        from onet_cli.exporting.onnx_weights import pack_weights, share_weights

        name = self.stage.name
        with explained(f"the {name} stage cannot be exported to ONNX"):
            program = self._trace(self._arguments(values))
        self._check_axes(program)
        program.model.metadata_props.update(metadata)
        with explained(f"the {name} stage cannot be written as ONNX"):
            model = program.model_proto
            if self.shared is None:
                pack_weights(model, self.weights)
            else:
                share_weights(model, self.shared)
            whole: bytes = model.SerializeToString()
        return whole

    def expected(self, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return torch's outputs by name for the inputs among `values`."""
        found = self.stage.module(*self._arguments(values))
        each = (found,) if isinstance(found, Tensor) else found
        return dict(zip(self.stage.outputs, each, strict=True))

    def difference(
        self, path: Path, values: Mapping[str, Tensor], expected: Mapping[str, Tensor]
    ) -> float:
        """Return the maximum difference between the file at `path` and torch.

        Args:
            path: The file.
            values: Values by name, the inputs among them.
            expected: The result of `expected` for them.

        Raises:
            OnetError: onnxruntime cannot run the file, or the results differ beyond `TOLERANCES`.
        """
        with explained(f"onnxruntime cannot run the exported {self.stage.name} stage"):
            found = self._run(path, values)
        return max(self._error(name, found[name], wanted) for name, wanted in expected.items())

    def _error(self, output: str, result: Tensor, expected: Tensor) -> float:
        name = self.stage.name
        if result.shape != expected.shape:
            raise OnetError(
                f"the exported {name} stage returns {output} of shape {tuple(result.shape)}, torch "
                f"{tuple(expected.shape)}",
                hint=HINT,
            )
        error = float((result - expected).abs().max())
        limit = TOLERANCES[self.weights] * max(1.0, float(expected.abs().max()))
        if not error <= limit:  # also true for NaN
            raise OnetError(
                f"the exported {name} stage differs from torch by {error:.1e} in {output}, more "
                f"than {limit:.1e}",
                hint=HINT,
            )
        return error

    def _arguments(self, values: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        return tuple(values[name] for name in self.stage.inputs)

    def _trace(self, arguments: tuple[Tensor, ...]) -> torch.onnx.ONNXProgram:
        dynamic = tuple(
            {axis: _dimension(size) for axis, size in enumerate(axes)}
            for axes in self.stage.inputs.values()
        )
        with quiet():
            program = torch.onnx.export(
                self.stage.module,
                arguments,
                input_names=list(self.stage.inputs),
                output_names=list(self.stage.outputs),
                dynamic_shapes=dynamic,
                dynamo=True,
                verbose=False,
                optimize=self._foldable,
            )
            assert program is not None  # for the type checker: it is, with dynamo=True
            if not self._foldable:
                fold_shapes(program)
        return program

    @property
    def _foldable(self) -> bool:
        """Whether weights may change: the exporter folds normalisation into kernels.

        Otherwise they stay those of the network, so that a network that is stored in half precision
        is exported in half precision without loss. Runtimes fold them when they load the graph.
        """
        return self.weights is Weights.SINGLE and self.shared is None

    def _check_axes(self, program: torch.onnx.ONNXProgram) -> None:
        """Raise OnetError on axes that the exporter has silently fixed."""
        graph, stage = program.model.graph, self.stage
        free = [*stage.inputs.values(), *stage.outputs.values()]
        for value, axes in zip([*graph.inputs, *graph.outputs], free, strict=True):
            for axis, size in enumerate(axes):
                if value.shape is None or isinstance(value.shape[axis], int):
                    raise OnetError(
                        f"the {stage.name} stage cannot be exported to ONNX: "
                        f"the exporter fixed the {size} of its {value.name}",
                        hint=HINT,
                    )

    def _run(self, path: Path, values: Mapping[str, Tensor]) -> dict[str, Tensor]:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {name: values[name].numpy() for name in self.stage.inputs}
        names = list(self.stage.outputs)
        results = session.run(names, feed)
        return {
            name: torch.from_numpy(np.asarray(result))
            for name, result in zip(names, results, strict=True)
        }


def fold_shapes(program: torch.onnx.ONNXProgram) -> None:
    """Compute what is constant in a graph but for its weights, in place."""
    from onnxscript import optimizer

    optimizer.fold_constants(
        program.model, input_size_limit=LARGEST_FOLDED, output_size_limit=LARGEST_FOLDED
    )
    optimizer.remove_unused_nodes(program.model)


def _dimension(name: str) -> Any:
    return torch.export.Dim(name, min=1, max=1 << 24)


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
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
def quiet() -> Iterator[None]:
    """Suppress the exporter's progress output."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
