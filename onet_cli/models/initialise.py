"""Starting a network from another one's weights."""

from dataclasses import dataclass
from pathlib import Path

from onet_cli.errors import CheckpointError
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.network import OccupancyNetwork

LEAST_SHARE = 0.1
"""Share of a network's weights below which a start from a checkpoint is none: a few biases."""


@dataclass(frozen=True)
class Transfer:
    """Which of a network's tensors were taken from a checkpoint, and which stayed as they were."""

    taken: tuple[str, ...]
    kept: tuple[str, ...]

    def __str__(self) -> str:
        """Return both in one line, the tensors that stayed by the parts they belong to."""
        total = len(self.taken) + len(self.kept)
        if not self.kept:
            return f"all {total} tensors taken"
        parts = sorted({".".join(name.split(".")[:2]) for name in self.kept})
        return f"{len(self.taken)} of {total} tensors taken; fresh: {', '.join(parts)}"


def initialise_from(network: OccupancyNetwork, checkpoint: str | Path) -> Transfer:
    """Copy into `network` every tensor of `checkpoint` whose name and shape agree.

    Encoder or decoder may differ as a whole: what does not fit keeps its fresh weights.

    Args:
        network: changed in place.
        checkpoint: whatever `load_checkpoint` takes: a file, a run's folder, a shipped name.

    Raises:
        CheckpointError: it cannot be read, or less than a tenth of the weights fit.
    """
    given = load_checkpoint(checkpoint, device="cpu").network.state_dict()
    own = network.state_dict()
    fitting = {
        name: tensor
        for name, tensor in given.items()
        if name in own and own[name].shape == tensor.shape
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
