"""Weights of ONNX graphs in half precision and in 8 bits."""

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from onet_cli.exporting.onnx_weights import pack_weights  # noqa: E402
from onet_cli.exporting.options import Weights  # noqa: E402

CHANNELS = 6
WIDTH = 700
"""Wide enough for 8 bits, `FEWEST_INT8`."""

PRODUCTS = {
    # operator: shape of its weights, axis of the output channels, shape of the input, attributes
    "Conv": ((CHANNELS, 80, 3, 3), 0, (1, 80, 5, 5), {}),
    "ConvTranspose": ((180, CHANNELS, 2, 2), 1, (1, 180, 5, 5), {"strides": [2, 2]}),
    "MatMul": ((WIDTH, CHANNELS), 1, (3, WIDTH), {}),
    "Gemm": ((WIDTH, CHANNELS), 1, (3, WIDTH), {}),
    "Gemm, transposed": ((CHANNELS, WIDTH), 0, (3, WIDTH), {"transB": 1}),
}


def model_of(operator, weights, attributes):
    node = helper.make_node(operator.split(",")[0], ["x", "w"], ["y"], **attributes)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node],
        "product",
        [value("x", TensorProto.FLOAT, [None] * weights.ndim)],
        [value("y", TensorProto.FLOAT, [None] * weights.ndim)],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model, inputs):
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, {"x": inputs})[0]


def packed(model, weights):
    pack_weights(model, weights)
    return model


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("operator", PRODUCTS)
def test_eight_bits_are_the_nearest_multiple_of_a_scale_for_each_output_channel(operator, rng):
    shape, axis, size, attributes = PRODUCTS[operator]
    others = tuple(each for each in range(len(shape)) if each != axis)
    # Channels differ by orders of magnitude: a wrong axis would round the small ones away.
    sizes = np.expand_dims(10.0 ** np.arange(CHANNELS), others)
    weights = (rng.uniform(-1, 1, shape) * sizes).astype(np.float32)
    step = np.abs(weights).max(axis=others, keepdims=True) / 127
    nearest = (np.round(weights / step) * step).astype(np.float32)
    inputs = rng.standard_normal(size).astype(np.float32)

    found = run(packed(model_of(operator, weights, attributes), Weights.INT8), inputs)

    expected = run(model_of(operator, nearest, attributes), inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_a_channel_of_zeros_stays_zero(rng):
    weights = rng.uniform(-1, 1, (WIDTH, CHANNELS)).astype(np.float32)
    weights[:, 2] = 0

    found = run(packed(model_of("MatMul", weights, {}), Weights.INT8), np.ones((1, WIDTH), "f"))

    assert found[0, 2] == 0
    assert np.isfinite(found).all()


def test_half_precision_rounds_weights_and_computes_in_single(rng):
    weights = rng.uniform(-1, 1, (64, CHANNELS)).astype(np.float32)
    inputs = rng.uniform(1e5, 2e5, (3, 64)).astype(np.float32)  # beyond half precision

    found = run(packed(model_of("MatMul", weights, {}), Weights.HALF), inputs)

    expected = run(model_of("MatMul", weights.astype(np.float16).astype(np.float32), {}), inputs)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("weights", [Weights.HALF, Weights.INT8])
def test_small_tensors_and_other_types_stay_as_they_are(weights):
    model = model_of("MatMul", np.full((8, 2), 0.1, np.float32), {})
    model.graph.initializer.append(numpy_helper.from_array(np.arange(1000), "shape"))
    before = model.SerializeToString()

    assert packed(model, weights).SerializeToString() == before


def test_few_weights_are_rounded_to_half_precision_instead_of_eight_bits(rng):
    weights = rng.uniform(-1, 1, (64, CHANNELS)).astype(np.float32)

    eight, half = (packed(model_of("MatMul", weights, {}), w) for w in (Weights.INT8, Weights.HALF))

    assert eight.SerializeToString() == half.SerializeToString()


def test_weights_beyond_half_precision_stay_single(rng):
    weights = np.full((64, CHANNELS), 1e6, np.float32)

    found = run(packed(model_of("MatMul", weights, {}), Weights.HALF), np.ones((1, 64), "f"))

    np.testing.assert_allclose(found, 64e6, rtol=1e-6)


@pytest.mark.parametrize(("weights", "share"), [(Weights.HALF, 0.5), (Weights.INT8, 0.25)])
def test_files_shrink_by_what_is_stored(weights, share, rng):
    model = model_of("MatMul", rng.standard_normal((1000, 100)).astype(np.float32), {})
    before = len(model.SerializeToString())

    after = len(packed(model, weights).SerializeToString())

    assert after == pytest.approx(share * before, rel=0.01)
