"""Table of mesh formats, with the reader and encoder of each.

To add a format, write a reader or an encoder and add a row here.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
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


def _read(module: str, name: str) -> Reader:
    """Return the reader `name` of a `module` here, which is imported when it is first used."""

    def read(file: "MeshFile") -> "LoadedMesh":
        reader: Reader = getattr(import_module(f"onet_cli.meshes.{module}"), name)
        return reader(file)

    return read


def _encode(module: str, name: str) -> Encoder:
    """Return the encoder `name` of a `module` here, which is imported when it is first used."""

    def encode(mesh: "Trimesh") -> bytes:
        encoder: Encoder = getattr(import_module(f"onet_cli.meshes.{module}"), name)
        return encoder(mesh)

    return encode


_OBJ = _read("obj", "read_obj"), _encode("encode", "encode_obj")
_GLB = _read("gltf.read", "read_gltf"), _encode("encode", "encode_glb")
_PLY = _read("ply_mesh", "read_ply"), _encode("encode", "encode_ply")
_3MF = _read("threemf.read", "read_3mf"), _encode("threemf.write", "encode_3mf")
_OFF = _read("off", "read_off"), _encode("encode", "encode_off")
_STL = _read("stl", "read_stl"), _encode("encode", "encode_stl")

FORMATS = {
    row.suffix: row
    for row in (
        MeshFormat(".obj", *_OBJ, colours=True),
        MeshFormat(".glb", *_GLB, single=True, colours=True),
        MeshFormat(".gltf", _GLB[0]),
        MeshFormat(".ply", *_PLY, single=True, colours=True),
        MeshFormat(".3mf", *_3MF, colours=True),
        MeshFormat(".off", *_OFF),
        MeshFormat(".stl", *_STL, single=True),
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
