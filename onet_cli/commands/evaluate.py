"""`onet evaluate`: a data set and a checkpoint in, a table of scores out."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from onet_cli.commands.options import Device, Quiet, Seed, Workers

if TYPE_CHECKING:
    from onet_cli.evaluation.baselines import Baseline
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
        Path | None,
        typer.Option("--output", "-o", help="Write the scores (of --compare: a page) here."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with charts and meshes to this .html file.")
    ] = None,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="Write the codes of the views to this .npz file instead of scoring."),
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
    if compare is not None:
        _compare(*compare, output)
        return
    if data is None or sum(choice is not None for choice in (checkpoint, predictions)) > 1:
        raise typer.BadParameter("give DATA and one of --checkpoint and --predictions")
    import os

    from onet_cli.evaluation.protocol import Protocol
    from onet_cli.evaluation.settings import EvaluationSettings, parse_view

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
    if embeddings is not None:
        if checkpoint is None or any((baseline, output, report)):
            raise typer.BadParameter("--embeddings takes --checkpoint, and scores nothing")
        _embed(embeddings, data, checkpoint, device, settings, quiet)
        return
    method = _method(data, checkpoint, predictions, baseline, device, settings, meshes)
    outputs = _Outputs(form, output, report, reference is not None, quiet)
    _evaluate(data, method, settings, outputs)


@dataclass(frozen=True)
class _Outputs:
    """Where the scores go and how they look."""

    form: str | None
    output: Path | None
    report: Path | None
    reference: bool
    quiet: bool


def _method(
    data: Path,
    checkpoint: str | None,
    predictions: Path | None,
    baseline: "Baseline | None",
    device: str,
    settings: "EvaluationSettings",
    meshes: Path | None,
) -> "Method":
    from onet_cli.evaluation.baselines import BaselineMethod
    from onet_cli.evaluation.methods import CheckpointMethod, FolderMethod

    if baseline is not None:
        return BaselineMethod(baseline, data, checkpoint, device)
    if predictions is not None:
        return FolderMethod(predictions)
    if checkpoint is not None:
        threshold = settings.protocol.rules.threshold
        return CheckpointMethod(checkpoint, device, settings.resolution, threshold, meshes)
    raise typer.BadParameter("give --checkpoint, --predictions or --baseline")


def _evaluate(
    data: Path, method: "Method", settings: "EvaluationSettings", outputs: _Outputs
) -> None:
    from onet_cli.commands.report import output as stdout
    from onet_cli.commands.report import progress_bar, show_failures, show_table
    from onet_cli.evaluation import rows
    from onet_cli.evaluation.html.write import check_page, write_report
    from onet_cli.evaluation.report import choose_format, render
    from onet_cli.evaluation.run import evaluate_method
    from onet_cli.files import write_text

    form, output = choose_format(outputs.form, outputs.output), outputs.output
    if outputs.report is not None:
        check_page(outputs.report)
    with progress_bar("objects", outputs.quiet) as advance:
        table = evaluate_method(data, method, settings, output, advance)
    if output is not None:
        write_text(output, render(table, form, outputs.reference))
    if outputs.report is not None:
        with progress_bar("report", outputs.quiet) as advance:
            write_report(outputs.report, data, method, table, advance)
    if output is None and form != "table":
        typer.echo(render(table, form, outputs.reference), nl=False)
    elif output is None or not outputs.quiet:
        cells = rows.table_cells(table, outputs.reference)
        show_table(rows.table_title(table), rows.HEADER, cells)
        for note in rows.table_notes(table):
            stdout.print(note, soft_wrap=True)
    show_failures(table.unscored, "objects without a score")
    if table.unscored:
        raise typer.Exit(1)


def _embed(
    path: Path,
    data: Path,
    checkpoint: str,
    device: str,
    settings: "EvaluationSettings",
    quiet: bool,
) -> None:
    from onet_cli.commands.report import progress_bar, show_failures
    from onet_cli.evaluation.embeddings import describe, write_embeddings

    with progress_bar("views", quiet) as advance:
        found = write_embeddings(path, data, checkpoint, device, settings, advance)
    if not quiet:
        typer.echo(f"{path}: {describe(found)}")
    show_failures(found.unread, "views that cannot be read")
    if found.unread:
        raise typer.Exit(1)


def _compare(first: Path, second: Path, page: Path | None) -> None:
    from onet_cli.commands.report import notes, show_table
    from onet_cli.evaluation.compare import compare_tables
    from onet_cli.evaluation.html.write import check_page, write_comparison
    from onet_cli.evaluation.report import read_json
    from onet_cli.evaluation.rows import COMPARISON_HEADER, comparison_cells

    if page is not None:
        check_page(page)
    tables = read_json(first), read_json(second)
    comparison = compare_tables(*tables)
    for warning in comparison.warnings:
        notes.print(f"warning: {warning}")
    title = f"{second} minus {first}, paired by object"
    show_table(title, COMPARISON_HEADER, comparison_cells(comparison))
    if page is not None:
        write_comparison(page, tables, comparison, (first.name, second.name))
