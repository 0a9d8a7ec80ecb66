"""Reader of PLY meshes. Triangulates concave polygons correctly."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import EmptyMeshError
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.mesh import CONFIDENCE, make_mesh
from onet_cli.meshes.corners import (
    as_bytes,
    checked_indices,
    checked_points,
    corner_normals,
    vertex_colours,
    vertex_confidence,
)
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.ply import parse_ply
from onet_cli.meshes.ply_header import Lists, Table
from onet_cli.meshes.polygons import cut_polygons
from onet_cli.meshes.strips import strip_faces
from onet_cli.meshes.textures import Textures

_COLOURS = (
    ("red", "green", "blue"),
    ("r", "g", "b"),
    ("diffuse_red", "diffuse_green", "diffuse_blue"),
)
_PLACES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"))


def read_ply(file: MeshFile) -> LoadedMesh:
    """Return the mesh of a PLY file, with face or vertex colours, normals and textures.

    Raises:
        SourceError: the file is not a valid PLY, is truncated, or a face has an invalid index.
    """
    name = file.name
    content = parse_ply(name, file.data)
    vertex, face = content.tables.get("vertex", {}), content.tables.get("face", {})
    positions = _columns(vertex, [("x", "y", "z")])
    polygons = _polygons(face) or _strips(content.tables.get("tristrips", {}))
    if positions is None or polygons is None:
        raise EmptyMeshError(f"{name} has no faces")
    corners = checked_indices(name, polygons.values, len(positions))
    points = checked_points(name, positions, corners)
    cut, polygon, uncut = cut_polygons(points, corners, polygons.sizes)
    faces = corners[cut]
    pictures = Textures(file.files, name)
    materials = tuple(Material(texture=pictures.get(file)) for file in content.textures)
    normals = _columns(vertex, [("nx", "ny", "nz")])
    looks = Appearance(
        materials or (Material(),),
        _materials(face, polygon, len(materials)),
        _uv(vertex, face, faces, cut, polygons.sizes),
        None if normals is None else corner_normals(points, faces, normals, faces),
        _colours(vertex, face, faces, polygon),
    )
    confidence = vertex_confidence(vertex.get(CONFIDENCE), len(points))
    warnings = (*content.warnings, *uncut, *pictures.warnings)
    return LoadedMesh(make_mesh(points, faces), looks, warnings, confidence)


def _polygons(face: Table) -> Lists | None:
    """Return the vertex indices of faces: the column of a usual name, or else the only list."""
    lists = {name: column for name, column in face.items() if isinstance(column, Lists)}
    others = [name for name in lists if name != "texcoord"]
    for name in ("vertex_indices", "vertex_index", *others[: len(others) == 1]):
        if name in lists:
            return lists[name] if len(lists[name].sizes) else None
    return None


def _strips(table: Table) -> Lists | None:
    """Return the triangles of triangle strips, in which -1 starts a new strip."""
    lists = _polygons(table)
    if lists is None:
        return None
    ends = np.cumsum(lists.sizes)[:-1]
    values = np.where(np.isfinite(lists.values), lists.values, -2.0)  # -2 is an invalid index
    values[values == 2.0**32 - 1] = -1
    faces = strip_faces(np.insert(values, ends, -1), restart=-1)
    return Lists(np.full(len(faces), 3, np.intp), faces.reshape(-1))


def _columns(
    table: Table, choices: list[tuple[str, ...]] | tuple[tuple[str, ...], ...]
) -> NDArray[np.number] | None:
    """Return the columns of the first of `choices` in the table, stacked along axis 1."""
    for choice in choices:
        found = [table.get(name) for name in choice]
        arrays = [column for column in found if isinstance(column, np.ndarray)]
        if len(arrays) == len(choice):
            return np.stack(arrays, axis=1)
    return None


def _colours(
    vertex: Table, face: Table, faces: NDArray[np.intp], polygon: NDArray[np.intp]
) -> NDArray[np.uint8] | None:
    of_faces, of_vertices = _columns(face, _COLOURS), _columns(vertex, _COLOURS)
    if of_vertices is not None:
        return vertex_colours(of_vertices, faces)
    if of_faces is not None:
        return np.repeat(as_bytes(of_faces)[polygon][:, None], 3, axis=1)
    return None


def _materials(face: Table, polygon: NDArray[np.intp], count: int) -> NDArray[np.int32]:
    chosen = face.get("texnumber")
    if not isinstance(chosen, np.ndarray) or count < 2:
        return np.zeros(len(polygon), np.int32)
    return chosen.astype(np.int64)[polygon].clip(0, count - 1).astype(np.int32)


def _uv(
    vertex: Table,
    face: Table,
    faces: NDArray[np.intp],
    cut: NDArray[np.intp],
    sizes: NDArray[np.intp],
) -> NDArray[np.float32] | None:
    of_corners, of_vertices = face.get("texcoord"), _columns(vertex, _PLACES)
    if isinstance(of_corners, Lists) and np.array_equal(of_corners.sizes, 2 * sizes):
        uv = of_corners.values.reshape(-1, 2)[cut]
    elif of_vertices is not None:
        uv = of_vertices[faces]
    else:
        return None
    return np.nan_to_num(uv.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
