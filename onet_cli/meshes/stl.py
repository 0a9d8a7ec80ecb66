"""Reader of STL files, binary and ASCII."""

import re

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.corners import checked_points
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.text import Rows, Text, without_mark

_HEADER = 84
_LOOKED_AT = 1000  # bytes after the header; those of a binary file contain a zero
_UNKNOWN = (0, 0xFFFFFFFF)
_FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def read_stl(file: MeshFile) -> LoadedMesh:
    """Return the mesh of an STL file; its normals are ignored, as the vertices determine them.

    Raises:
        SourceError: the file is not a valid STL, or is truncated.
    """
    name, data = file.name, file.data
    corners = _binary(name, data) if _is_binary(data) else _text(name, data)
    faces = np.arange(len(corners)).reshape(-1, 3)
    points = checked_points(name, corners, faces)
    return LoadedMesh(make_mesh(points, faces), Appearance.plain(len(faces)))


def _is_binary(data: bytes) -> bool:
    """Return whether the file is binary, by its length or else its start; both may say "solid"."""
    if len(data) >= _HEADER and len(data) == _HEADER + _FACET.itemsize * _count(data):
        return True
    begin = without_mark(data[: _HEADER + _LOOKED_AT]).lstrip()
    return begin[:5].lower() != b"solid" or b"\0" in begin


def _count(data: bytes) -> int:
    """Return the number of faces in the header, or else that of the file length.

    Programs that stream their faces leave 0 or 0xFFFFFFFF in the header.
    """
    said = int.from_bytes(data[_HEADER - 4 : _HEADER], "little")
    return (len(data) - _HEADER) // _FACET.itemsize if said in _UNKNOWN else said


def _binary(name: str, data: bytes) -> NDArray[np.floating]:
    if not data:
        raise SourceError(f"{name} is empty")
    if len(data) < _HEADER or b"\0" not in data[: _HEADER + _LOOKED_AT]:
        raise SourceError(f"{name} is not an STL file")
    count = _count(data)
    if len(data) < _HEADER + _FACET.itemsize * count:
        raise SourceError(f"{name} is truncated: it has fewer than the {count} faces it declares")
    facets = np.frombuffer(data, _FACET, count, _HEADER)
    corners: NDArray[np.float32] = facets["corners"].reshape(-1, 3)
    return corners


def _text(name: str, data: bytes) -> NDArray[np.floating]:
    text = Text.of(name, data)
    if re.search(rb"[^\n]vertex", text.data):  # several keywords on one line
        text = Text.of(name, text.data.replace(b"vertex", b"\nvertex").replace(b"end", b"\nend"))
    if re.search(rb"\nVERTEX", text.data):
        text = Text(name, text.data.replace(b"VERTEX", b"vertex"))
    rows = Rows.of(name, text.joined(text.starting(b"vertex")).replace(b"vertex", b" "))
    if len(rows.counts) % 3 or (len(rows.counts) and rows.fewest < 3):
        raise SourceError(f"{name} cannot be read: a face does not have three corners")
    return rows.columns(3)
