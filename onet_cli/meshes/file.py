"""What a reader of a mesh format is given."""

from dataclasses import dataclass

from onet_cli.meshes.references import MeshFiles

MOST_FACES = 20_000_000
"""Faces of the largest mesh that is read."""


@dataclass(frozen=True)
class MeshFile:
    """A mesh file: its `data`, its `name` in messages, and the `files` that it may refer to.

    Readers may refuse a file of more than `most_faces` before they build its mesh.
    """

    files: MeshFiles
    name: str
    data: bytes
    most_faces: int = MOST_FACES
