"""`onet evaluate`: a data set and a checkpoint in, a table of scores out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from onet_cli.commands import evaluate_options as options
from onet_cli.commands.options import Device, Quiet, Seed

if TYPE_CHECKING:
    from onet_cli.evaluation.methods import Method
    from onet_cli.evaluation.settings import EvaluationSettings
    from onet_cli.evaluation.table import EvaluationTable
    from onet_cli.shapes.shape import ShapeId
    from onet_cli.shapes.store import ShapeStore


def evaluate(
    data: options.Data = None,
    checkpoint: options.Checkpoint = None,
    predictions: options.Predictions = None,
    baseline: options.Baseline = None,
    compare: options.Compare = None,
    split: options.Split = "test",
    limit: options.Limit = None,
    category: options.Category = None,
    view: options.View = "0",
    protocol: options.Protocol = "strict",
    align: options.Align = "none",
    form: options.Format = None,
    output: options.Output = None,
    report: options.Report = None,
    embeddings: options.Embeddings = None,
    reference: options.Reference = None,
    meshes: options.Meshes = None,
    resolution: options.Resolution = 128,
    workers: options.Workers = None,
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
    source = _Source(data, checkpoint, predictions, baseline, device, meshes)
    from onet_cli.evaluation.pool import usual_workers
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
        # Meshes from a folder need no network, and so no device.
        workers=usual_workers("cpu" if predictions else device) if workers is None else workers,
        align=align,
    )
    if embeddings is not None:
        if any((predictions, baseline, output, report)):
            raise typer.BadParameter("--embeddings takes --checkpoint, and scores nothing")
        _embed(embeddings, source, settings, quiet)
        return
    outputs = _Outputs(form, output, report, reference is not None, quiet)
    _evaluate(source, settings, outputs)


@dataclass(frozen=True)
class _Source:
    """What is measured, and on which data."""

    given: Path | None
    checkpoint: str | None
    predictions: Path | None
    baseline: options.BaselineName | None
    device: str
    meshes: Path | None

    @property
    def data(self) -> Path:
        if self.given is None:
            raise typer.BadParameter("give DATA: a data set written by `onet preprocess`")
        return self.given

    def method(self, settings: "EvaluationSettings") -> "Method":
        from onet_cli.evaluation.baselines import BaselineMethod
        from onet_cli.evaluation.methods import CheckpointMethod, FolderMethod

        self._check()
        if self.baseline is not None:
            return BaselineMethod(self.baseline, self.data, self.checkpoint, self.device)
        if self.predictions is not None:
            return FolderMethod(self.predictions)
        assert self.checkpoint is not None
        rules = settings.protocol.rules
        place = self.checkpoint, self.device, settings.resolution
        return CheckpointMethod(*place, rules.threshold, self.meshes, rules.joins)

    def _check(self) -> None:
        if self.predictions is not None and (self.checkpoint or self.baseline):
            raise typer.BadParameter("--predictions are meshes: no --checkpoint, no --baseline")
        if not (self.checkpoint or self.predictions or self.baseline):
            raise typer.BadParameter("say what to measure: --checkpoint, --predictions, --baseline")
        if self.meshes is not None and (self.checkpoint is None or self.baseline):
            raise typer.BadParameter("--meshes keeps those of a --checkpoint")


@dataclass(frozen=True)
class _Outputs:
    """Where the scores go and how they look."""

    form: str | None
    output: Path | None
    report: Path | None
    reference: bool
    quiet: bool


def _evaluate(source: _Source, settings: "EvaluationSettings", outputs: _Outputs) -> None:
    from onet_cli.commands.report import progress_bar, show_failures
    from onet_cli.evaluation.html.write import check_page, write_report
    from onet_cli.evaluation.report import choose_format, render
    from onet_cli.evaluation.run import evaluate_method
    from onet_cli.files import write_text

    method, output = source.method(settings), outputs.output
    form = choose_format(outputs.form, output)
    if outputs.report is not None:
        check_page(outputs.report)
    check = partial(_check_shapes, method, settings, outputs)
    with progress_bar("objects", outputs.quiet) as advance:
        table = evaluate_method(source.data, method, settings, output, advance, check)
    if output is not None:
        write_text(output, render(table, form, outputs.reference))
    if outputs.report is not None:
        with progress_bar("report", outputs.quiet) as advance:
            write_report(outputs.report, source.data, method, table, advance)
    if output is None and form != "table":
        typer.echo(render(table, form, outputs.reference), nl=False)
    elif output is None or not outputs.quiet:
        _show(table, outputs.reference)
    show_failures(table.unscored, "objects without a score")
    if table.unscored:
        raise typer.Exit(1)


def _check_shapes(
    method: "Method",
    settings: "EvaluationSettings",
    outputs: _Outputs,
    store: "ShapeStore",
    ids: "Sequence[ShapeId]",
) -> None:
    """Refuse what would fail only after hours, and say what speaks against the scores."""
    from onet_cli.commands.report import notes
    from onet_cli.evaluation.literature import check_comparable
    from onet_cli.evaluation.selection import category_names, untrained

    if outputs.reference:
        check_comparable(settings.protocol, (shape_id.category for shape_id in ids))
    strange = untrained(ids, category_names(store), method.facts().categories)
    if strange and not outputs.quiet:
        notes.print(
            f"note: the checkpoint was not trained on: {', '.join(strange)}", soft_wrap=True
        )


def _show(table: "EvaluationTable", reference: bool) -> None:
    from onet_cli.commands.report import output, show_table
    from onet_cli.evaluation import rows

    show_table(rows.table_title(table), rows.HEADER, rows.table_cells(table, reference))
    if extended := rows.extended_cells(table):
        show_table("", rows.EXTENDED_HEADER, extended)
    for note in rows.table_notes(table):
        output.print(note, soft_wrap=True)


def _embed(path: Path, source: _Source, settings: "EvaluationSettings", quiet: bool) -> None:
    from onet_cli.commands.report import progress_bar, say, show_failures
    from onet_cli.evaluation.embeddings import describe, write_embeddings

    if source.checkpoint is None:
        raise typer.BadParameter("--embeddings takes --checkpoint, and scores nothing")
    with progress_bar("views", quiet) as advance:
        found = write_embeddings(
            path, source.data, source.checkpoint, source.device, settings, advance
        )
    if not quiet:
        say(f"{path}: {describe(found)}")
    show_failures(found.unread, "views that cannot be read")
    if found.unread:
        raise typer.Exit(1)


def _compare(first: Path, second: Path, page: Path | None) -> None:
    from onet_cli.commands.report import notes, show_table
    from onet_cli.commands.report import output as stdout
    from onet_cli.evaluation.compare import compare_tables
    from onet_cli.evaluation.html.write import check_page, write_comparison
    from onet_cli.evaluation.report import read_json
    from onet_cli.evaluation.rows import (
        COMPARISON_HEADER,
        comparison_cells,
        comparison_title,
        comparison_verdict,
    )

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
