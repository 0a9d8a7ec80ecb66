"""`onet reconstruct`: watertight meshes from photos."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from onet_cli.commands.declare import with_options
from onet_cli.reconstruction.settings import (
    BatchSettings,
    CommandOptions,
    FolderOptions,
    GeneratorSettings,
    TargetOptions,
)
from onet_cli.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onet_cli.reconstruction.folder import PhotoRecord

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
    folder: FolderOptions,
) -> None:
    """Reconstruct watertight meshes from photos of single objects.

    Example: `onet reconstruct chair.png -o chair.glb --preview`
    """
    import time

    from onet_cli.commands.report import progress_bar, say, status_line
    from onet_cli.commands.startup import load_trimesh_only, quick_imports

    with quick_imports(), status_line("loading the network ...", options.quiet):
        load_trimesh_only()

        from onet_cli.execution.work import Place
        from onet_cli.reconstruction.folder import (
            FolderWork,
            PhotoJob,
            reconstruct_folder,
            usual_workers,
        )
        from onet_cli.reconstruction.photos import choose_targets, find_photos
        from onet_cli.reconstruction.recorded import recorded
        from onet_cli.shapes.photo import read_target

    batch = replace(batch, target=read_target(target.click, target.box))
    found = find_photos(photos)
    jobs = list(map(PhotoJob, found, choose_targets(found, options.output)))
    work = FolderWork(options.checkpoint, options.device, settings, batch)

    def run(rest: "Sequence[PhotoJob]") -> "Iterator[PhotoRecord]":
        workers = folder.workers
        if workers is None:
            workers = 0 if folder.cluster else usual_workers(work, len(rest))
        return reconstruct_folder(work, rest, Place(workers, folder.cluster))

    results = []
    begin = time.perf_counter()
    single = len(found) == 1
    with (
        status_line(f"reconstructing {found[0]} ...", options.quiet or not single) as erase,
        progress_bar("photos", quiet=options.quiet or single, rate=True) as advance,
    ):
        for done, total, result in recorded(run, work, jobs, folder):
            results.append(result)
            advance(done, total)
            erase()
            if result.error is None and not (options.quiet or options.json):
                say(result.line)
    places = {job: number for number, job in enumerate(jobs)}
    results.sort(key=lambda result: places[result.job])
    _report(results, time.perf_counter() - begin, options)


def _report(results: "Sequence[PhotoRecord]", seconds: float, options: CommandOptions) -> None:
    """Print the summary, and exit with code 1 if a photo failed."""
    import json

    from onet_cli.commands.report import show_failures
    from onet_cli.reconstruction.describe import describe_error, describe_pace

    if options.json:
        typer.echo(json.dumps([result.record for result in results], indent=2))
    failed = [result for result in results if result.error is not None]
    if len(results) > 1 and not options.quiet:
        typer.echo(describe_pace(results, seconds), err=True)
    if len(results) == 1 and failed and failed[0].error:
        raise failed[0].error
    show_failures([(str(result.job.photo), describe_error(result)) for result in failed], "failed")
    if failed:
        raise typer.Exit(1)
