"""A training run: data, network, Lightning's trainer, and the files in RUN/."""

import logging
import os
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import lightning.pytorch as pl
import torch

from onet_cli.errors import CheckpointError, InvalidOptionError, OnetError
from onet_cli.files import remove_all_leftovers
from onet_cli.malloc import keep_freed_memory
from onet_cli.models.checkpoint import resolve_device
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import ModelSpec
from onet_cli.training.averaging import AveragedWeights
from onet_cli.training.callbacks import (
    Clock,
    KeepBest,
    KeepLast,
    Reporter,
    previous_checkpoint,
)
from onet_cli.training.config import Hardware, TrainingConfig, read_spec
from onet_cli.training.data import ShapeData
from onet_cli.training.loggers import check_logger, log_settings, make_logger
from onet_cli.training.memory import memory_errors
from onet_cli.training.meshes import WatchMeshes
from onet_cli.training.module import OccupancyModule
from onet_cli.training.precision import float32_products, slow_precision, takes_tf32
from onet_cli.training.status import RunEvents
from onet_cli.training.stop import StopBetweenSteps
from onet_cli.training.trial import settle_precision, try_precisions

Start = Literal["fresh", "trained", "resumed"]
ANY_HARDWARE = Hardware()
NO_EVENTS = RunEvents()
_NOT_PROVENANCE = ("workers", "budget", "cache", "logger")
_PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


@dataclass(frozen=True)
class TrainingResult:
    """Result of a run: the best validation IoU, its checkpoint, steps and seconds."""

    best_iou: float
    checkpoint: Path
    steps: int
    seconds: float


def train_network(
    data: Path,
    run: Path,
    network: OccupancyNetwork,
    config: TrainingConfig,
    *,
    extra: Path | None = None,
    hardware: Hardware = ANY_HARDWARE,
    start: Start = "fresh",
    events: RunEvents = NO_EVENTS,
) -> TrainingResult:
    """Train `network` on the data set `data`; write settings, logs and checkpoints to `run`.

    Training shapes of the data set `extra` are added, but not used for validation.

    With `start` = `trained`, the network is validated before the first step, so that the best
    checkpoint is never worse than the initial weights; `resumed` continues the run in `run`.

    Several processes in `hardware` train with distributed data parallelism, each on its own
    batches; a single process starts the others by running this program again.

    Raises:
        StoreError: `data` is not a data set, or has no training or validation shapes.
        InvalidOptionError: `run` contains an earlier run that is not resumed, the precision is
            `auto` with several processes, or the logger's package is missing.
        CheckpointError: there is no checkpoint to resume.
    """
    last, resume = run / "last.ckpt", start == "resumed"
    _check_run(run, last, network, resume)
    _check_config(config, hardware.processes)
    _quieten()
    place = local_device(hardware.device, hardware.processes)
    if place.type == "cpu":
        keep_freed_memory()
    shapes = ShapeData(data, config, extra, network.spec)
    shapes.plan_cache(place, hardware.devices)
    find = partial(try_precisions, shapes, network, config, place)
    config = settle_precision(config, find, run if resume else None, events.note)
    _note_precision(config, place, events)
    if is_first_process():
        remove_all_leftovers(run)
        _announce(network, shapes, place, events)
        _write_config(run, config, network, shapes, place)
        events.started()
    pl.seed_everything(config.seed, verbose=False)
    clock = Clock(config.budget, shapes.steps_per_epoch(hardware.processes))
    best = KeepBest(run / "best.safetensors", shapes.categories, _provenance(shapes, config))
    module = OccupancyModule(network, config, clock.spent, shapes.exposure)
    watch = WatchMeshes(data, shapes.validation.ids, config.mesh_every, clock, best)
    reporter = Reporter(clock, best, run / "metrics.csv", events.listen, lambda: watch.iou)
    callbacks = [clock, best, watch, *_averaging(config), *_keeping(last, reporter, config, events)]
    trainer = _trainer(run, config, hardware, callbacks, network.spec)
    checkpoint = str(_whole(last)) if resume else None
    with _errors_as_raised(), memory_errors(config), float32_products(config.precision, place):
        if start == "trained":
            trainer.validate(module, shapes, verbose=False)
        trainer.fit(module, shapes, ckpt_path=checkpoint, weights_only=True)
        if best.scored_step < trainer.global_step:
            trainer.validate(module, shapes, verbose=False)
    return TrainingResult(best.best_iou, best.path, trainer.global_step, clock.seconds)


def _note_precision(config: TrainingConfig, place: torch.device, events: RunEvents) -> None:
    if takes_tf32(config.precision, place):
        events.note("--precision 32: matrix products use TF32 on this GPU")
    if slow := slow_precision(config.precision, place):
        events.note(slow)


def _announce(
    network: OccupancyNetwork, shapes: ShapeData, place: torch.device, events: RunEvents
) -> None:
    """Note the model, the numbers of shapes and the device, and sets of different exposure."""
    taught = len(shapes.training.ids) + len(shapes.training.extra_ids)
    checked = len(shapes.validation.ids)
    events.note(
        f"training {network.spec.name} on {taught} shapes, {checked} to validate, on {place}"
    )
    if shapes.extra is None:
        return
    own, other = shapes.exposure, shapes.training.extra_store.info.exposure()
    if own != other:
        events.note(
            f"the views of {shapes.root} have an exposure of {own:g}, those of {shapes.extra} of "
            f"{other:g}: photos will be shown to the network with that of the first"
        )


def _check_config(config: TrainingConfig, processes: int) -> None:
    """Raise InvalidOptionError for automatic precision with several processes, or no logger."""
    check_logger(config.logger)
    if config.precision == "auto" and processes > 1:
        raise InvalidOptionError(
            "--precision auto supports only a single process",
            hint="use --precision bf16",
        )


def _write_config(
    run: Path,
    config: TrainingConfig,
    network: OccupancyNetwork,
    shapes: ShapeData,
    place: torch.device,
) -> None:
    config.write(
        run / "config.json",
        model=network.spec.to_dict(),
        data=str(shapes.root),
        extra=None if shapes.extra is None else str(shapes.extra),
        categories=shapes.categories,
        tf32=takes_tf32(config.precision, place),
    )


@contextmanager
def _errors_as_raised() -> Iterator[None]:
    """Restore KeyboardInterrupt, and errors of loader processes, as they were raised."""
    try:
        yield
    except SystemExit as stop:
        raise KeyboardInterrupt from stop
    except OnetError as error:
        raise _as_raised(error) from error


def _check_run(run: Path, last: Path, network: OccupancyNetwork, resume: bool) -> None:
    """Raise on resuming a missing run or another network, and on overwriting a run."""
    if network.spec.point_dim != 3:
        raise InvalidOptionError(
            f"points of a data set have 3 coordinates, not {network.spec.point_dim}"
        )
    if not resume:
        if last.exists():
            raise InvalidOptionError(
                f"{run} contains an earlier run", hint="add --resume, or choose another --output"
            )
        return
    if not (last.is_file() or previous_checkpoint(last).is_file()):
        raise CheckpointError(f"{run} has no last.ckpt to resume", hint="train without --resume")
    if read_spec(run / "config.json") != network.spec:
        raise CheckpointError(
            f"{run} contains a run of another network", hint="give the model options of that run"
        )


def _whole(last: Path) -> Path:
    """Return `last`, or its predecessor if `last` is missing or damaged."""
    for path in (last, previous_checkpoint(last)):
        if path.is_file() and zipfile.is_zipfile(path):
            return path
    raise CheckpointError(f"{last} is damaged", hint="train again, without --resume")


def is_first_process() -> bool:
    """Return whether this is the only or the first process of a run."""
    ranks = ("RANK", "SLURM_PROCID", "NODE_RANK", "LOCAL_RANK")
    return all(os.environ.get(name, "0") == "0" for name in ranks)


def local_device(name: str, processes: int = 1) -> torch.device:
    """Return the device `name`; with several `processes`, the GPU of this one.

    Raises:
        InvalidOptionError: there is no such device.
    """
    place = resolve_device(name)
    if processes == 1 or place.type != "cuda":
        return place
    # The first process gets its device before Lightning sets its rank.
    numbers = (os.environ.get(name) for name in ("LOCAL_RANK", "SLURM_LOCALID"))
    return torch.device("cuda", int(next((number for number in numbers if number), "0")))


def _trainer(
    run: Path,
    config: TrainingConfig,
    hardware: Hardware,
    callbacks: list[pl.Callback],
    spec: ModelSpec,
) -> pl.Trainer:
    place = resolve_device(hardware.device)
    several = hardware.processes > 1
    board = make_logger(config.logger, run)
    if is_first_process():
        log_settings(board, config, spec)
    return pl.Trainer(
        accelerator={"cuda": "gpu"}.get(place.type, place.type),
        devices=hardware.devices if several or place.index is None else [place.index],
        num_nodes=hardware.nodes,
        strategy="ddp" if several else "auto",
        # torch does not support synchronised batch norm on CPUs.
        sync_batchnorm=several and place.type == "cuda",
        precision=_PRECISIONS[config.precision],  # type: ignore[arg-type]
        max_epochs=-1,
        val_check_interval=config.val_every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        logger=board,
        log_every_n_steps=min(25, config.val_every),
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=run,
    )


def _keeping(
    last: Path, reporter: Reporter, config: TrainingConfig, events: RunEvents
) -> list[pl.Callback]:
    """Return the last callbacks of a step: checkpoint for resuming, report, and stop."""
    keep = KeepLast(last)
    # The row of a validation before the checkpoint: a resumed run drops rows, but adds none.
    return [reporter, keep, StopBetweenSteps(keep, config.val_every, events.note)]


def _averaging(config: TrainingConfig) -> list[pl.Callback]:
    return [AveragedWeights(config.ema)] if config.ema else []


def _provenance(shapes: ShapeData, config: TrainingConfig) -> dict[str, object]:
    settings = {k: v for k, v in asdict(config).items() if k not in _NOT_PROVENANCE}
    facts: dict[str, object] = {"source": shapes.source, "shapes": len(shapes.training.ids)}
    if shapes.training.extra_ids:
        extra = shapes.training.extra_store.info.source
        facts |= {"extra_source": extra, "extra_shapes": len(shapes.training.extra_ids)}
    return facts | settings


def _as_raised(error: OnetError) -> OnetError:
    """Return `error` without the traceback that a loader process adds to its message."""
    lines = str(error).rstrip().splitlines()
    _, _, message = lines[-1].partition(f"{type(error).__name__}: ")
    return type(error)(message) if len(lines) > 1 and message else error


def _quieten() -> None:
    """Silence Lightning's warnings, which are for developers."""
    for name in ("lightning", "lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="lightning")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
