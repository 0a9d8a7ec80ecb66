"""Weights of an ONNX graph in half precision or 8 bits, expanded by the graph when it is loaded.

The arithmetic stays in single precision, so that every runtime gives the same results; the file
has a half or a quarter of the size. Runtimes that fold constants expand weights once.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from onet_cli.exporting.options import Weights

FEWEST = 256
"""Smaller tensors stay as they are: they save nothing, and constants of formulas are among them."""

FEWEST_INT8 = 4096
"""Smaller tensors are rounded to half precision where others are stored in 8 bits: in the shipped
encoder they are 2 % of the weights, and caused nine tenths of the error of the code."""

LARGEST = 127
"""Largest absolute value of a weight in 8 bits; -128 is not used, for symmetry."""

_OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 0}
"""Axis of the output channels in the weights, by operator; of `MatMul` it is the last."""


def pack_weights(model: onnx.ModelProto, weights: Weights) -> None:
    """Store the weights of `model` as `weights`, in place.

    8 bits are for the factors of convolutions and matrix products of at least `FEWEST_INT8`
    numbers, symmetric, with a scale for each output channel: an error of at most 1/254 of the
    channel's largest weight. All others of at least `FEWEST` numbers are rounded to half precision.
    """
    if weights is Weights.SINGLE:
        return
    graph = model.graph
    axes = dict(_products(graph)) if weights is Weights.INT8 else {}
    kept, nodes = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < FEWEST:
            kept.append(tensor)
        elif tensor.name in axes and values.size >= FEWEST_INT8:
            stored, expansion = _int8(tensor.name, values, axes[tensor.name] % values.ndim)
            kept.extend(stored)
            nodes.extend(expansion)
        elif np.isfinite(small := _half(values)).all():
            name = f"{tensor.name}.half"
            kept.append(numpy_helper.from_array(small, name))
            nodes.append(helper.make_node("Cast", [name], [tensor.name], to=TensorProto.FLOAT))
        else:  # beyond 65 504
            kept.append(tensor)
    rest = list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend([*nodes, *rest])


def _half(values: NDArray[np.float32]) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        return values.astype(np.float16)


def _products(graph: onnx.GraphProto) -> Iterator[tuple[str, int]]:
    """Yield each weight that is a factor of a product, with the axis of its output channels."""
    for node in graph.node:
        if node.op_type == "MatMul":
            yield node.input[1], -1
        elif node.op_type in _OUTPUT_AXIS:
            axis = _OUTPUT_AXIS[node.op_type]
            if node.op_type == "Gemm" and not _transposed(node):
                axis = 1
            yield node.input[1], axis


def _transposed(node: NodeProto) -> bool:
    return any(each.name == "transB" and each.i == 1 for each in node.attribute)


def _int8(
    name: str, values: NDArray[np.float32], axis: int
) -> tuple[list[TensorProto], list[NodeProto]]:
    """Return the stored tensors, and the nodes that expand them to `name`.

    Not `DequantizeLinear`: onnxruntime fuses it with a product of matrices, and then rounds the
    inputs of the product to 8 bits as well.
    """
    others = tuple(each for each in range(values.ndim) if each != axis)
    largest = np.abs(values).max(axis=others, keepdims=True)
    scale = np.where(largest > 0, largest / LARGEST, 1).astype(np.float32)
    codes = np.rint(values / scale).astype(np.int8)
    stored = [
        numpy_helper.from_array(codes, f"{name}.int8"),
        numpy_helper.from_array(scale, f"{name}.scale"),
    ]
    multiples = f"{name}.multiples"
    return stored, [
        helper.make_node("Cast", [stored[0].name], [multiples], to=TensorProto.FLOAT),
        helper.make_node("Mul", [multiples, stored[1].name], [name]),
    ]
