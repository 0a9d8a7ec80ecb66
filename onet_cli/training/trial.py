"""`--precision auto`: choose the faster precision by timing a few steps of each."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import torch
from torch.utils.data import default_collate

from onet_cli.models.network import OccupancyNetwork
from onet_cli.training.config import Precision, TrainingConfig, read_precision
from onet_cli.training.data import ShapeData
from onet_cli.training.dataset import Batch
from onet_cli.training.memory import memory_errors
from onet_cli.training.module import OccupancyModule
from onet_cli.training.precision import float32_products, mixed

STEPS = 3
"""Timed steps of each, interleaved, after a warm-up step."""

MAX_TIME_RATIO = 0.95
"""bfloat16 is used if a step takes at most this share of the time of one in float32."""


@dataclass(frozen=True)
class PrecisionTrial:
    """Seconds per step in float32 and in bfloat16."""

    float32: float
    bfloat16: float

    @property
    def faster(self) -> Precision:
        """The precision to use."""
        return "bf16" if self.bfloat16 <= MAX_TIME_RATIO * self.float32 else "32"

    def __str__(self) -> str:
        return (
            f"a step takes {self.float32:.3g} s in float32, {self.bfloat16:.3g} s in bfloat16: "
            f"--precision {self.faster}"
        )


def try_precisions(
    shapes: ShapeData, network: OccupancyNetwork, config: TrainingConfig, device: torch.device
) -> PrecisionTrial:
    """Measure the time of steps of `network` in both precisions, without changing it.

    torch.compile is not used, as compilation takes longer than the steps.

    Raises:
        StoreError: a shape cannot be read.
        OnetError: memory is insufficient.
    """
    draws = iter(shapes.draws())
    samples = [shapes.training[next(draws)] for _ in range(config.batch_size)]
    batch = Batch(*(part.to(device) for part in default_collate(samples)))
    settings = replace(config, compile=False)
    names: tuple[Precision, ...] = "32", "bf16"
    taken: dict[Precision, list[float]] = {name: [] for name in names}
    with memory_errors(config):
        steps = {
            name: _Step(deepcopy(network), replace(settings, precision=name), device)
            for name in names
        }
        for _ in range(STEPS + 1):
            for name in names:
                taken[name].append(steps[name].seconds(batch))
    return PrecisionTrial(*(median(taken[name][1:]) for name in names))


def settle_precision(
    config: TrainingConfig,
    find: Callable[[], PrecisionTrial],
    resumed: Path | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> TrainingConfig:
    """Return `config` with "auto" replaced by the precision of the `resumed` run or of `find`."""
    if config.precision != "auto":
        return config
    if resumed is not None:
        return replace(config, precision=read_precision(resumed / "config.json"))
    trial = find()
    note(str(trial))
    return replace(config, precision=trial.faster)


class _Step:
    """Training steps of a network, without EMA."""

    def __init__(
        self, network: OccupancyNetwork, config: TrainingConfig, device: torch.device
    ) -> None:
        self._precision, self._device = config.precision, device
        self._module = OccupancyModule(network, config, lambda: 0.5).to(device).train()
        self._optimizer = torch.optim.AdamW(self._module.parameters(), lr=config.lr)

    def seconds(self, batch: Batch) -> float:
        """Run a step with `batch` and return its time."""
        start = _now(self._device)
        self._optimizer.zero_grad()
        with float32_products(self._precision, self._device):
            with mixed(self._precision, self._device):
                loss = self._module.loss(batch)
            torch.autograd.backward(loss)
        self._optimizer.step()
        return _now(self._device) - start


def _now(device: torch.device) -> float:
    """Return the time in seconds, after synchronising with a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
