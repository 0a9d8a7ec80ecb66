"""`onet reconstruct`: watertight meshes from photos."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from onet_cli.commands.declare import with_options
from onet_cli.reconstruction.settings import (
    BatchSettings,
    CommandOptions,
    GeneratorSettings,
    TargetOptions,
)
from onet_cli.setting import Setting

if TYPE_CHECKING:
    from onet_cli.reconstruction.batch import PhotoResult

Photos = Annotated[
    tuple[str, ...], Setting("Photos, folders, globs, or - for stdin.", argument=True)
]


@with_options()
def reconstruct(
    photos: Photos,
    options: CommandOptions,
    settings: GeneratorSettings,
    batch: BatchSettings,
    target: TargetOptions,
) -> None:
    """Reconstruct watertight meshes from photos of single objects.

    Example: `onet reconstruct chair.png -o chair.glb --preview`
    """
    import time

    from onet_cli.commands.startup import load_trimesh_only, quick_imports

    with quick_imports():
        load_trimesh_only()

        from onet_cli.commands.report import progress_bar, say
        from onet_cli.malloc import keep_freed_memory
        from onet_cli.models.load import load_predictor
        from onet_cli.reconstruction.batch import reconstruct_all
        from onet_cli.reconstruction.describe import describe_line
        from onet_cli.reconstruction.generator import MeshGenerator
        from onet_cli.reconstruction.photos import choose_targets, find_photos
        from onet_cli.shapes.photo import read_target

    batch = replace(batch, target=read_target(target.click, target.box))
    found = find_photos(photos)
    files = choose_targets(found, options.output)
    if len(found) > 1:
        keep_freed_memory()
    model = load_predictor(options.checkpoint, options.device, gradients=settings.refine > 0)
    generator = MeshGenerator(model, settings)
    results = []
    begin = time.perf_counter()
    with progress_bar("photos", quiet=options.quiet or len(found) == 1) as advance:
        for result in reconstruct_all(generator, found, files, batch):
            results.append(result)
            advance(len(results), len(found))
            if result.error is None and not (options.quiet or options.json):
                say(describe_line(result))
    _report(results, time.perf_counter() - begin, options)


def _report(results: "list[PhotoResult]", seconds: float, options: CommandOptions) -> None:
    """Print the summary, and exit with code 1 if a photo failed."""
    import json

    from onet_cli.commands.report import show_failures
    from onet_cli.reconstruction.describe import describe_error, describe_pace, describe_record

    if options.json:
        typer.echo(json.dumps([describe_record(result) for result in results], indent=2))
    failed = [result for result in results if result.error is not None]
    if len(results) > 1 and not options.quiet:
        typer.echo(describe_pace(results, seconds), err=True)
    if len(results) == 1 and failed and failed[0].error:
        raise failed[0].error
    show_failures([(str(result.photo), describe_error(result)) for result in failed], "failed")
    if failed:
        raise typer.Exit(1)
