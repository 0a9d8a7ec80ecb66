"""Checkpoints of the original implementation of Occupancy Networks, read into our networks.

Covers single-image models with a ResNet-18 encoder and the decoders `cbatchnorm` (current and
legacy layout), `cbatchnorm2` and `simple`, by the names of their tensors.
"""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from onet_cli.errors import CheckpointError
from onet_cli.models.spec import ModelSpec
from onet_cli.models.weights import read_plain_pickle

OFFICIAL_SUFFIXES = (".pt",)

_RENAMINGS = (
    (r"^decoder\.block(\d)\.", r"decoder.blocks.\1."),
    (r"^decoder\.(conv_p|conv_out)\.", lambda match: f"decoder.fc{match[1][4:]}."),
    (r"\.(conv|fc)_(gamma|beta)\.", r".\2."),
)


@dataclass(frozen=True)
class OfficialCheckpoint:
    """A network of the original implementation under our names; `step` is its iteration."""

    spec: ModelSpec
    tensors: dict[str, Tensor]
    step: int = 0


def read_official(path: Path) -> OfficialCheckpoint:
    """Return the network in a `*.pt` file of the original implementation.

    Runs nothing that the file holds: only tensors, plain values and numpy scalars are accepted.

    Raises:
        CheckpointError: the file is damaged, holds anything else, or a network we do not have.
    """
    content = read_plain_pickle(path)
    state = content.get("model", content)
    tensors = isinstance(state, dict) and all(
        isinstance(name, str) and isinstance(tensor, Tensor) for name, tensor in state.items()
    )
    if not tensors or not state:
        raise CheckpointError("the file holds no network")
    step = content.get("it", 0)
    return replace(convert_official(state), step=step if isinstance(step, int) else 0)


def convert_official(state: dict[str, Tensor]) -> OfficialCheckpoint:
    """Return our specification and tensors for the original's state dict.

    Raises:
        CheckpointError: the network is of a kind that we do not have.
    """
    tensors = {translate_name(name): tensor for name, tensor in state.items()}
    decoder = _decoder_name(tensors)
    if "encoder.features.layer4.1.conv2.weight" not in tensors or decoder is None:
        raise CheckpointError(
            "it holds a network of the original implementation that onet does not have",
            hint="single-image models with resnet18 and a cbatchnorm or simple decoder are read",
        )
    tensors = {
        # Point-wise convolutions are the same matrices with one more axis.
        name: tensor.squeeze(-1) if name.startswith("decoder.") and tensor.ndim == 3 else tensor
        for name, tensor in tensors.items()
    }
    hidden_dim, point_dim = tensors["decoder.fc_p.weight"].shape
    spec = ModelSpec(
        "onet" if decoder == "cbn" else "onet-simple",
        encoder="resnet18",
        decoder=decoder,
        code_dim=tensors["encoder.fc.weight"].shape[0],
        hidden_dim=hidden_dim,
        point_dim=point_dim,
        summary="Trained with the original implementation.",
    )
    return OfficialCheckpoint(spec, tensors)


def translate_name(name: str) -> str:
    """Return our name for the tensor that the original calls `name`."""
    name = name.removeprefix("module.")  # left by the original's multi-GPU wrapper
    for pattern, replacement in _RENAMINGS:
        name = re.sub(pattern, replacement, name)
    return name


def _decoder_name(tensors: dict[str, Tensor]) -> str | None:
    if "decoder.blocks.0.bn_0.gamma.weight" in tensors:
        return "cbn"
    if "decoder.fc_c.weight" in tensors and "decoder.bn.weight" not in tensors:
        return "simple"
    return None
