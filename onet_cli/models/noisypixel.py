"""Loading Lightning checkpoints of project noisypixel (`*.ckpt`).

Source: github.com/Computer-Vision-IIITH-2021/project-noisypixel, `src/models` and `src/trainer.py`.
"""

import re
from pathlib import Path

from torch import Tensor

from onet_cli.errors import CheckpointError
from onet_cli.models.official import OfficialCheckpoint
from onet_cli.models.spec import ModelSpec
from onet_cli.models.weights import read_plain_pickle

SUFFIX = ".ckpt"
THRESHOLD = 0.2
"""Of its meshes (`get_mesh`)."""

IMAGE_SIZE = 137
"""Its loader gives the renderings as they are."""

_PREFIX = "net."
_RENAMINGS = (
    (r"^decoder\.block(\d)\.", lambda match: f"decoder.blocks.{int(match[1]) - 1}."),
    (r"\.batchnorm_(\d)\.", r".bn_\1."),
    (r"\.batchnorm\.", ".bn."),
    (r"^decoder\.fc\.", "decoder.fc_out."),
)
_EFFICIENTNETS = {16: "b0", 23: "b1", 39: "b5", 55: "b7"}
"""By the number of their blocks."""

_UNUSED = re.compile(r"^decoder\.blocks\.\d\.fc_0\.")
"""The first layer of the fully connected decoder's blocks, whose result its code drops."""


def read_noisypixel(path: Path) -> OfficialCheckpoint | None:
    """Return the network in a checkpoint of noisypixel; None if it is another Lightning file.

    Executes nothing in the file: only tensors and plain values are accepted.

    Raises:
        CheckpointError: the file is damaged, or its network is incomplete.
    """
    content = read_plain_pickle(path)
    state = content.get("state_dict")
    if not isinstance(state, dict) or not any(
        str(name).startswith(_PREFIX + "decoder.") for name in state
    ):
        return None
    step = content.get("global_step", 0)
    try:
        spec, tensors = _convert(state)
    except (KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise CheckpointError(f"its network is incomplete: {error}") from error
    return OfficialCheckpoint(spec, tensors, step if isinstance(step, int) else 0)


def _convert(state: dict[str, Tensor]) -> tuple[ModelSpec, dict[str, Tensor]]:
    named = {_translate(name): tensor for name, tensor in state.items()}
    fully_connected = "decoder.fc_c.weight" in named
    tensors = {
        # Its point-wise convolutions have the same matrices with an additional axis.
        name: tensor.squeeze(-1) if name.startswith("decoder.") and tensor.ndim == 3 else tensor
        for name, tensor in named.items()
        if not (fully_connected and _UNUSED.match(name))
    }
    encoder = _encoder(tensors)
    last = "encoder.features._fc.weight" if encoder.startswith("eff") else "encoder.fc.weight"
    hidden_dim, point_dim = tensors["decoder.fc_p.weight"].shape
    spec = ModelSpec(
        "custom",
        encoder=encoder,
        decoder="fc-single" if fully_connected else "cbn",
        code_dim=tensors[last].shape[0],
        hidden_dim=hidden_dim,
        point_dim=point_dim,
        image_size=IMAGE_SIZE,
        summary="Trained with project noisypixel.",
    )
    return spec, tensors


def _translate(name: str) -> str:
    """Return our name for noisypixel's tensor `name`."""
    name = name.removeprefix(_PREFIX)
    for pattern, replacement in _RENAMINGS:
        name = re.sub(pattern, replacement, name)
    return name


def _encoder(tensors: dict[str, Tensor]) -> str:
    """Return the name of the encoder whose tensors these are."""
    if "encoder.features.layer4.2.conv3.weight" in tensors:
        return "resnet50"
    if "encoder.features.layer4.1.conv2.weight" in tensors:
        return "resnet18"
    found = (re.match(r"encoder\.features\._blocks\.(\d+)\.", name) for name in tensors)
    blocks = len({match[1] for match in found if match})
    if blocks not in _EFFICIENTNETS:
        raise KeyError(f"an encoder with {blocks} blocks is none of noisypixel's")
    return f"efficientnet-{_EFFICIENTNETS[blocks]}"
