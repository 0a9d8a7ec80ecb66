"""Exponential moving average (EMA) of the weights, used for validation and checkpoints."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import nn
from torch.optim.swa_utils import AveragedModel


class Average(AveragedModel):
    """EMA of a module's weights and buffers, on `device`.

    The effective decay grows with the number of updates: with a fixed decay, the random initial
    weights would persist for thousands of steps. Updates are counted on the CPU, because reading a
    number from a GPU synchronises with it.
    """

    def __init__(self, module: nn.Module, decay: float, device: torch.device) -> None:
        super().__init__(module, device=device, use_buffers=True)
        self.decay, self.updates = decay, 0
        self.n_averaged = torch.zeros((), dtype=torch.long, device="cpu")  # for the checkpoint

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Update the average with the weights and buffers of `model`, on the same device."""
        pairs = list(
            zip(
                chain(self.module.parameters(), self.module.buffers()),
                chain(model.parameters(), model.buffers()),
                strict=True,
            )
        )
        for floating in (True, False):
            some = [(a, b) for a, b in pairs if a.is_floating_point() == floating]
            if not some:
                continue
            averaged, current = (list(side) for side in zip(*some, strict=True))
            if self.updates and floating:
                torch._foreach_lerp_(averaged, current, self._share())
            else:
                torch._foreach_copy_(averaged, current)
        self.updates += 1
        self.n_averaged.fill_(self.updates)

    def _share(self) -> float:
        """Return the weight of the next update."""
        return 1 - min(self.decay, (1 + self.updates) / (10 + self.updates))

    def load_state_dict(self, state_dict: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Continue from `state_dict`."""
        result = super().load_state_dict(state_dict, *args, **kwargs)
        self.updates = int(self.n_averaged)
        return result


class AveragedWeights(WeightAveraging):
    """Keeps the EMA on the network's device, and swaps it in for validation."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Create the average at the start of fitting."""
        if stage == "fit":
            # Lightning would create it on the module's current device, still the CPU.
            place = trainer.strategy.root_device
            self._average_model = Average(pl_module, self.decay, place)
