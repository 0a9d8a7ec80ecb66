"""glTF files (.glb, .gltf), compressed ones too, as parts."""

import io
import json
import posixpath
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import numpy as np
import trimesh
from trimesh.resolvers import Resolver

from collecting.meshopt import is_compressed, unpacked
from collecting.parts import Part, srgb_of_linear

Read = Callable[[str], bytes]


def read_gltf(read: Read, path: str, only: str = "") -> list[Part]:
    """Return the parts of the scene in a file, where they stand.

    Args:
        read: gives the bytes of a file by its path.
        path: the file.
        only: nodes to keep: those whose name has this in it.
    """
    data = read(path)
    if is_compressed(data):
        data = unpacked(data)
    kind = "glb" if data[:4] == b"glTF" else "gltf"
    header = _header(data)
    scene = trimesh.load_scene(
        io.BytesIO(data), file_type=kind, resolver=_Beside(read, path), process=False
    )
    linear = not header["asset"].get("generator", "").startswith("UniGLTF")
    parts = []
    for node in scene.graph.nodes_geometry:
        matrix, key = scene.graph.get(node)
        mesh = scene.geometry[key]
        if isinstance(mesh, trimesh.Trimesh) and only in str(node):
            parts.append(_part(mesh, matrix, str(node), linear))
    return parts


def _part(mesh: trimesh.Trimesh, matrix: Any, node: str, linear: bool) -> Part:
    points = trimesh.transform_points(mesh.vertices, matrix)
    material = getattr(mesh.visual, "material", None)
    picture = getattr(material, "baseColorTexture", None)
    factor = getattr(material, "baseColorFactor", None)
    values = np.array([1.0, 1.0, 1.0, 1.0]) if factor is None else np.asarray(factor) / 255
    red, green, blue = (float(srgb_of_linear(v)) if linear else float(v) for v in values[:3])
    blended = getattr(material, "alphaMode", None) == "BLEND" and picture is None
    return Part(
        points,
        np.asarray(mesh.faces, np.int64),
        (red, green, blue),
        getattr(mesh.visual, "uv", None),
        picture,
        float(values[3]) if blended else 1.0,
        str(getattr(material, "name", "") or ""),
        node,
    )


def _header(data: bytes) -> dict[str, Any]:
    if data[:4] == b"glTF":
        data = data[20 : 20 + int.from_bytes(data[12:16], "little")]
    return dict(json.loads(data))


class _Beside(Resolver):
    """The files that a .gltf refers to, for trimesh: read by name alone."""

    def __init__(self, read: Read, path: str) -> None:
        self._read = read
        self._folder = posixpath.dirname(path)

    def get(self, key: str) -> bytes:
        return self._read(posixpath.join(self._folder, unquote(key)))

    def write(self, name: str, data: object) -> None:
        raise NotImplementedError

    def namespaced(self, namespace: str) -> Resolver:
        raise NotImplementedError

    def keys(self) -> list[str]:
        return []
