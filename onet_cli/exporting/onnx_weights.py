"""Weights of an ONNX graph in half precision or 8 bits, or in a checkpoint beside it.

The graph expands them when it is loaded, and its arithmetic stays in single precision, so that
every runtime gives the same results. Runtimes that fold constants expand weights once.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from onet_cli.exporting.options import Weights
from onet_cli.models.weight_layout import Place, read_layout

FEWEST = 256
"""Smaller tensors stay as they are: they save nothing, and constants of formulas are among them."""

FEWEST_INT8 = 4096
"""Smaller tensors are rounded to half precision where others are stored in 8 bits: in the shipped
encoder they are 2 % of the weights, and caused nine tenths of the error of the code."""

LARGEST = 127
"""Largest absolute value of a weight in 8 bits; -128 is not used, for symmetry."""

NETWORK = "network."
"""Prefix of weights in the stage of the encoder, which holds the whole network."""

_KINDS = {"F16": (TensorProto.FLOAT16, np.float16), "F32": (TensorProto.FLOAT, np.float32)}

_OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 0}
"""Axis of the output channels in the weights, by operator; of `MatMul` it is the last."""


def pack_weights(model: onnx.ModelProto, weights: Weights) -> None:
    """Store the weights of `model` as `weights`, in place.

    8 bits are for the factors of convolutions and matrix products of at least `FEWEST_INT8`
    numbers, symmetric, with a scale for each output channel: an error of at most 1/254 of the
    channel's largest weight. Other matrices and kernels of at least `FEWEST` numbers are rounded to
    half precision, as in checkpoints (`save_checkpoint`).
    """
    if weights is Weights.SINGLE:
        return
    graph = model.graph
    axes = dict(_products(graph)) if weights is Weights.INT8 else {}
    kept, nodes = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.ndim < 2 or values.size < FEWEST:
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


def share_weights(model: onnx.ModelProto, checkpoint: Path) -> None:
    """Replace the weights of `model`, in place, by references into a safetensors file.

    Each tensor of the graph that has the name and values of one of `checkpoint`, in single or half
    precision, is read from there, by the file's name: the graph belongs into the same folder.
    Others, such as constants of formulas, stay. Names of the exporter's steps are dropped.

    Raises:
        CheckpointError: `checkpoint` is no safetensors file.
    """
    layout = read_layout(checkpoint)
    whole = np.memmap(checkpoint, np.uint8, "r")
    graph = model.graph
    kept, nodes = [], []
    for tensor in graph.initializer:
        place = layout.places.get(tensor.name.removeprefix(NETWORK))
        if place is None or place.kind not in _KINDS or not _equal(tensor, place, whole):
            kept.append(tensor)
            continue
        half = place.kind == "F16"
        name = f"{tensor.name}.half" if half else tensor.name
        kept.append(_reference(name, place, checkpoint.name))
        if half:
            nodes.append(helper.make_node("Cast", [name], [tensor.name], to=TensorProto.FLOAT))
    rest = list(graph.node)
    for node in rest:
        del node.metadata_props[:]
    del graph.initializer[:], graph.node[:], graph.value_info[:]
    graph.initializer.extend(kept)
    graph.node.extend([*nodes, *rest])


def _equal(tensor: TensorProto, place: Place, whole: NDArray[np.uint8]) -> bool:
    """Return whether `tensor` has the shape and values of what is stored at `place`."""
    values = numpy_helper.to_array(tensor)
    stored = whole[place.offset : place.offset + place.length].view(_KINDS[place.kind][1])
    return values.shape == place.shape and bool((stored == values.reshape(-1)).all())


def _reference(name: str, place: Place, file: str) -> TensorProto:
    """Return a tensor whose bytes are those at `place` of `file`."""
    tensor = TensorProto(name=name, dims=place.shape, data_type=_KINDS[place.kind][0])
    tensor.data_location = TensorProto.EXTERNAL
    where = {"location": file, "offset": str(place.offset), "length": str(place.length)}
    for key, value in where.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


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
