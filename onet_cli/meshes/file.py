"""The input of a mesh reader."""

from dataclasses import dataclass

from onet_cli.meshes.references import MeshFiles

MOST_FACES = 20_000_000
"""Maximum number of faces of a mesh."""


@dataclass(frozen=True)
class MeshFile:
    """A mesh file: its `data`, its `name` for messages, and the `files` that it may refer to.

    Readers may raise on more than `most_faces` faces before they build the mesh.
    """

    files: MeshFiles
    name: str
    data: bytes
    most_faces: int = MOST_FACES
