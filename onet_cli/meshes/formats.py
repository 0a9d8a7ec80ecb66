"""Table of mesh formats, with the reader and encoder of each.

To add a format, write a reader or an encoder and add a row here.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trimesh import Trimesh

    from onet_cli.meshes.file import MeshFile
    from onet_cli.meshes.loaded import LoadedMesh

Reader = Callable[["MeshFile"], "LoadedMesh"]
Encoder = Callable[["Trimesh"], bytes]


@dataclass(frozen=True)
class MeshFormat:
    """A mesh format: `read` parses a file, `encode` returns a mesh as the bytes of a file.

    `encode` is None for a read-only format. `single` is True if coordinates are written in single
    precision, `colours` if vertex colours are written.
    """

    suffix: str
    read: Reader
    encode: Encoder | None = None
    single: bool = False
    colours: bool = False


# Readers and encoders are imported when they are first used: a command needs few of them.


def _read_obj(file: "MeshFile") -> "LoadedMesh":
    from onet_cli.meshes.obj import read_obj

    return read_obj(file)


def _read_gltf(file: "MeshFile") -> "LoadedMesh":
    from onet_cli.meshes.gltf.read import read_gltf

    return read_gltf(file)


def _read_ply(file: "MeshFile") -> "LoadedMesh":
    from onet_cli.meshes.ply_mesh import read_ply

    return read_ply(file)


def _read_3mf(file: "MeshFile") -> "LoadedMesh":
    from onet_cli.meshes.threemf.read import read_3mf

    return read_3mf(file)


def _read_off(file: "MeshFile") -> "LoadedMesh":
    from onet_cli.meshes.off import read_off

    return read_off(file)


def _read_stl(file: "MeshFile") -> "LoadedMesh":
    from onet_cli.meshes.stl import read_stl

    return read_stl(file)


def _encode_3mf(mesh: "Trimesh") -> bytes:
    from onet_cli.meshes.threemf.write import encode_3mf

    return encode_3mf(mesh)


def _encoded(suffix: str) -> Encoder:
    """Return the encoder of a format of one file."""

    def encode(mesh: "Trimesh") -> bytes:
        from onet_cli.meshes import encode as encoders

        encoder: Encoder = getattr(encoders, f"encode_{suffix}")
        return encoder(mesh)

    return encode


FORMATS = {
    row.suffix: row
    for row in (
        MeshFormat(".obj", _read_obj, _encoded("obj"), colours=True),
        MeshFormat(".glb", _read_gltf, _encoded("glb"), single=True, colours=True),
        MeshFormat(".gltf", _read_gltf),
        MeshFormat(".ply", _read_ply, _encoded("ply"), single=True, colours=True),
        MeshFormat(".3mf", _read_3mf, _encode_3mf, colours=True),
        MeshFormat(".off", _read_off, _encoded("off")),
        MeshFormat(".stl", _read_stl, _encoded("stl"), single=True),
    )
}
"""Formats by suffix, in order of preference for a mesh that exists in several formats."""

NOT_READ = {
    ".3ds": "3D Studio",
    ".blend": "Blender",
    ".dae": "COLLADA",
    ".fbx": "FBX",
    ".max": "3ds Max",
    ".step": "STEP",
    ".stp": "STEP",
    ".usd": "USD",
    ".usda": "USD",
    ".usdc": "USD",
    ".usdz": "USD",
    ".wrl": "VRML",
    ".x3d": "X3D",
}
"""Common formats that are not supported, by suffix."""

CONVERT = "convert it to .glb, for example in Blender or with `assimp export IN OUT.glb`"
"""Hint for a file in an unsupported format."""

READ_SUFFIXES = tuple(FORMATS)
"""Suffixes of the formats that can be read."""

MESH_SUFFIXES = tuple(suffix for suffix, row in FORMATS.items() if row.encode)
"""Suffixes of the formats that can be read and written."""


def suffix_of(name: str) -> str:
    """Return the suffix of a file name in lower case, "" if it has none."""
    return posixpath.splitext(name)[1].lower()


def is_mesh(name: str) -> bool:
    """Return whether a file name has the suffix of a format that can be read."""
    return suffix_of(name) in FORMATS
