"""`onet train`: a data set in, a checkpoint out."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Literal

import typer

from onet_cli.commands.config_file import ConfigFile, write_options
from onet_cli.commands.options import Data, Device, Quiet, Seed
from onet_cli.commands.recipe import Recipe


def train(
    context: typer.Context,
    data: Data,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for checkpoints, logs and settings.")
    ],
    model: Annotated[
        str | None,
        typer.Option(
            help="A named model; see `onet models`. Default: that of --init, else onet-small."
        ),
    ] = None,
    encoder: Annotated[str | None, typer.Option(help="Replace the model's encoder.")] = None,
    decoder: Annotated[str | None, typer.Option(help="Replace the model's decoder.")] = None,
    code_dim: Annotated[int | None, typer.Option(min=1, help="Width of the code.")] = None,
    hidden_dim: Annotated[int | None, typer.Option(min=1, help="Width of the decoder.")] = None,
    point_dim: Annotated[int | None, typer.Option(min=1, help="Width of a point.")] = None,
    image_size: Annotated[int | None, typer.Option(min=32, help="Edge of the input image.")] = None,
    pretrained_encoder: Annotated[
        str | None,
        typer.Option(
            help="ImageNet weights for the encoder: a .pth or .safetensors file; or `imagenet`: "
            "from a package for lite0-maps, downloaded for an efficientnet."
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            help="Start from a checkpoint's weights (fine-tune): a file, a run's folder, or the "
            "name of a shipped model."
        ),
    ] = None,
    recipe: Recipe = "ours",
    max_steps: Annotated[int | None, typer.Option(min=1, help="End after this many steps.")] = None,
    max_epochs: Annotated[int | None, typer.Option(min=1, help="End after so many passes.")] = None,
    max_time: Annotated[str | None, typer.Option(help="End after 90s, 25m, 1h30m ...")] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Shapes per step.")] = 32,
    points: Annotated[
        int, typer.Option(min=1, help="Query points per sample; a chunk has 4096.")
    ] = 2048,
    sampling: Annotated[
        Literal["uniform", "balanced"], typer.Option(help="How query points are drawn.")
    ] = "uniform",
    label_smoothing: Annotated[
        float, typer.Option(min=0, max=0.49, help="How far labels are moved off 0 and 1.")
    ] = 0.0,
    near: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the query points taken near the surface."),
    ] = 0.0,
    extra: Annotated[
        Path | None,
        typer.Option(help="A second data set to train on too; validation is on DATA alone."),
    ] = None,
    extra_share: Annotated[
        float, typer.Option(min=0.01, max=0.99, help="Share of the samples taken from --extra.")
    ] = 0.5,
    augment: Annotated[
        Literal["none", "photo"], typer.Option(help="photo: vary mirroring, place and colour.")
    ] = "none",
    lr: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-3,
    encoder_lr: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="Rate of the encoder's features as a share of --lr, for ImageNet weights; below 1 "
            "their first layers are frozen.",
        ),
    ] = 1.0,
    schedule: Annotated[
        Literal["cosine", "constant"],
        typer.Option(help="cosine: warm up, then fall to 0 as the budget ends."),
    ] = "cosine",
    beta2: Annotated[float, typer.Option(help="AdamW's second decay.")] = 0.99,
    clip: Annotated[float, typer.Option(min=0, help="Bound of the gradient's norm; 0: none.")] = (
        1000.0
    ),
    weight_decay: Annotated[float, typer.Option(min=0, help="AdamW's, of matrices.")] = 0.01,
    ema: Annotated[
        float, typer.Option(min=0, max=0.99999, help="Weight averaging; 0: off.")
    ] = 0.999,
    precision: Annotated[
        Literal["32", "bf16", "16", "auto"],
        typer.Option(help="Bits of arithmetic; auto: bf16 where a few steps of it are faster."),
    ] = "32",
    compile: Annotated[  # noqa: A002  # as the option is called, in files too
        bool, typer.Option("--compile", help="Let torch.compile fuse what it can: for GPUs.")
    ] = False,
    val_every: Annotated[int, typer.Option(min=1, help="Steps between validations.")] = 200,
    mesh_every: Annotated[
        int, typer.Option(min=0, help="Steps between meshes of a few validation shapes; 0: none.")
    ] = 2000,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0, help="Loader processes; 0: in this one. Default: 1, for a GPU up to 8."
        ),
    ] = None,
    cache: Annotated[
        Literal["none", "ram", "gpu"],
        typer.Option(help="Keep all training shapes decoded in memory: no loader."),
    ] = "none",
    config: ConfigFile = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Make a few steps only; say what a run costs and sees."),
    ] = False,
    calibrate: Annotated[
        bool, typer.Option(help="Measure in the end what the network's answers are worth.")
    ] = True,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in OUTPUT.")] = False,
    device: Device = "auto",
    devices: Annotated[int, typer.Option(min=1, help="Processes, one per GPU.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines, each with --devices.")] = 1,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Train an occupancy network.

    Example: `onet train data/ -o runs/first --max-time 25m`, then
    `tensorboard --logdir runs` to watch. From the shipped model: add `--init furniture`.
    """
    from onet_cli.commands.report import notes, progress_bar, say, show_rehearsal, training_report
    from onet_cli.errors import EmptySurfaceError
    from onet_cli.files import only_writer
    from onet_cli.models.catalogue import find_model, vary_model
    from onet_cli.models.checkpoint import load_checkpoint, resolve_device
    from onet_cli.models.initialise import initialise_from
    from onet_cli.models.network import build_network, load_pretrained_encoder
    from onet_cli.training.config import Budget, TrainingConfig, parse_duration, usual_workers
    from onet_cli.training.rehearsal import rehearse
    from onet_cli.training.run import is_first_process, train_network
    from onet_cli.training.worth import calibrate_checkpoint
    from onet_cli.version import __version__

    if workers is None:
        workers = usual_workers(resolve_device(device).type, devices)
    settings = TrainingConfig(
        budget=Budget(max_steps, max_epochs, parse_duration(max_time) if max_time else None),
        batch_size=batch_size,
        points=points,
        sampling=sampling,
        near_share=near,
        label_smoothing=label_smoothing,
        extra_share=extra_share,
        augmentation=augment,
        recipe=recipe,
        rate=lr,
        encoder_rate=encoder_lr,
        schedule=schedule,
        beta2=beta2,
        clip=clip,
        weight_decay=weight_decay,
        ema_decay=ema,
        precision=precision,
        compiled=compile,
        validate_every=val_every,
        mesh_every=mesh_every,
        workers=workers,
        cache=cache,
        seed=seed,
    )
    given = load_checkpoint(init, "cpu").info.spec if init and not model else None
    spec = vary_model(
        given or find_model(model or "onet-small"),
        encoder=encoder,
        decoder=decoder,
        code_dim=code_dim,
        hidden_dim=hidden_dim,
        point_dim=point_dim,
        image_size=image_size,
    )
    network = build_network(spec, seed=seed)
    if pretrained_encoder is not None:
        load_pretrained_encoder(network, pretrained_encoder)
    if init is not None and not resume:
        transfer = initialise_from(network, init)
        if not quiet:
            notes.print(f"{init}: {transfer}")
    if dry_run:
        picture = output / "batch.png"
        show_rehearsal(
            network.spec,
            rehearse(data, network, settings, picture, extra=extra, device=device),
            picture,
        )
        return
    alone = only_writer(output) if is_first_process() else nullcontext()
    with alone, training_report(quiet) as listen:
        result = train_network(
            data,
            output,
            network,
            settings,
            extra=extra,
            device=device,
            devices=devices,
            nodes=nodes,
            resume=resume,
            trained=init is not None,
            listen=listen,
            started=lambda: write_options(
                output / "config.toml", context.params, f"onet {__version__}: onet train --config"
            ),
            note=lambda text: None if quiet else notes.print(text),
        )
    if not quiet:
        notes.print(
            f"{result.steps} steps in {result.seconds:.0f} s, best IoU {result.best_iou:.3f}"
        )
    if calibrate and is_first_process():
        try:
            with progress_bar("calibrating", quiet) as advance:
                calibrate_checkpoint(
                    result.checkpoint,
                    [data, *([] if extra is None else [extra])],
                    device=device,
                    progress=lambda stage, done, total: advance(done, total),
                )
        except EmptySurfaceError as error:
            notes.print(f"not calibrated: {error}")
    say(result.checkpoint)
