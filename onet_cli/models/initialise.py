"""Initialising a network with another one's weights."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from onet_cli.errors import CheckpointError
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.code_layout import MIRROR_WIDTH, CodeLayout
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import ModelSpec

LEAST_SHARE = 0.1
"""Smallest share of a network's weights that a checkpoint must provide: a few biases do not
count."""


@dataclass(frozen=True)
class Transfer:
    """Which of a network's tensors were copied from a checkpoint, and which are fresh."""

    taken: tuple[str, ...]
    kept: tuple[str, ...]

    def __str__(self) -> str:
        """Return both in one line, the fresh tensors by the parts they belong to."""
        total = len(self.taken) + len(self.kept)
        if not self.kept:
            return f"all {total} tensors taken"
        parts = sorted({".".join(name.split(".")[:2]) for name in self.kept})
        return f"{len(self.taken)} of {total} tensors taken; fresh: {', '.join(parts)}"


def initialise_from(network: OccupancyNetwork, checkpoint: str | Path) -> Transfer:
    """Copy into `network` every tensor of `checkpoint` whose name and shape agree.

    Encoder or decoder may differ completely: tensors that do not match keep their fresh weights. If
    codes differ only in the mirror plane, which the checkpoint's lacks, the additional columns of
    matrices are 0, so the network initially computes the same as the checkpoint's.

    Args:
        network: changed in place.
        checkpoint: whatever `load_checkpoint` takes: a file, a run's folder, a shipped name.

    Raises:
        CheckpointError: it cannot be read, or less than a tenth of the weights match.
    """
    source = load_checkpoint(checkpoint, device="cpu").network
    given, own = source.state_dict(), network.state_dict()
    widen = _gains_plane(source.spec, network.spec)
    fitting = {
        name: found
        for name, tensor in given.items()
        if name in own and (found := _fitted(tensor, own[name], widen)) is not None
    }
    sizes = {name: parameter.numel() for name, parameter in network.named_parameters()}
    if sum(sizes.get(name, 0) for name in fitting) < LEAST_SHARE * sum(sizes.values()):
        raise CheckpointError(
            f"{checkpoint}: next to nothing in it fits the model {network.spec.name!r}",
            hint="train the model that the checkpoint holds: leave out --model and its parts",
        )
    network.load_state_dict(fitting, strict=False)
    return Transfer(
        taken=tuple(name for name in own if name in fitting),
        kept=tuple(name for name in own if name not in fitting),
    )


def _gains_plane(given: ModelSpec, own: ModelSpec) -> bool:
    """Return whether `own` differs from `given` only by a mirror plane in its codes."""
    same = replace(given, name="", code_dim=0, summary="")
    return (
        own.frame == "picture"
        and replace(own, name="", code_dim=0, summary="") == same
        and own.code_dim - given.code_dim == MIRROR_WIDTH
        and CodeLayout(own.code_dim).mirrored
    )


def _fitted(given: Tensor, own: Tensor, widen: bool) -> Tensor | None:
    """Return `given` in the shape of `own`, with `widen` by added zero columns; else None."""
    if given.shape == own.shape:
        return given
    if (
        not widen
        or given.ndim != 2
        or own.ndim != 2
        or len(given) != len(own)
        or given.shape[1] > own.shape[1]
    ):
        return None
    return torch.nn.functional.pad(given, (0, own.shape[1] - given.shape[1]))
