"""Reader of OFF files. Triangulates concave polygons correctly."""

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.corners import (
    as_bytes,
    checked_indices,
    checked_points,
    corner_normals,
    vertex_colours,
)
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.polygons import cut_polygons
from onet_cli.meshes.text import Rows, Text


def read_off(file: MeshFile) -> LoadedMesh:
    """Return the mesh of an OFF file, with the colours of its faces or vertices.

    Raises:
        SourceError: the file is not a valid OFF, is truncated, or a face has an invalid index.
    """
    name = file.name
    kind, body = _header(name, file.data)
    lines = np.arange(len(body.ends))
    vertices, faces = _counts(body)
    if 1 + vertices + faces > len(lines):
        raise SourceError(f"{name} is truncated: it has fewer lines than its header declares")
    rows = Rows.of(name, body.joined(lines[1 : 1 + vertices]))
    if vertices and rows.fewest < 3:
        raise SourceError(f"{name} cannot be read: a vertex has fewer than 3 numbers")
    listed = Rows.of(name, body.joined(lines[1 + vertices : 1 + vertices + faces]))
    sizes, corners, colours = _faces(name, listed, vertices)
    points = checked_points(name, rows.columns(3), corners)
    cut, polygon, warnings = cut_polygons(points, corners, sizes)
    colours = None if colours is None else colours[polygon]
    return replace(_assemble(kind, rows, points, corners[cut], colours), warnings=warnings)


def _header(name: str, data: bytes) -> tuple[str, Text]:
    """Return the letters before OFF in the keyword, and the text from the line of counts on."""
    text = Text.of(name, data)
    plain = re.sub(rb"\n\n+", b"\n", re.sub(rb"[ \t]*#.*", b"", text.data)).lstrip()
    # The counts may follow the keyword on the same line, in some collections without a blank.
    keyword = re.match(rb"(ST)?(C)?(N)?(4)?(n)?OFF\b|OFF(?=[\d\s])", plain)
    if not keyword or keyword[4] or keyword[5]:
        raise SourceError(f"{name} is not an OFF file with three dimensions")
    body = plain[keyword.end() :].lstrip()
    if not body:
        raise SourceError(f"{name} is not an OFF file: its counts are missing")
    return keyword[0].decode()[:-3], Text.of(name, body)


def _counts(body: Text) -> tuple[int, int]:
    words = body.line(0).split()
    if len(words) < 2 or not all(word.isdigit() and len(word) < 16 for word in words[:2]):
        raise SourceError(f"{body.name} is not an OFF file: its counts are missing")
    return int(words[0]), int(words[1])


def _faces(
    name: str, listed: Rows, vertices: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8] | None]:
    """Return sizes (P,), corners (C,) and, if all polygons have them, colours (P, 3)."""
    starts = np.cumsum(listed.counts) - listed.counts
    said = listed.values[starts] if listed.fewest else np.zeros(0)
    if len(said) != len(listed.counts) or not ((said >= 0) & (said < listed.counts)).all():
        raise SourceError(f"{name} cannot be read: a face has fewer corners than it declares")
    sizes = said.astype(np.intp)
    first = np.cumsum(sizes) - sizes
    places = np.arange(sizes.sum()) + np.repeat(starts + 1 - first, sizes)
    corners = checked_indices(name, listed.values[places], vertices)
    rest = listed.counts - 1 - sizes
    if len(rest) == 0 or rest.min() < 3:
        return sizes, corners, None
    colours = listed.values[(starts + 1 + sizes)[:, None] + np.arange(3)]
    return sizes, corners, as_bytes(colours)


def _assemble(
    kind: str,
    rows: Rows,
    points: NDArray[np.float64],
    faces: NDArray[np.intp],
    face_colours: NDArray[np.uint8] | None,
) -> LoadedMesh:
    normals = colours = None
    behind = 3
    if "N" in kind and rows.fewest >= 6:
        normals = corner_normals(points, faces, rows.columns(6)[:, 3:], faces)
        behind = 6
    # Even without the letter C, numbers after the position are colours, as MeshLab writes them.
    if "ST" not in kind and rows.fewest >= behind + 3:
        colours = vertex_colours(rows.columns(behind + 3)[:, behind:], faces)
    if face_colours is not None:
        colours = np.repeat(face_colours[:, None], 3, axis=1)
    looks = Appearance(
        (Material(),), np.zeros(len(faces), np.int32), normals=normals, corner_colours=colours
    )
    return LoadedMesh(make_mesh(points, faces), looks)
