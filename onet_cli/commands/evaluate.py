"""`onet evaluate`: a data set and a checkpoint in, a table of scores out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from onet_cli.commands.options import Device, Quiet, Seed, Workers

if TYPE_CHECKING:
    from onet_cli.evaluation.methods import Method
    from onet_cli.evaluation.settings import EvaluationSettings


def evaluate(
    data: Annotated[
        Path | None,
        typer.Argument(help="A data set written by `onet preprocess`.", show_default=False),
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            "-c",
            help="A .safetensors file, a run's folder, the original's .pt, or a shipped model.",
        ),
    ] = None,
    predictions: Annotated[
        Path | None,
        typer.Option(help="Score the meshes in this folder (CATEGORY/NAME.obj) instead."),
    ] = None,
    baseline: Annotated[
        Literal["oracle", "oracle-category", "retrieval", "category-mean"] | None,
        typer.Option(help="Score the closest training shapes, or their mean, instead."),
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Compare two JSON outputs of this command, object by object."),
    ] = None,
    split: Annotated[str, typer.Option(help="The list of shapes: train, val or test.")] = "test",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Score so many objects, spread over the categories.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(help="Score this category, by id or name; repeatable.")
    ] = None,
    view: Annotated[str, typer.Option(help="Number of the view, random, or all.")] = "0",
    protocol: Annotated[
        Literal["strict", "paper"],
        typer.Option(help="strict: every failure counts; paper: as the authors measured."),
    ] = "strict",
    form: Annotated[
        Literal["table", "json", "csv", "markdown", "latex"] | None,
        typer.Option("--format", help="Default: by the suffix of --output, else table."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the scores to this file.")
    ] = None,
    reference: Annotated[
        Literal["paper"] | None, typer.Option(help="Show the published figures beside ours.")
    ] = None,
    meshes: Annotated[
        Path | None, typer.Option(help="Keep the meshes in this folder, and use those there.")
    ] = None,
    resolution: Annotated[int, typer.Option(help="Cells per side of the final grid.")] = 128,
    workers: Workers = None,
    device: Device = "auto",
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Measure a checkpoint: IoU, Chamfer-L1, normal consistency and F-score of its meshes.

    Example: `onet evaluate data/ --checkpoint runs/first/best.safetensors --output scores.json`
    """
    import os

    from onet_cli.evaluation.baselines import BaselineMethod
    from onet_cli.evaluation.methods import CheckpointMethod, FolderMethod
    from onet_cli.evaluation.protocol import Protocol
    from onet_cli.evaluation.settings import EvaluationSettings, parse_view

    if compare is not None:
        _compare(*compare)
        return
    if data is None or sum(choice is not None for choice in (checkpoint, predictions)) > 1:
        raise typer.BadParameter("give DATA and one of --checkpoint and --predictions")
    settings = EvaluationSettings(
        protocol=Protocol(protocol),
        split=split,
        categories=tuple(category or ()),
        limit=limit,
        view=parse_view(view),
        resolution=resolution,
        seed=seed,
        workers=(os.cpu_count() or 1) if workers is None else workers,
    )
    method: Method
    if baseline is not None:
        method = BaselineMethod(baseline, data, checkpoint, device)
    elif predictions is not None:
        method = FolderMethod(predictions)
    elif checkpoint is not None:
        threshold = settings.protocol.rules.threshold
        method = CheckpointMethod(checkpoint, device, resolution, threshold, meshes)
    else:
        raise typer.BadParameter("give --checkpoint, --predictions or --baseline")
    _evaluate(data, method, settings, form, output, reference is not None, quiet)


def _evaluate(
    data: Path,
    method: "Method",
    settings: "EvaluationSettings",
    form: str | None,
    output: Path | None,
    reference: bool,
    quiet: bool,
) -> None:
    from onet_cli.commands.report import output as stdout
    from onet_cli.commands.report import progress_bar, show_failures, show_table
    from onet_cli.evaluation import rows
    from onet_cli.evaluation.report import choose_format, render
    from onet_cli.evaluation.run import evaluate_method
    from onet_cli.files import write_text

    chosen = choose_format(form, output)
    with progress_bar("objects", quiet) as advance:
        table = evaluate_method(data, method, settings, output, advance)
    if output is not None:
        write_text(output, render(table, chosen, reference))
    if output is None and chosen != "table":
        typer.echo(render(table, chosen, reference), nl=False)
    elif output is None or not quiet:
        show_table(rows.table_title(table), rows.HEADER, rows.table_cells(table, reference))
        for note in rows.table_notes(table):
            stdout.print(note, soft_wrap=True)
    show_failures(table.unscored, "objects without a score")
    if table.unscored:
        raise typer.Exit(1)


def _compare(first: Path, second: Path) -> None:
    from onet_cli.commands.report import notes, show_table
    from onet_cli.evaluation.compare import compare_tables
    from onet_cli.evaluation.report import read_json
    from onet_cli.evaluation.rows import COMPARISON_HEADER, comparison_cells

    comparison = compare_tables(read_json(first), read_json(second))
    for warning in comparison.warnings:
        notes.print(f"warning: {warning}")
    title = f"{second} minus {first}, paired by object"
    show_table(title, COMPARISON_HEADER, comparison_cells(comparison))
