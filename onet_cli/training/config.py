"""Settings of a training run, written to RUN/config.json.

The fields declare the options of `onet train`: name, default, help and limits.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from onet_cli.cores import available_cores
from onet_cli.errors import CheckpointError, InvalidOptionError
from onet_cli.files import read_text, write_text
from onet_cli.models.catalogue import MODELS
from onet_cli.models.spec import ModelSpec
from onet_cli.options import GENERAL, RARE, Device, Seed
from onet_cli.setting import Setting, check_settings

Sampling = Literal["uniform", "balanced"]
Augmentation = Literal["none", "photo"]
Precision = Literal["32", "bf16", "16", "auto"]
Schedule = Literal["cosine", "constant"]
Cache = Literal["none", "ram", "gpu"]
Recipe = Literal["ours", "paper"]
LoggerName = Literal["tensorboard", "csv", "wandb", "mlflow"]

RUN = "Run"
NETWORK = "Network"
DATA = "Data and optimisation"


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as 90s, 25m, 1h30m or 2d.

    Raises:
        InvalidOptionError: `text` is not of that form.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidOptionError(f"{text!r} is not a duration", hint="write 90s, 25m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _parts(kind: str) -> Iterable[str]:
    from onet_cli.models import registry

    return (registry.ENCODERS if kind == "encoder" else registry.DECODERS).names()


@dataclass(frozen=True)
class RunOptions:
    """Folder of a run, and actions besides training."""

    output: Annotated[Path, Setting("Folder of the run.", RUN, metavar="RUN", short="-o")]
    resume: Annotated[bool, Setting("Continue the run in RUN.", RUN)] = False
    dry_run: Annotated[bool, Setting("Show costs and a batch; do not train.", RUN)] = False
    calibrate: Annotated[bool, Setting("Calibrate the best checkpoint.", RARE)] = True
    extra: Annotated[
        Path | None,
        Setting("Second training set, not validated.", RARE, metavar="DATA"),
    ] = None


@dataclass(frozen=True)
class NetworkOptions:
    """The network to train, and its initial weights.

    `model` is None for the model of `init`, or else the default; other fields replace parts of it.
    """

    model: Annotated[
        str | None,
        Setting(
            "Named model.",
            NETWORK,
            metavar="NAME",
            default="onet-small, or that of --init",
            complete=lambda: MODELS,
        ),
    ] = None
    init: Annotated[
        str | None,
        Setting(
            "Checkpoint to fine-tune.",
            NETWORK,
            metavar="CHECKPOINT",
        ),
    ] = None
    encoder: Annotated[
        str | None,
        Setting(
            "Replace its encoder; see `onet models`.",
            NETWORK,
            metavar="NAME",
            complete=lambda: _parts("encoder"),
        ),
    ] = None
    decoder: Annotated[
        str | None,
        Setting(
            "Replace its decoder.",
            NETWORK,
            metavar="NAME",
            complete=lambda: _parts("decoder"),
        ),
    ] = None
    pretrained_encoder: Annotated[
        str | None,
        Setting(
            "ImageNet weights: a .pth or .safetensors file, or `imagenet`.",
            RARE,
            metavar="FILE",
        ),
    ] = None
    code_dim: Annotated[int | None, Setting("Width of the code.", RARE, minimum=1)] = None
    hidden_dim: Annotated[int | None, Setting("Width of the decoder.", RARE, minimum=1)] = None
    image_size: Annotated[
        int | None, Setting("Edge of the input image in pixels.", RARE, minimum=32)
    ] = None
    point_dim: Annotated[int | None, Setting("Coordinates of a query point.", RARE, minimum=1)] = (
        None
    )


@dataclass(frozen=True)
class Hardware:
    """Hardware of a run: `devices` processes on each of `nodes` machines."""

    device: Device = "auto"
    devices: Annotated[int, Setting("Processes per machine, one per GPU.", RARE, minimum=1)] = 1
    nodes: Annotated[int, Setting("Machines.", RARE, minimum=1)] = 1

    @property
    def processes(self) -> int:
        """Number of processes on all machines."""
        return self.devices * self.nodes


@dataclass(frozen=True)
class Budget:
    """Training ends at the first of these limits; None: no limit."""

    steps: Annotated[int | None, Setting("Maximum steps.", RUN, minimum=1, name="max_steps")] = None
    epochs: Annotated[int | None, Setting("Maximum epochs.", RUN, minimum=1, name="max_epochs")] = (
        None
    )
    seconds: Annotated[
        float | None,
        Setting(
            "Maximum time: 90s, 25m, 1h30m, 2d.",
            RUN,
            metavar="TIME",
            name="max_time",
            parse=parse_duration,
        ),
    ] = None

    def __post_init__(self) -> None:
        for limit in (self.steps, self.epochs, self.seconds):
            if limit is not None and not limit > 0:
                raise InvalidOptionError(f"limits of training must be positive, not {limit:g}")

    @property
    def unlimited(self) -> bool:
        """Whether no limit is set."""
        return self.steps is None and self.epochs is None and self.seconds is None

    def spent(self, step: int, steps_per_epoch: int, seconds: float) -> float:
        """Return the spent share of the budget, 0 at the start and 1 at the end."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(step / self.steps)
        if self.epochs is not None:
            shares.append(step / (self.epochs * steps_per_epoch))
        if self.seconds is not None:
            shares.append(seconds / self.seconds)
        return min(max(shares), 1.0)

    def steps_at(self, steps_per_epoch: int, seconds_per_step: float) -> int:
        """Return the number of steps within the budget at a given speed."""
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
    """Settings of a run apart from its data, network and hardware.

    The learning rate rises linearly to `lr` over `warm_up`, a share of the budget, and decays along
    a half cosine to zero; with the schedule `constant` it does not change. If `ema` is set, the
    averaged weights are validated and saved. `recipe` names the source of the defaults. Other
    fields are described by their settings.
    """

    budget: Budget
    recipe: Annotated[Recipe, Setting("Defaults: ours or the paper's.", RARE)] = "ours"
    batch_size: Annotated[int, Setting("Shapes per step.", DATA, minimum=1)] = 32
    points: Annotated[int, Setting("Query points per shape.", DATA, minimum=1)] = 2048
    near: Annotated[
        float,
        Setting("Share of query points near the surface.", RARE, minimum=0, maximum=1),
    ] = 0.0
    augment: Annotated[Augmentation, Setting("photo: mirror, move, recolour.", DATA)] = "none"
    extra_share: Annotated[
        float, Setting("Share of samples from --extra.", RARE, above=0, below=1)
    ] = 0.5
    sampling: Annotated[
        Sampling, Setting("uniform, or balanced: half inside.", RARE, metavar="NAME")
    ] = "uniform"
    lr: Annotated[float, Setting("Peak learning rate.", DATA, above=0, below=1)] = 1e-3
    encoder_lr: Annotated[
        float,
        Setting(
            "Factor on --lr for pretrained layers.",
            RARE,
            minimum=0,
            maximum=1,
        ),
    ] = 1.0
    schedule: Annotated[
        Schedule, Setting("cosine (with warm-up) or constant.", RARE, metavar="NAME")
    ] = "cosine"
    weight_decay: Annotated[float, Setting("Weight decay (matrices only).", RARE, minimum=0)] = 0.01
    ema: Annotated[
        float,
        Setting("EMA decay of the weights; 0: off.", RARE, minimum=0, maximum=0.99999),
    ] = 0.999
    beta2: Annotated[float, Setting("AdamW beta2.", RARE, above=0, below=1)] = 0.99
    clip: Annotated[float, Setting("Maximum gradient norm; 0: no clipping.", RARE, minimum=0)] = (
        1000.0
    )
    label_smoothing: Annotated[
        float,
        Setting("Label smoothing.", RARE, minimum=0, below=0.5),
    ] = 0.0
    warm_up: float = 0.03
    precision: Annotated[
        Precision, Setting("32, bf16, 16, or auto: bf16 if faster.", GENERAL, metavar="BITS")
    ] = "32"
    compile: Annotated[bool, Setting("Use torch.compile; for GPUs.", RARE)] = False
    val_every: Annotated[int, Setting("Steps between validations.", RARE, minimum=1)] = 200
    mesh_every: Annotated[int, Setting("Steps between meshes; 0: off.", RARE, minimum=0)] = 2000
    logger: Annotated[
        LoggerName, Setting("tensorboard, csv, wandb or mlflow.", RARE, metavar="NAME")
    ] = "tensorboard"
    validation_samples: int = 512
    workers: Annotated[
        int,
        Setting(
            "Data loader processes; 0: none.",
            GENERAL,
            minimum=0,
            default="GPU: up to 8",
        ),
    ] = 1
    cache: Annotated[Cache, Setting("Cache of decoded shapes.", RARE)] = "none"
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_settings(self)
        if self.validation_samples < 1:
            raise InvalidOptionError(
                f"validation_samples must be at least 1, not {self.validation_samples}"
            )
        if self.budget.unlimited:
            raise InvalidOptionError(
                "training would never end", hint="set --max-steps, --max-epochs or --max-time"
            )

    def write(self, path: Path, **more: Any) -> None:
        """Write the settings and `more` entries as JSON."""
        write_text(path, json.dumps({"training": asdict(self), **more}, indent=2) + "\n")


MOST_WORKERS = 8
"""Maximum default number of data loader processes for a GPU; eight keep up with it."""


def usual_workers(device: str, processes: int = 1) -> int:
    """Return the default number of data loader processes for training on the type `device`.

    One on a CPU, as the network uses all cores; for a GPU, its share of the cores among the
    `processes` on this machine.
    """
    if device == "cpu":
        return 1
    return max(1, min(MOST_WORKERS, available_cores() // processes))


def read_precision(path: Path) -> Precision:
    """Return the precision in a run's config.json.

    Raises:
        CheckpointError: there is no such file, or it is damaged.
    """
    try:
        found: Precision = json.loads(read_text(path))["training"]["precision"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path} does not contain the precision of the run") from error
    return found


def read_spec(path: Path) -> ModelSpec:
    """Return the model in a run's config.json.

    Raises:
        CheckpointError: there is no such file, or it is damaged.
    """
    try:
        return ModelSpec.from_dict(json.loads(read_text(path))["model"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{path} does not contain the model of the run") from error
