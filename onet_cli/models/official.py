"""Loading checkpoints of the original implementation of Occupancy Networks.

Covers single-image models: encoders `resnet18` and `simple_conv`, decoders `cbatchnorm` (current
and legacy layout), `cbatchnorm2`, `cbatchnorm_noresnet`, `batchnorm` and `simple`, identified by
the names of their tensors.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from onet_cli.errors import CheckpointError
from onet_cli.models.imagenet import DEVIATION, MEAN
from onet_cli.models.spec import ModelSpec
from onet_cli.models.weights import read_plain_pickle

OFFICIAL_SUFFIXES = (".pt",)

_RENAMINGS = (
    (r"^decoder\.block(\d)\.", r"decoder.blocks.\1."),
    (r"^decoder\.(conv_p|conv_out)\.", lambda match: f"decoder.fc{match[1][4:]}."),
    (r"\.(conv|fc)_(gamma|beta)\.", r".\2."),
    # Unconditional norms.
    (
        r"^(decoder\.(?:blocks\.\d\.)?bn(?:_\d)?)\.(weight|bias|running_\w+|num_\w+)$",
        r"\1.bn.\2",
    ),
    (r"^decoder\.bn_(\d)\.", r"decoder.norms.\1."),
    (r"^decoder\.fc_(\d)\.", r"decoder.layers.\1."),
    (r"^encoder\.conv(\d)\.", r"encoder.convs.\1."),
    (r"^encoder\.fc_out\.", "encoder.fc."),
)
_DECODERS = (
    ("decoder.norms.0.gamma.weight", "cbn-noresnet"),
    ("decoder.blocks.0.bn_0.gamma.weight", "cbn"),
    ("decoder.blocks.0.bn_0.bn.weight", "batchnorm"),
    ("decoder.fc_c.weight", "simple"),
)
_ENCODERS = (
    ("encoder.features.layer4.1.conv2.weight", "resnet18"),
    ("encoder.convs.4.weight", "simple-conv"),
)
"""Characteristic tensors and the part that contains them, the most specific first."""


@dataclass(frozen=True)
class OfficialCheckpoint:
    """A network of the original implementation with our tensor names; `step` is its iteration."""

    spec: ModelSpec
    tensors: dict[str, Tensor]
    step: int = 0


def read_official(path: Path) -> OfficialCheckpoint:
    """Return the network in a `*.pt` file of the original implementation.

    Executes nothing in the file: only tensors, plain values and numpy scalars are accepted.

    Raises:
        CheckpointError: the file is damaged, or holds anything else or an unsupported network.
    """
    content = read_plain_pickle(path)
    state = content.get("model", content)
    tensors = isinstance(state, dict) and all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in state.items()
    )
    if not tensors or not state:
        raise CheckpointError("the file holds no network")
    step = content.get("it", 0)
    try:
        converted = convert_official(state)
    except (KeyError, ValueError, TypeError, IndexError, RuntimeError) as error:
        raise CheckpointError(f"its network is incomplete: {error}") from error
    return replace(converted, step=step if isinstance(step, int) else 0)


def convert_official(state: dict[str, Tensor]) -> OfficialCheckpoint:
    """Return our specification and tensors for the original's state dict.

    Raises:
        CheckpointError: the network is of an unsupported kind.
    """
    tensors = {translate_name(name): tensor for name, tensor in state.items()}
    encoder, decoder = (_first_with(parts, tensors) for parts in (_ENCODERS, _DECODERS))
    if encoder is None or decoder is None:
        raise CheckpointError(
            "it holds a network of the original implementation that onet does not have",
            hint="models of a single image are read, with encoder resnet18 or simple_conv",
        )
    tensors = {
        # Point-wise convolutions have the same matrices with an additional axis.
        name: tensor.squeeze(-1) if name.startswith("decoder.") and tensor.ndim == 3 else tensor
        for name, tensor in tensors.items()
    }
    if encoder == "simple-conv":
        _take_normalised_images(tensors)
    hidden_dim, point_dim = tensors["decoder.fc_p.weight"].shape
    spec = ModelSpec(
        "onet" if (encoder, decoder) == ("resnet18", "cbn") else f"onet-{decoder}",
        encoder=encoder,
        decoder=decoder,
        code_dim=tensors["encoder.fc.weight"].shape[0],
        hidden_dim=hidden_dim,
        point_dim=point_dim,
        summary="Trained with the original implementation.",
    )
    return OfficialCheckpoint(spec, tensors)


def translate_name(name: str) -> str:
    """Return our name for the original's tensor `name`."""
    name = name.removeprefix("module.")  # left by the original's multi-GPU wrapper
    for pattern, replacement in _RENAMINGS:
        name = re.sub(pattern, replacement, name)
    return name


def _first_with(parts: tuple[tuple[str, str], ...], tensors: dict[str, Tensor]) -> str | None:
    return next((part for name, part in parts if name in tensors), None)


def _take_normalised_images(tensors: dict[str, Tensor]) -> None:
    """Convert the first layer of a simple_conv, which takes images in [0, 1] in the original.

    Our networks normalise all images; without padding, a convolution can undo that exactly.
    """
    weight, bias = "encoder.convs.0.weight", "encoder.convs.0.bias"
    mean, deviation = (torch.tensor(values) for values in (MEAN, DEVIATION))
    tensors[bias] = tensors[bias] + (tensors[weight].sum(dim=(2, 3)) @ mean)
    tensors[weight] = tensors[weight] * deviation[:, None, None]
