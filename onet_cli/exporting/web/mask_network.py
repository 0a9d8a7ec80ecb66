"""ONNX graph of the segmentation network, for the page; it reads the shipped weights."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch

from onet_cli.errors import OnetError
from onet_cli.exporting.onnx_file import HINT, TOLERANCES, explained, quiet
from onet_cli.exporting.options import Weights
from onet_cli.files import whole_file
from onet_cli.models.segmentation.network import GRAPH, WEIGHTS, load_network

PICTURES, SALIENCY = "pictures", "saliency"

TRACED = 160
COMPARED = (160, 256)
"""Edges in pixels of the picture for tracing, and of those compared with torch."""


class _Saliency(torch.nn.Module):
    """Normalised pictures (B, 3, S, S) to saliency (B, S, S)."""

    def __init__(self) -> None:
        super().__init__()
        self.network = load_network()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        saliency: torch.Tensor = self.network(pictures)[:, 0]
        return saliency


def write_mask_graph(path: Path = GRAPH) -> float:
    """Write the network's graph to `path`; return its largest difference from torch.

    It reads its weights from `WEIGHTS`, which belongs into the same folder. The difference is 0 if
    onnxruntime is not installed. Its input `pictures` (1, 3, S, S) and output `saliency` (1, S, S)
    have any S that is a multiple of 32. It is traced at one size, and its upsampling is then by
    factors: torch's exporter takes minutes to show that all of its sizes are multiples.

    Raises:
        OnetError: it cannot be exported, or onnxruntime differs from torch.
    """
    import onnx

    from onet_cli.exporting.onnx_weights import share_weights

    network = _Saliency().eval()
    pictures = torch.rand((1, 3, TRACED, TRACED), generator=torch.Generator().manual_seed(0))
    with explained("the segmentation network cannot be exported to ONNX"), quiet():
        program = torch.onnx.export(
            network, (pictures,), input_names=[PICTURES], output_names=[SALIENCY], dynamo=True
        )
        assert program is not None  # for the type checker: it is, with dynamo=True
        model = onnx.shape_inference.infer_shapes(program.model_proto)
        _enlarge_by_factors(model)
        share_weights(model, WEIGHTS)
    with whole_file(path) as temporary:
        temporary.write_bytes(model.SerializeToString())
        return _difference(network, temporary)


def _enlarge_by_factors(model: Any) -> None:
    """Replace the fixed sizes in the graph of `model` by factors, and free those of its ends."""
    import onnx

    graph = model.graph
    values = [*graph.input, *graph.value_info, *graph.output]
    shapes = {
        value.name: [each.dim_value for each in value.type.tensor_type.shape.dim]
        for value in values
    }
    for node in graph.node:
        if node.op_type != "Resize":
            continue
        factors = [
            b / a for a, b in zip(shapes[node.input[0]], shapes[node.output[0]], strict=True)
        ]
        name = f"{node.output[0]}_factors"
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(factors, np.float32), name))
        del node.input[1:]
        node.input.extend(["", name])
    del graph.value_info[:]
    for end in (graph.input[0], graph.output[0]):
        for axis in end.type.tensor_type.shape.dim[-2:]:
            axis.dim_param = "side"


def _difference(network: torch.nn.Module, path: Path) -> float:
    if find_spec("onnxruntime") is None:
        return 0.0
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    largest = 0.0
    for side in COMPARED:
        pictures = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(side))
        with torch.no_grad():
            expected = network(pictures).numpy()
        (found,) = session.run(None, {PICTURES: pictures.numpy()})
        largest = max(largest, float(np.abs(found - expected).max()))
    if not largest <= TOLERANCES[Weights.SINGLE]:  # also true for NaN
        raise OnetError(
            f"the exported segmentation network differs from torch by {largest:.1e}", hint=HINT
        )
    return largest
