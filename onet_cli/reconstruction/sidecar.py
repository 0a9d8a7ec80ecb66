"""The names of what is written beside a mesh."""

from pathlib import Path
from typing import Literal

Kind = Literal["preview", "turntable", "viewer"]

SUFFIXES: dict[Kind, str] = {
    "preview": ".preview.png",
    "turntable": ".turntable.gif",
    "viewer": ".viewer.html",
}
DEBUG_SUFFIXES = (".prepared.png", ".mask.png")

OWN_PICTURES = (SUFFIXES["preview"], SUFFIXES["turntable"], *DEBUG_SUFFIXES)
"""What earlier runs drew: no photos, where a folder or glob holds them."""


def sidecar_path(mesh_path: Path, kind: Kind) -> Path:
    """Return where the picture or page of the mesh at `mesh_path` belongs: beside it."""
    return mesh_path.with_name(mesh_path.stem + SUFFIXES[kind])
