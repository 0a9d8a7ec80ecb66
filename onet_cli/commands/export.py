"""`onet export`: convert checkpoints and meshes to other formats."""

from pathlib import Path
from typing import Annotated

import typer

from onet_cli.commands.declare import with_options
from onet_cli.exporting.options import ExportOptions
from onet_cli.options import CHECKPOINT, Quiet
from onet_cli.setting import Setting

Source = Annotated[
    str,
    Setting(
        "Checkpoint, name of a shipped model, mesh, or folder of meshes with --to.",
        argument=True,
        complete=CHECKPOINT.complete,
    ),
]
Target = Annotated[
    Path,
    Setting(
        "File; its suffix selects the format. Checkpoint: .onnx .pt2 .safetensors; "
        "mesh: .obj .ply .stl .glb .3mf .off, or voxels .npz .binvox. A folder with --to.",
        argument=True,
    ),
]


@with_options()
def export(source: Source, target: Target, options: ExportOptions, quiet: Quiet = False) -> None:
    """Convert a checkpoint for other runtimes, or a mesh to another format or to voxels.

    Examples: `onet export furniture furniture.onnx`,
    `onet export furniture page/ --to web`, `onet export chair.obj chair.stl --faces 5000`,
    `onet export meshes/ out/ --to stl`
    """
    if options.to is not None and options.to != "web":
        _export_folder(Path(source), target, options, quiet)
        return
    from onet_cli.commands.report import LOADING, say, say_unless, status_line

    with status_line(LOADING, quiet):
        from onet_cli.exporting.export import export as run_export

    lines = run_export(source, target, options, say_unless(quiet))
    if not quiet:
        for line in lines:
            say(line)


def _export_folder(source: Path, target: Path, options: ExportOptions, quiet: bool) -> None:
    """Export each mesh below `source`; exit with code 1 if one failed."""
    from onet_cli.commands.report import progress_bar, say, show_failures
    from onet_cli.exporting.folder import export_meshes, find_meshes

    files = find_meshes(source, target, f".{options.to}")
    failed = []
    with progress_bar("meshes", quiet=quiet) as advance:
        for done, result in enumerate(export_meshes(files, options), start=1):
            advance(done, len(files))
            if result.error is not None:
                failed.append((str(result.source), str(result.error)))
            elif not quiet:
                for line in result.lines:
                    say(line)
    show_failures(failed, "failed")
    if failed:
        raise typer.Exit(1)
