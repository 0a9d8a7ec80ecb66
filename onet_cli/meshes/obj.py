"""Reader of OBJ files with materials. Triangulates concave polygons correctly, and is fast."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.corners import (
    checked_indices,
    checked_points,
    corner_normals,
    vertex_colours,
)
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.obj_materials import FaceMaterials, read_materials
from onet_cli.meshes.polygons import cut_polygons
from onet_cli.meshes.text import Rows, Text, Words, numbers

_ABSENT = -1


@dataclass(frozen=True)
class Corners:
    """Indices (C,) of the vertex, texture coordinate and normal of each polygon corner.

    `sizes` (P,) are the numbers of corners of the polygons, and `lines` (P,) their lines in the
    file. Indices of missing texture coordinates and normals are -1.
    """

    sizes: NDArray[np.intp]
    lines: NDArray[np.intp]
    vertex: NDArray[np.int64]
    texture: NDArray[np.int64]
    normal: NDArray[np.int64]


def read_obj(file: MeshFile) -> LoadedMesh:
    """Return the mesh of an OBJ file; polygons are triangulated, groups and lines are ignored.

    Raises:
        SourceError: the file is not a valid OBJ, or a face has an invalid vertex index.
    """
    name = file.name
    text = _plain(name, file.data)
    vertex_lines, texture_lines, normal_lines = (text.starting(w) for w in (b"v", b"vt", b"vn"))
    vertices = _rows(text, vertex_lines, b"v", 3)
    textures = _rows(text, texture_lines, b"vt", 1).columns(2)
    normals = _rows(text, normal_lines, b"vn", 3).columns(3)
    corners = _corners(text, [vertex_lines, texture_lines, normal_lines])
    points = checked_points(name, vertices.columns(3), corners.vertex)
    cut, polygon, warnings = cut_polygons(points, corners.vertex, corners.sizes)
    faces = corners.vertex[cut]
    materials = read_materials(file.files, text, corners.lines[polygon])
    appearance = Appearance(
        materials.materials,
        materials.of_face,
        _uv(textures, corners.texture[cut], materials),
        corner_normals(points, faces, normals, corners.normal[cut]),
        _colours(vertices, faces),
    )
    return LoadedMesh(make_mesh(points, faces), appearance, (*warnings, *materials.warnings))


def _plain(name: str, data: bytes) -> Text:
    """Return the text without trailing comments, and with continuation lines joined."""
    text = Text.of(name, data)
    data = text.data
    if b"\\\n" in data:
        # A comment that ends in a backslash, such as a Windows path, is not continued.
        data = re.sub(rb"(?m)^#.*\n", b"", data).replace(b"\\\n", b" ")
    if b" #" in data or b"\t#" in data:
        data = re.sub(rb"(?m)^((?:v[tn]?|f)[ \t][^\n#]*)[ \t]#.*", rb"\1", data)
    return text if data is text.data else Text(name, data)


def _rows(text: Text, lines: NDArray[np.intp], word: bytes, fewest: int) -> Rows:
    rows = Rows.of(text.name, text.joined(lines).replace(word, b" " * len(word)))
    if len(lines) and rows.fewest < fewest:
        short = text.line(int(lines[int(rows.counts.argmin())]))
        raise SourceError(f"{text.name} cannot be read: {short!r} has fewer than {fewest} numbers")
    return rows


def _corners(text: Text, defining: list[NDArray[np.intp]]) -> Corners:
    """Return all corners; `defining` are the lines of vertices, texture coordinates, normals."""
    lines = text.starting(b"f")
    block = text.joined(lines).replace(b"f", b" ")
    words = Words.of(block)
    if b"/" not in block:
        vertex = numbers(text.name, block, len(words.starts), np.int64).astype(np.int64)
        columns = [vertex, np.zeros_like(vertex), np.zeros_like(vertex)]
    else:
        columns = _split_slashes(text.name, block, words)
    line_of_corner = np.repeat(lines, words.counts)
    vertex, texture, normal = (
        _absolute(column, line_of_corner, definitions)
        for column, definitions in zip(columns, defining, strict=True)
    )
    vertex = checked_indices(text.name, vertex, len(defining[0]))
    texture[texture >= len(defining[1])] = _ABSENT
    normal[normal >= len(defining[2])] = _ABSENT
    return Corners(words.counts, lines, vertex, texture, normal)


def _split_slashes(name: str, block: bytes, words: Words) -> list[NDArray[np.int64]]:
    """Return three columns for words of the form a, a/b, a//c or a/b/c; 0 for missing values."""
    data = np.frombuffer(block, np.uint8)
    slashes = np.flatnonzero(data == ord("/"))
    if (data[slashes + 1] <= ord(" ")).any():
        block = re.sub(rb"/(?=\s)", b"/0", block)
    word_of_slash = np.searchsorted(words.starts, slashes, side="right") - 1
    fields = 1 + np.bincount(word_of_slash, minlength=len(words.starts))
    if fields.max() > 3:
        raise SourceError(f"{name} cannot be read: a face has a corner of more than three indices")
    block = block.replace(b"//", b"/0/").replace(b"/", b" ")
    values = numbers(name, block, int(fields.sum()), np.int64).astype(np.int64)
    starts = np.cumsum(fields) - fields
    columns = []
    for column in range(3):
        filled = np.zeros(len(fields), np.int64)
        present = fields > column
        filled[present] = values[starts[present] + column]
        columns.append(filled)
    return columns


def _absolute(
    indices: NDArray[np.int64], lines: NDArray[np.intp], definitions: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Return 0-based indices from 1-based ones, or negative ones relative to their line."""
    result = indices - 1
    backwards = np.flatnonzero(indices < 0)
    if len(backwards):
        defined = np.searchsorted(definitions, lines[backwards])
        # An index before the first definition is invalid, and must not become "missing".
        there = defined + indices[backwards]
        result[backwards] = np.where(there >= 0, there, np.iinfo(np.int64).max)
    return result


def _colours(vertices: Rows, faces: NDArray[np.intp]) -> NDArray[np.uint8] | None:
    """Return corner colours from vertices x y z r g b or x y z w r g b, with or without alpha.

    With 7 numbers the fourth is the weight w, unless the last is 1 everywhere and therefore alpha.
    """
    if vertices.fewest < 6:
        return None
    numbers = vertices.columns(min(vertices.fewest, 8))
    alpha = numbers.shape[1] == 7 and (numbers[:, 6] == 1).all() and (numbers[:, 3] != 1).any()
    first = 3 if numbers.shape[1] == 6 or alpha else 4
    return vertex_colours(numbers[:, first : first + 3], faces)


def _uv(
    coordinates: NDArray[np.float64], corners: NDArray[np.int64], looks: FaceMaterials
) -> NDArray[np.float32] | None:
    if not (corners >= 0).any():
        return None
    padded = np.concatenate([coordinates, [[0.0, 0.0]]])  # -1 finds the last
    padded = np.nan_to_num(padded, nan=0.0, posinf=0.0, neginf=0.0)
    uv = padded[corners]
    for index, (scale, offset) in looks.placements.items():
        chosen = looks.of_face == index
        with np.errstate(over="ignore", invalid="ignore"):
            uv[chosen] = uv[chosen] * scale + offset
    with np.errstate(over="ignore"):
        result: NDArray[np.float32] = uv.astype(np.float32)
    if not np.isfinite(result).all():
        raise SourceError("the texture coordinates, as materials scale them, are not finite")
    return result
