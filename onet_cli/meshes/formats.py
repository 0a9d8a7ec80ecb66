"""Table of mesh formats, with the reader and encoder of each.

To add a format, write a reader or an encoder and add a row here.
"""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass

from trimesh import Trimesh

from onet_cli.meshes.encode import encode_glb, encode_obj, encode_off, encode_ply, encode_stl
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.gltf.read import read_gltf
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.obj import read_obj
from onet_cli.meshes.off import read_off
from onet_cli.meshes.ply_mesh import read_ply
from onet_cli.meshes.stl import read_stl
from onet_cli.meshes.threemf.read import read_3mf
from onet_cli.meshes.threemf.write import encode_3mf


@dataclass(frozen=True)
class MeshFormat:
    """A mesh format: `read` parses a file, `encode` returns a mesh as the bytes of a file.

    `encode` is None for a read-only format. `single` is True if coordinates are written in single
    precision, `colours` if vertex colours are written.
    """

    suffix: str
    read: Callable[[MeshFile], LoadedMesh]
    encode: Callable[[Trimesh], bytes] | None = None
    single: bool = False
    colours: bool = False


FORMATS = {
    row.suffix: row
    for row in (
        MeshFormat(".obj", read_obj, encode_obj, colours=True),
        MeshFormat(".glb", read_gltf, encode_glb, single=True, colours=True),
        MeshFormat(".gltf", read_gltf),
        MeshFormat(".ply", read_ply, encode_ply, single=True, colours=True),
        MeshFormat(".3mf", read_3mf, encode_3mf, colours=True),
        MeshFormat(".off", read_off, encode_off),
        MeshFormat(".stl", read_stl, encode_stl, single=True),
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
