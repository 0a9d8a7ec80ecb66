"""Names of the additional files next to a mesh."""

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
"""Suffixes of images written by earlier runs, which are not photos in a folder or glob."""


def sidecar_path(mesh_path: Path, kind: Kind) -> Path:
    """Return the path of an additional file next to the mesh at `mesh_path`."""
    return mesh_path.with_name(mesh_path.stem + SUFFIXES[kind])
