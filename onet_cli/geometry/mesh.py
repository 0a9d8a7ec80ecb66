"""Meshes in memory and in files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh import Trimesh
from trimesh.visual import ColorVisuals

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError, InvalidOptionError
from onet_cli.files import whole_file
from onet_cli.geometry.gltf import OWN_NAME, linear_colours, name_colours

MESH_SUFFIXES = (".obj", ".ply", ".stl", ".glb", ".off")
"""The mesh formats that are read and written."""

CONFIDENCE = "confidence"
"""Vertex attribute: how sure a network is of each vertex; its name in meshes and PLY files."""

GLTF_CONFIDENCE = "_CONFIDENCE"
"""The same in GLB files, which want an application's own names so."""

COLOUR = "colour"
"""Vertex attribute: the colour of each vertex, (V, 3) uint8, sRGB."""

_ROWS_AT_ONCE = 1 << 16


def make_mesh(vertices: NDArray[np.floating], faces: NDArray[np.integer]) -> Trimesh:
    """Return the mesh of `vertices` (V, 3) and `faces` (F, 3), both kept in their order."""
    return Trimesh(vertices=vertices, faces=faces, process=False)


def read_mesh(path: Path) -> Trimesh:
    """Return the mesh in a file, the parts of a scene joined, equal vertices merged.

    Raises:
        InvalidOptionError: the suffix is none of `MESH_SUFFIXES`.
        InvalidGeometryError: the file is missing or cannot be read.
        EmptySurfaceError: it holds no faces.
    """
    _check_suffix(path)
    if not path.is_file():
        raise InvalidGeometryError(f"{path} does not exist")
    try:
        mesh = trimesh.load_mesh(path)
    except Exception as error:  # each of trimesh's readers fails in ways of its own
        raise InvalidGeometryError(f"{path} is not a readable {path.suffix[1:]} file") from error
    if not isinstance(mesh, Trimesh):
        raise InvalidGeometryError(f"{path} holds no mesh")
    if len(mesh.faces) == 0:
        raise EmptySurfaceError(f"{path} holds no faces")
    if not np.isfinite(mesh.vertices).all():
        raise InvalidGeometryError(f"{path} has vertices that are not finite")
    # STL repeats each vertex in every face, and OBJ repeats it for every normal.
    mesh.merge_vertices(merge_norm=True, merge_tex=True)
    return make_mesh(mesh.vertices, mesh.faces)


def write_mesh(mesh: Trimesh, path: Path) -> None:
    """Write `mesh` to `path`, whole or not at all; the suffix picks the format.

    PLY and STL are binary. Vertex normals are stored where the format has a place for them, vertex
    attributes in PLY, under their names, and in GLB, as its specification wants them: `confidence`
    becomes `_CONFIDENCE`. The attribute `COLOUR` becomes the vertices' colour in PLY, GLB and, as
    three more numbers after the place, in OBJ.

    Raises:
        InvalidOptionError: the suffix is none of `MESH_SUFFIXES`.
        OnetError: the file cannot be written.
    """
    _check_suffix(path)
    data = _encode(mesh, path.suffix.lower())
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def _encode(mesh: Trimesh, suffix: str) -> bytes:
    if suffix == ".obj":
        return _encode_obj(mesh)
    options: dict[str, dict[str, Any]] = {
        ".ply": {"vertex_normal": True},
        ".glb": {"include_normals": True},
    }
    if suffix == ".glb" and mesh.vertex_attributes:
        mesh = _with_gltf_names(mesh)
    elif COLOUR in mesh.vertex_attributes:
        mesh = _with_own_colours(mesh, suffix)
    data = mesh.export(file_type=suffix[1:], **options.get(suffix, {}))
    encoded = data.encode() if isinstance(data, str) else bytes(data)
    return name_colours(encoded) if suffix == ".glb" else encoded


def _encode_obj(mesh: Trimesh) -> bytes:
    """Return `mesh` as OBJ with a normal per vertex; trimesh's writer takes three times as long."""
    corners = np.repeat(np.asarray(mesh.faces) + 1, 2, axis=1)
    places, line = np.asarray(mesh.vertices), "v %.9g %.9g %.9g\n"
    if COLOUR in mesh.vertex_attributes:
        places = np.hstack([places, np.asarray(mesh.vertex_attributes[COLOUR]) / 255])
        line = "v %.9g %.9g %.9g %.3f %.3f %.3f\n"
    return b"".join(
        [
            *_lines(line, places),
            *_lines("vn %.5f %.5f %.5f\n", np.asarray(mesh.vertex_normals)),
            *_lines("f %d//%d %d//%d %d//%d\n", corners),
        ]
    )


def _lines(line: str, rows: NDArray[np.number]) -> Iterator[bytes]:
    """Yield the text of `rows` (N, K), some at a time: as Python's numbers they are large."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        yield (line * len(some) % tuple(some.ravel().tolist())).encode()


def _with_gltf_names(mesh: Trimesh) -> Trimesh:
    """Return `mesh` with its vertex attributes named as glTF names an application's own."""
    named = mesh.copy(include_cache=True)
    named.vertex_attributes = {
        f"_{name.lstrip('_').upper()}": values
        for name, values in mesh.vertex_attributes.items()
        if name != COLOUR
    }
    if COLOUR in mesh.vertex_attributes:
        colours = np.asarray(mesh.vertex_attributes[COLOUR], np.uint8)
        named.vertex_attributes[OWN_NAME] = linear_colours(colours)
    return named


def _with_own_colours(mesh: Trimesh, suffix: str) -> Trimesh:
    """Return `mesh` with its attribute `COLOUR` where trimesh's writers of `suffix` look for it."""
    coloured = mesh.copy(include_cache=True)
    colours = coloured.vertex_attributes.pop(COLOUR)
    if suffix == ".ply":
        coloured.visual = ColorVisuals(coloured, vertex_colors=colours)
    return coloured


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in MESH_SUFFIXES:
        raise InvalidOptionError(
            f"{path.name} has no mesh format that is known",
            hint=f"use one of {', '.join(MESH_SUFFIXES)}",
        )
