"""`onet train`: a data set in, a checkpoint out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from onet_cli.commands.options import Data, Device, Quiet, Seed


def train(
    data: Data,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for checkpoints, logs and settings.")
    ],
    model: Annotated[str, typer.Option(help="A named model; see `onet models`.")] = "onet-small",
    encoder: Annotated[str | None, typer.Option(help="Replace the model's encoder.")] = None,
    decoder: Annotated[str | None, typer.Option(help="Replace the model's decoder.")] = None,
    code_dim: Annotated[int | None, typer.Option(min=1, help="Width of the code.")] = None,
    hidden_dim: Annotated[int | None, typer.Option(min=1, help="Width of the decoder.")] = None,
    point_dim: Annotated[int | None, typer.Option(min=1, help="Width of a point.")] = None,
    image_size: Annotated[int | None, typer.Option(min=32, help="Edge of the input image.")] = None,
    pretrained_encoder: Annotated[
        str | None,
        typer.Option(
            help="ImageNet weights for the encoder: a .pth or .safetensors file, or `imagenet` to "
            "download those of an efficientnet."
        ),
    ] = None,
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
    augment: Annotated[
        Literal["none", "photo"], typer.Option(help="photo: vary mirroring, place and colour.")
    ] = "none",
    lr: Annotated[float, typer.Option(help="Peak learning rate.")] = 1e-3,
    ema: Annotated[
        float, typer.Option(min=0, max=0.99999, help="Weight averaging; 0: off.")
    ] = 0.999,
    precision: Annotated[
        Literal["32", "bf16", "16"], typer.Option(help="Bits of arithmetic.")
    ] = "32",
    val_every: Annotated[int, typer.Option(min=1, help="Steps between validations.")] = 200,
    workers: Annotated[int, typer.Option(min=0, help="Loader processes; 0: in this one.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in OUTPUT.")] = False,
    device: Device = "auto",
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Train an occupancy network.

    Example: `onet train data/ -o runs/first --max-time 25m`, then
    `tensorboard --logdir runs` to watch.
    """
    from onet_cli.commands.report import notes, training_report
    from onet_cli.models.catalogue import vary_model
    from onet_cli.models.network import build_network, load_pretrained_encoder
    from onet_cli.training.config import Budget, TrainingConfig, parse_duration
    from onet_cli.training.run import train_network

    config = TrainingConfig(
        budget=Budget(max_steps, max_epochs, parse_duration(max_time) if max_time else None),
        batch_size=batch_size,
        points=points,
        sampling=sampling,
        augmentation=augment,
        rate=lr,
        ema_decay=ema,
        precision=precision,
        validate_every=val_every,
        workers=workers,
        seed=seed,
    )
    spec = vary_model(
        model,
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
    with training_report(quiet) as listen:
        result = train_network(
            data, output, network, config, device=device, resume=resume, listen=listen
        )
    if not quiet:
        notes.print(
            f"{result.steps} steps in {result.seconds:.0f} s, best IoU {result.best_iou:.3f}"
        )
    typer.echo(result.checkpoint)
