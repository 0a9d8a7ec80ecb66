"""`onet evaluate`: scores of a checkpoint on a data set."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from onet_cli.commands.declare import with_options
from onet_cli.evaluation.settings import (
    METHOD,
    EvaluationSettings,
    MethodOptions,
    OutputOptions,
)
from onet_cli.options import DATA, Quiet
from onet_cli.setting import Setting

if TYPE_CHECKING:
    from onet_cli.evaluation.methods import Method
    from onet_cli.evaluation.table import EvaluationTable
    from onet_cli.execution.shards import Shard
    from onet_cli.shapes.shape import ShapeId
    from onet_cli.shapes.store import ShapeStore

Compare = Annotated[
    tuple[Path, Path] | None,
    Setting("Compare two JSON results by object.", METHOD, metavar="A B"),
]


@with_options()
def evaluate(
    context: typer.Context,
    method: MethodOptions,
    settings: EvaluationSettings,
    outputs: OutputOptions,
    data: Annotated[Path | None, DATA] = None,
    compare: Compare = None,
    quiet: Quiet = False,
) -> None:
    """Evaluate a checkpoint: IoU, Chamfer-L1, normal consistency and F-score of its meshes.

    Example: `onet evaluate data/ --checkpoint runs/first/best.safetensors --output scores.json`
    """
    if compare is not None:
        _compare(*compare, outputs.output)
        return
    _check_method(method)
    if data is None:
        raise typer.BadParameter("give DATA: a data set written by `onet preprocess`")
    from onet_cli.commands.report import LOADING, status_line

    with status_line(LOADING, quiet):
        from onet_cli.evaluation.pool import usual_workers

    if context.params["workers"] is None:
        # Meshes from a folder need no network, so their device is the CPU.
        place = "cpu" if method.predictions else method.device
        settings = replace(settings, workers=usual_workers(place))
    if outputs.embeddings is not None:
        if any((method.predictions, method.baseline, outputs.output, outputs.report)):
            raise typer.BadParameter(
                "--embeddings needs --checkpoint, and cannot be combined with scoring options"
            )
        _embed(outputs.embeddings, data, method, settings, quiet)
        return
    _evaluate(data, _method(data, method, settings), settings, outputs, quiet)


def _method(data: Path, options: MethodOptions, settings: EvaluationSettings) -> "Method":
    """Return the method to evaluate."""
    from onet_cli.evaluation.baselines import BaselineMethod
    from onet_cli.evaluation.methods import CheckpointMethod, FolderMethod

    if options.baseline is not None:
        return BaselineMethod(options.baseline, data, options.checkpoint, options.device)
    if options.predictions is not None:
        return FolderMethod(options.predictions)
    assert options.checkpoint is not None
    rules = settings.protocol.rules
    place = options.checkpoint, options.device, settings.resolution
    return CheckpointMethod(*place, rules.threshold, options.meshes, rules.joins)


def _check_method(options: MethodOptions) -> None:
    if options.predictions is not None and (options.checkpoint or options.baseline):
        raise typer.BadParameter("--predictions excludes --checkpoint and --baseline")
    if not (options.checkpoint or options.predictions or options.baseline):
        raise typer.BadParameter("give one of --checkpoint, --predictions and --baseline")
    if options.meshes is not None and (options.checkpoint is None or options.baseline):
        raise typer.BadParameter("--meshes needs --checkpoint, without --baseline")


def _evaluate(
    data: Path,
    method: "Method",
    settings: EvaluationSettings,
    outputs: OutputOptions,
    quiet: bool,
) -> None:
    from onet_cli.commands.report import progress_bar, show_failures
    from onet_cli.evaluation.html.write import check_page, write_report
    from onet_cli.evaluation.report import choose_format, render
    from onet_cli.evaluation.run import evaluate_method
    from onet_cli.execution.shards import remove_shards_beside
    from onet_cli.files import write_text

    output, reference = outputs.output, outputs.reference is not None
    form = choose_format(outputs.format, output)
    if outputs.report is not None:
        check_page(outputs.report)
    check = partial(_check_shapes, method, settings, reference, quiet)
    with progress_bar("objects", quiet) as advance:
        table = evaluate_method(data, method, settings, output, advance, check)
    if settings.shard is not None:
        _end_shard(table, settings.shard, quiet)
        return
    if output is not None:
        write_text(output, render(table, form, reference))
        if settings.merge:
            remove_shards_beside(output)
    if outputs.report is not None:
        with progress_bar("report", quiet) as advance:
            write_report(outputs.report, data, method, table, advance)
    if output is None and form != "table":
        typer.echo(render(table, form, reference), nl=False)
    elif output is None or not quiet:
        _show(table, reference)
    show_failures(table.unscored, "objects without a score")
    if table.unscored:
        raise typer.Exit(1)


def _end_shard(table: "EvaluationTable", shard: "Shard", quiet: bool) -> None:
    from onet_cli.commands.report import say, show_failures

    if not quiet:
        say(f"shard {shard.index}/{shard.count}: {len(table.objects)} objects scored")
    show_failures(table.unscored, "objects without a score")
    if table.unscored:
        raise typer.Exit(1)


def _check_shapes(
    method: "Method",
    settings: EvaluationSettings,
    reference: bool,
    quiet: bool,
    store: "ShapeStore",
    ids: "Sequence[ShapeId]",
) -> None:
    """Raise early on invalid settings, and note what the checkpoint was not trained on."""
    from onet_cli.commands.consoles import notes
    from onet_cli.evaluation.literature import check_comparable
    from onet_cli.evaluation.selection import category_names, untrained

    if reference:
        check_comparable(settings.protocol, (shape_id.category for shape_id in ids))
    if quiet:
        return
    facts, shown = method.facts(), store.info.exposure()  # hashes the checkpoint's file
    if unseen := untrained(ids, category_names(store), facts.categories):
        notes.print(f"note: the checkpoint was not trained on: {', '.join(unseen)}", soft_wrap=True)
    if facts.exposure not in (None, shown):
        text = f"note: the views have an exposure of {shown:g}"
        text += f", the training images had {facts.exposure:g}"
        notes.print(text, soft_wrap=True)


def _show(table: "EvaluationTable", reference: bool) -> None:
    from onet_cli.commands.consoles import output
    from onet_cli.commands.report import show_table
    from onet_cli.evaluation import cells

    show_table(cells.table_title(table), cells.HEADER, cells.table_cells(table, reference))
    if extended := cells.extended_cells(table):
        show_table("", cells.EXTENDED_HEADER, extended)
    for note in cells.table_notes(table):
        output.print(note, soft_wrap=True)


def _embed(
    path: Path, data: Path, method: MethodOptions, settings: EvaluationSettings, quiet: bool
) -> None:
    from onet_cli.commands.report import progress_bar, say, show_failures
    from onet_cli.evaluation.embeddings import describe, write_embeddings

    if method.checkpoint is None:
        raise typer.BadParameter(
            "--embeddings needs --checkpoint, and cannot be combined with scoring options"
        )
    with progress_bar("views", quiet) as advance:
        found = write_embeddings(path, data, method.checkpoint, method.device, settings, advance)
    if not quiet:
        say(f"{path}: {describe(found)}")
    show_failures(found.unread, "views that cannot be read")
    if found.unread:
        raise typer.Exit(1)


def _compare(first: Path, second: Path, page: Path | None) -> None:
    from onet_cli.commands.consoles import notes
    from onet_cli.commands.consoles import output as stdout
    from onet_cli.commands.report import show_table
    from onet_cli.evaluation.cells import (
        COMPARISON_HEADER,
        comparison_cells,
        comparison_title,
        comparison_verdict,
    )
    from onet_cli.evaluation.compare import compare_tables
    from onet_cli.evaluation.html.write import check_page, write_comparison
    from onet_cli.evaluation.report import read_json

    if page is not None:
        check_page(page)
    tables = read_json(first), read_json(second)
    comparison = compare_tables(*tables)
    for warning in comparison.warnings:
        notes.print(f"warning: {warning}")
    title = comparison_title(comparison, str(first), str(second))
    show_table(title, COMPARISON_HEADER, comparison_cells(comparison))
    if verdict := comparison_verdict(comparison):
        stdout.print(verdict, soft_wrap=True)
    if page is not None:
        write_comparison(page, tables, comparison, (first.name, second.name))
