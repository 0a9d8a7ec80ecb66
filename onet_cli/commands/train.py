"""`onet train`: train a network on a data set."""

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from onet_cli.commands.config_file import Config, take_config, write_options
from onet_cli.commands.declare import with_options
from onet_cli.commands.recipe import take_recipe
from onet_cli.options import Data, Quiet
from onet_cli.training.config import (
    Hardware,
    NetworkOptions,
    RunOptions,
    TrainingConfig,
    usual_workers,
)

if TYPE_CHECKING:
    from onet_cli.models.network import OccupancyNetwork


@with_options(config=take_config, recipe=take_recipe)
def train(
    context: typer.Context,
    data: Data,
    run: RunOptions,
    network: NetworkOptions,
    settings: TrainingConfig,
    hardware: Hardware,
    config: Config = None,
    quiet: Quiet = False,
) -> None:
    """Train an occupancy network.

    Examples: `onet train data/ -o runs/first --max-time 25m`; with
    `--init furniture --lr 2e-4` it fine-tunes the shipped model
    """
    from onet_cli.commands.consoles import notes
    from onet_cli.commands.report import LOADING, say, say_unless, status_line, training_report
    from onet_cli.files import only_writer

    with status_line(LOADING, quiet):
        from onet_cli.models.checkpoint import resolve_device
        from onet_cli.training.begin import begin_network
        from onet_cli.training.run import is_first_process, train_network
        from onet_cli.training.status import RunEvents
    from onet_cli.version import __version__

    if context.params["workers"] is None:
        kind = resolve_device(hardware.device).type
        settings = replace(settings, workers=usual_workers(kind, hardware.devices))
    built, taken = begin_network(network, settings.seed, resume=run.resume)
    if taken and not quiet:
        notes.print(taken)
    if run.dry_run:
        _dry_run(data, run, built, settings, hardware)
        return
    options, title = run.output / "config.toml", f"onet {__version__}: onet train --config"
    alone = only_writer(run.output) if is_first_process() else nullcontext()
    with alone, training_report(quiet) as listen:
        result = train_network(
            data,
            run.output,
            built,
            settings,
            extra=run.extra,
            hardware=hardware,
            start="resumed" if run.resume else "trained" if network.init else "fresh",
            events=RunEvents(
                started=partial(write_options, options, context.params, title),
                listen=listen,
                note=say_unless(quiet),
            ),
        )
    if not quiet:
        notes.print(
            f"{result.steps} steps in {result.seconds:.0f} s, best IoU {result.best_iou:.3f}"
        )
    if run.calibrate:
        shapes = [data, *([run.extra] if run.extra else [])]
        _calibrate(result.checkpoint, shapes, network.init, hardware, quiet)
    say(result.checkpoint)


def _dry_run(
    data: Path,
    run: RunOptions,
    network: "OccupancyNetwork",
    settings: TrainingConfig,
    hardware: Hardware,
) -> None:
    from onet_cli.commands.report import show_dry_run
    from onet_cli.training.dry_run import measure_dry_run

    picture = run.output / "batch.png"
    facts = measure_dry_run(
        data, network, settings, picture, extra=run.extra, device=hardware.device
    )
    show_dry_run(network.spec, facts, picture)


def _calibrate(
    checkpoint: Path, data: list[Path], init: str | None, hardware: Hardware, quiet: bool
) -> None:
    from onet_cli.commands.consoles import notes
    from onet_cli.commands.report import progress_bar, say_unless
    from onet_cli.errors import EmptySurfaceError
    from onet_cli.training.calibration import calibrate_checkpoint, describe_thresholds
    from onet_cli.training.run import is_first_process

    if not is_first_process():
        return
    say_unless(quiet)(
        "calibrating thresholds and confidence on the training and validation shapes, a minute or "
        "two; --no-calibrate leaves it out"
    )
    try:
        with progress_bar("calibrating", quiet) as advance:
            found = calibrate_checkpoint(
                checkpoint,
                data,
                init=init,
                device=hardware.device,
                progress=lambda stage, done, total: advance(done, total),
            )
    except EmptySurfaceError as error:
        notes.print(f"not calibrated: {error}")
        return
    if text := describe_thresholds(found.info, init):
        say_unless(quiet)(text)
