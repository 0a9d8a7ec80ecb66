"""`onet export`: convert checkpoints and meshes to other formats."""

from pathlib import Path
from typing import Annotated

from onet_cli.commands.declare import with_options
from onet_cli.exporting.options import ExportOptions
from onet_cli.options import CHECKPOINT, Quiet
from onet_cli.setting import Setting

Source = Annotated[
    str,
    Setting(
        "Checkpoint, name of a shipped model, or mesh.",
        argument=True,
        complete=CHECKPOINT.complete,
    ),
]
Target = Annotated[
    Path,
    Setting(
        "File; its suffix selects the format. Checkpoint: .onnx .safetensors; "
        "mesh: .obj .ply .stl .glb .3mf .off, or voxels .npz .binvox. A folder with --to web.",
        argument=True,
    ),
]


@with_options()
def export(source: Source, target: Target, options: ExportOptions, quiet: Quiet = False) -> None:
    """Convert a checkpoint for other runtimes, or a mesh to another format or to voxels.

    Examples: `onet export furniture furniture.onnx`,
    `onet export furniture page/ --to web`, `onet export chair.obj chair.stl --faces 5000`
    """
    from onet_cli.commands.report import say, say_unless
    from onet_cli.exporting.export import export as run_export

    lines = run_export(source, target, options, say_unless(quiet))
    if not quiet:
        for line in lines:
            say(line)
