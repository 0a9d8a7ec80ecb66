"""Wavefront files (.obj, .mtl) as parts. trimesh reads the format."""

import io
import posixpath
from typing import Any

import numpy as np
import trimesh
from trimesh.resolvers import Resolver

from collecting.parts import Part
from collecting.textures import Read, gazebo_places, read_from


def read_wavefront(read: Read, path: str) -> list[Part]:
    """Return the parts of a file, one for each material, in the file's own axes.

    Args:
        read: gives the bytes of a file by its path.
        path: the file. Where its library of materials is missing, parts have no colour.
    """
    beside = _Beside(read, path)
    scene = trimesh.load_scene(
        io.BytesIO(read(path)), file_type="obj", resolver=beside, process=False
    )
    return [_part(mesh, name, beside.read) for name, mesh in sorted(scene.geometry.items())]


class _Beside(Resolver):
    """Files named by a mesh, relative to its folder. `read` are those that were found."""

    def __init__(self, read: Read, path: str) -> None:
        self._read = read
        self._folder = posixpath.dirname(path)
        self.read: set[str] = set()

    def get(self, name: str) -> bytes:
        # Exporters leave blanks behind the names of pictures.
        name = name.strip()
        data = read_from(self._read, gazebo_places(self._folder, name))
        self.read.add(posixpath.splitext(name)[1].lower())
        return data

    def write(self, name: str, data: bytes) -> None:
        raise NotImplementedError

    def keys(self) -> list[str]:
        return []

    def namespaced(self, namespace: str) -> "_Beside":
        return _Beside(self._read, posixpath.join(self._folder, namespace, "_"))


def _part(mesh: Any, name: str, found: set[str]) -> Part:
    # Without a library or a picture trimesh makes up ones of its own.
    material = getattr(mesh.visual, "material", None) if ".mtl" in found else None
    picture = getattr(material, "image", None) if found > {".mtl"} else None
    uv = getattr(mesh.visual, "uv", None) if picture is not None else None
    colour = None
    if material is not None and picture is None:
        red, green, blue = (float(value) / 255 for value in material.main_color[:3])
        colour = red, green, blue
    return Part(
        np.asarray(mesh.vertices, np.float64),
        np.asarray(mesh.faces, np.int64),
        colour,
        None if uv is None else np.asarray(uv, np.float64),
        picture,
        name=name,
    )
