"""`onet evaluate`: a data set and a checkpoint in, a table of scores out."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from onet_cli.commands.options import Checkpoint, Data, Device, Quiet, Seed


def evaluate(
    data: Data,
    checkpoint: Checkpoint,
    split: Annotated[str, typer.Option(help="The list of shapes: train, val or test.")] = "test",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Score so many objects, spread over the categories.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="Score this category, by id or name; repeatable.")
    ] = None,
    view: Annotated[int, typer.Option(min=0, help="Number of the view to reconstruct.")] = 0,
    protocol: Annotated[
        Literal["strict", "paper"],
        typer.Option(help="strict: every failure counts; paper: as the authors measured."),
    ] = "strict",
    form: Annotated[
        Literal["table", "json", "csv", "markdown"] | None,
        typer.Option("--format", help="Default: by the suffix of --output, else table."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the scores to this file.")
    ] = None,
    resolution: Annotated[int, typer.Option(help="Cells per side of the final grid.")] = 128,
    device: Device = "auto",
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Measure a checkpoint: IoU, Chamfer-L1, normal consistency and F-score of its meshes.

    Example: `onet evaluate data/ --checkpoint runs/first/best.safetensors --output scores.json`
    """
    from onet_cli.commands.report import progress_bar, show_failures, show_table
    from onet_cli.evaluation.protocol import Protocol
    from onet_cli.evaluation.report import HEADER, choose_format, render, table_cells, table_title
    from onet_cli.evaluation.run import evaluate_checkpoint
    from onet_cli.evaluation.settings import EvaluationSettings
    from onet_cli.files import write_text

    chosen = choose_format(form, output)
    settings = EvaluationSettings(
        protocol=Protocol(protocol),
        split=split,
        categories=tuple(category or ()),
        limit=limit,
        view=view,
        resolution=resolution,
        seed=seed,
    )
    with progress_bar("objects", quiet) as advance:
        table = evaluate_checkpoint(data, checkpoint, settings, device, advance)
    if output is not None:
        write_text(output, render(table, chosen))
    if output is None and chosen != "table":
        typer.echo(render(table, chosen), nl=False)
    elif output is None or not quiet:
        show_table(table_title(table), HEADER, table_cells(table))
    show_failures(table.unscored, "objects without a score")
    if table.unscored:
        raise typer.Exit(1)
