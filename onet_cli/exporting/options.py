"""Options of `onet export`. Importing this module loads no heavy dependency."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from onet_cli.setting import Setting

MESHES = "Meshes and voxels"
CHECKPOINTS = "Checkpoints"

Note = Callable[[str], None]
"""Called with what is about to be done, where that takes long."""


def silent(text: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class ExportOptions:
    """Options of one export; None or False if not given."""

    faces: Annotated[int | None, Setting("Simplify the mesh to this many faces.", MESHES)] = None
    resolution: Annotated[
        int | None, Setting("Cells per side of the voxels.", MESHES, minimum=1, default="64")
    ] = None
    half: Annotated[bool, Setting("Half precision (.safetensors).", CHECKPOINTS)] = False
