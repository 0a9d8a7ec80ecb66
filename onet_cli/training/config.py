"""What a training run was asked to do: plain data, written to RUN/config.json."""

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from onet_cli.errors import CheckpointError, InvalidOptionError
from onet_cli.files import write_text
from onet_cli.models.spec import ModelSpec

Sampling = Literal["uniform", "balanced"]
Augmentation = Literal["none", "photo"]
Precision = Literal["32", "bf16", "16", "auto"]
Schedule = Literal["cosine", "constant"]
Cache = Literal["none", "ram", "gpu"]


@dataclass(frozen=True)
class Budget:
    """When training ends: at the first of the limits that are set. All None means never."""

    steps: int | None = None
    epochs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        for limit in (self.steps, self.epochs, self.seconds):
            if limit is not None and not limit > 0:
                raise InvalidOptionError(f"training cannot end after {limit:g} steps or seconds")

    @property
    def unlimited(self) -> bool:
        """Whether no limit is set."""
        return self.steps is None and self.epochs is None and self.seconds is None

    def spent(self, step: int, steps_per_epoch: int, seconds: float) -> float:
        """Return the share of the budget that is used up, 0 at the start and 1 at the end."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(step / self.steps)
        if self.epochs is not None:
            shares.append(step / (self.epochs * steps_per_epoch))
        if self.seconds is not None:
            shares.append(seconds / self.seconds)
        return min(max(shares), 1.0)

    def steps_at(self, steps_per_epoch: int, seconds_per_step: float) -> int:
        """Return how many steps the budget pays for at a pace."""
        limits = []
        if self.steps is not None:
            limits.append(self.steps)
        if self.epochs is not None:
            limits.append(self.epochs * steps_per_epoch)
        if self.seconds is not None:
            limits.append(int(self.seconds / seconds_per_step))
        return max(1, min(limits)) if limits else 0


@dataclass(frozen=True)
class TrainingConfig:
    """Every setting of a run apart from its data, network and place.

    `rate` is the peak learning rate, reached after `warm_up` (a share of the budget) and followed
    by half a cosine to zero; with the schedule `constant` it holds all the time. `beta2` is Adam's,
    and gradients are shortened to the norm `clip`, unless that is 0. `points` are the query points
    drawn per sample. `ema_decay` is the decay of the averaged weights, which are the ones validated
    and kept; 0 turns averaging off. `recipe` names the defaults that these settings come from.
    `cache` is where the training shapes are kept, decoded: nowhere, in memory, on the GPU.
    `label_smoothing` is how far labels are moved from 0 and 1 towards each other.
    `encoder_rate` is the rate of the encoder's features, of those that ImageNet weights give, as a
    share of `rate`; below 1, their first layers stay as they are.
    `near_share` of the points lie near the surface, and `extra_share` of the samples come from the
    second data set, if there is one.
    `precision` is in bits, "auto" the faster of "32" and "bf16" by a few steps of each.
    `compiled` puts the network's steps through torch.compile.
    `validate_every` and `mesh_every`, which is 0 for never, are in steps.
    """

    budget: Budget
    batch_size: int = 32
    points: int = 2048
    sampling: Sampling = "uniform"
    near_share: float = 0.0
    label_smoothing: float = 0.0
    extra_share: float = 0.5
    augmentation: Augmentation = "none"
    recipe: str = "ours"
    rate: float = 1e-3
    encoder_rate: float = 1.0
    schedule: Schedule = "cosine"
    beta2: float = 0.99
    clip: float = 1000.0
    weight_decay: float = 0.01
    warm_up: float = 0.03
    ema_decay: float = 0.999
    precision: Precision = "32"
    compiled: bool = False
    validate_every: int = 200
    mesh_every: int = 2000
    validation_samples: int = 512
    workers: int = 1
    cache: Cache = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("batch_size", "points", "validate_every", "validation_samples"):
            if getattr(self, name) < 1:
                raise InvalidOptionError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 <= self.near_share <= 1:
            raise InvalidOptionError(f"near_share must lie in [0, 1], not {self.near_share}")
        if not 0 <= self.label_smoothing < 0.5:
            raise InvalidOptionError(
                f"label_smoothing must lie in [0, 0.5), not {self.label_smoothing}"
            )
        if not 0 < self.extra_share < 1:
            raise InvalidOptionError(f"extra_share must lie in (0, 1), not {self.extra_share}")
        if not 0 < self.rate < 1:
            raise InvalidOptionError(f"the learning rate must lie in (0, 1), not {self.rate}")
        if not 0 <= self.encoder_rate <= 1:
            raise InvalidOptionError(f"encoder_rate must lie in [0, 1], not {self.encoder_rate}")
        if not 0 < self.beta2 < 1:
            raise InvalidOptionError(f"beta2 must lie in (0, 1), not {self.beta2}")
        if not self.clip >= 0:
            raise InvalidOptionError(f"clip must not be below 0, as {self.clip} is")
        if self.budget.unlimited:
            raise InvalidOptionError(
                "training would never end", hint="set --max-steps, --max-epochs or --max-time"
            )

    def write(self, path: Path, **more: Any) -> None:
        """Write the settings, and `more` beside them, as JSON."""
        write_text(path, json.dumps({"training": asdict(self), **more}, indent=2) + "\n")


MOST_WORKERS = 8
"""Loader processes for a GPU unless others are asked for: files of eight are read in time."""


def usual_workers(device: str, processes: int = 1) -> int:
    """Return how many loader processes go with a process that trains on the kind `device`.

    On a CPU one, as the network wants the cores; for a GPU, its share of the cores among the
    `processes` of this machine.
    """
    if device == "cpu":
        return 1
    known = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, min(MOST_WORKERS, cores // processes))


def read_precision(path: Path) -> Precision:
    """Return the precision that a run's config.json names.

    Raises:
        CheckpointError: there is no such file, or it is damaged.
    """
    try:
        found: Precision = json.loads(path.read_text(encoding="utf-8"))["training"]["precision"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} does not say in which precision was trained") from error
    return found


def read_spec(path: Path) -> ModelSpec:
    """Return the model that a run's config.json names.

    Raises:
        CheckpointError: there is no such file, or it is damaged.
    """
    try:
        return ModelSpec.from_dict(json.loads(path.read_text(encoding="utf-8"))["model"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{path} does not say which model was trained") from error


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> float:
    """Return the seconds in a duration such as 90s, 25m, 1h30m or 2d.

    Raises:
        InvalidOptionError: `text` is not of that form.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidOptionError(f"{text!r} is not a duration", hint="write 90s, 25m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
