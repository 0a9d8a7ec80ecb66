"""Options of `onet export`. Importing this module loads no heavy dependency."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from onet_cli.setting import Setting

MESHES = "Meshes and voxels"
CHECKPOINTS = "Checkpoints"

SHIPPED_LICENCE = "CC BY 4.0; attribution: recipes/furniture/ATTRIBUTION.md"
"""Licence of the weights of shipped models."""

Format = Literal["web", "3mf", "binvox", "glb", "npz", "obj", "off", "ply", "stl"]
"""What a folder may be written as."""

Note = Callable[[str], None]
"""Called with what is about to be done, where that takes long."""


def silent(text: str) -> None:
    """Tell nobody."""


class Weights(StrEnum):
    """How the weights of an ONNX file are stored; its arithmetic is in single precision."""

    SINGLE = "single precision"
    HALF = "half precision"
    INT8 = "8 bits"


@dataclass(frozen=True)
class ExportOptions:
    """Options of one export; None or False if not given."""

    faces: Annotated[int | None, Setting("Simplify the mesh to this many faces.", MESHES)] = None
    resolution: Annotated[
        int | None, Setting("Cells per side of the voxels.", MESHES, minimum=1, default="64")
    ] = None
    half: Annotated[
        bool, Setting("Weights in half precision (.safetensors, .onnx).", CHECKPOINTS)
    ] = False
    int8: Annotated[bool, Setting("Weights in 8 bits (.onnx).", CHECKPOINTS)] = False
    to: Annotated[
        Format | None,
        Setting(
            "TARGET is a folder: web, a page that reconstructs in the browser; or the format for a "
            "folder of meshes.",
            metavar="FORMAT",
        ),
    ] = None
