"""`onet export`: checkpoints and meshes into other formats."""

from pathlib import Path
from typing import Annotated

import typer

from onet_cli.commands.options import Quiet


def export(
    source: Annotated[
        str,
        typer.Argument(
            help="A checkpoint, the name of a shipped model, or a mesh.", show_default=False
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            help="The suffix decides. Checkpoint: .onnx .safetensors; "
            "mesh: .obj .ply .stl .glb .off, or voxels .npz .binvox.",
            show_default=False,
        ),
    ],
    faces: Annotated[int | None, typer.Option(help="Simplify the mesh to this many faces.")] = None,
    resolution: Annotated[
        int | None, typer.Option(min=1, help="Cells per side of the voxels [default: 64].")
    ] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Store .safetensors in half precision.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Write a checkpoint for other runtimes, or a mesh in another format or as voxels.

    Examples: `onet export furniture furniture.onnx`, `onet export chair.obj chair.stl --faces 5000`
    """
    from onet_cli.commands.report import say
    from onet_cli.exporting.export import ExportOptions
    from onet_cli.exporting.export import export as run_export

    lines = run_export(source, target, ExportOptions(faces, resolution, half))
    if not quiet:
        say("\n".join(lines))
