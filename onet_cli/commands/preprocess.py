"""`onet preprocess`: a source of shapes in, a data set out."""

from pathlib import Path
from typing import Annotated

import typer

from onet_cli.commands.options import Quiet, Seed, Workers


def preprocess(
    source: Annotated[
        str,
        typer.Argument(
            help="The official zip, its extracted folder, noisypixel's hdf_data, or `procedural`.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(help="Folder of the data set.", show_default=False)],
    count: Annotated[int, typer.Option(min=1, help="Shapes to generate (procedural).")] = 1000,
    views: Annotated[int, typer.Option(min=1, help="Rendered views (procedural).")] = 24,
    image_size: Annotated[int, typer.Option(min=16, help="Edge of a view (procedural).")] = 137,
    points: Annotated[int, typer.Option(min=8, help="Sampled points (procedural).")] = 100_000,
    split: Annotated[
        str,
        typer.Option(
            help="Shares of train, val and test, where the source has no split of its own."
        ),
    ] = "0.7,0.1,0.2",
    limit: Annotated[int | None, typer.Option(min=1, help="Take so many shapes only.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Convert again what is already there.")
    ] = False,
    workers: Workers = None,
    seed: Seed = 0,
    quiet: Quiet = False,
) -> None:
    """Convert a source of shapes into a data set to train and evaluate on.

    Stopped at any moment and run again, it does only the missing work.

    Example: `onet preprocess procedural data/ --count 1000`
    """
    import os

    from onet_cli.commands.report import progress_bar, show_failures
    from onet_cli.preprocessing.options import PreprocessOptions, parse_split
    from onet_cli.preprocessing.pipeline import preprocess as run_pipeline
    from onet_cli.preprocessing.sources.resolve import open_source

    options = PreprocessOptions(
        workers=(os.cpu_count() or 1) if workers is None else workers,
        views=views,
        image_size=image_size,
        points=points,
        count=count,
        limit=limit,
        overwrite=overwrite,
        seed=seed,
        split=parse_split(split),
    )
    with progress_bar("shapes", quiet) as advance:
        result = run_pipeline(open_source(source, options), out, options, advance)
    if not quiet:
        typer.echo(
            f"{out}: {result.kept} shapes written, {result.already} already there, "
            f"{len(result.skipped)} skipped"
        )
    show_failures([(str(shape), reason) for shape, reason in result.skipped], "skipped")
    if result.skipped:
        raise typer.Exit(1)
