"""Encoders: a mesh as the bytes of a file, one function per format."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh
from trimesh.visual import ColorVisuals

from onet_cli.geometry.mesh import COLOUR
from onet_cli.meshes.gltf.colours import OWN_NAME, complete_glb, linear_colours

_ROWS_AT_ONCE = 1 << 16


def encode_obj(mesh: Trimesh) -> bytes:
    """Return `mesh` as OBJ with vertex normals; trimesh's writer takes three times as long."""
    corners = np.repeat(np.asarray(mesh.faces) + 1, 2, axis=1)
    places = np.asarray(mesh.vertices)
    line = "v" + f" %.{_digits(places)}g" * 3
    if COLOUR in mesh.vertex_attributes:
        places = np.hstack([places, np.asarray(mesh.vertex_attributes[COLOUR]) / 255])
        line += " %.3f" * 3
    return b"".join(
        [
            *_lines(f"{line}\n", places),
            *_lines("vn %.5f %.5f %.5f\n", np.asarray(mesh.vertex_normals)),
            *_lines("f %d//%d %d//%d %d//%d\n", corners),
        ]
    )


def encode_ply(mesh: Trimesh) -> bytes:
    """Return `mesh` as binary PLY with normals, colours and vertex attributes."""
    coloured = _without_colour(mesh)
    if COLOUR in mesh.vertex_attributes:
        coloured.visual = ColorVisuals(coloured, vertex_colors=mesh.vertex_attributes[COLOUR])
    return _export(coloured, "ply", vertex_normal=True)


def encode_stl(mesh: Trimesh) -> bytes:
    """Return `mesh` as binary STL."""
    return _export(_without_colour(mesh), "stl")


def encode_off(mesh: Trimesh) -> bytes:
    """Return `mesh` as OFF."""
    return _export(_without_colour(mesh), "off")


def encode_glb(mesh: Trimesh) -> bytes:
    """Return `mesh` as binary glTF 2 with normals, colours and vertex attributes."""
    if mesh.vertex_attributes:
        mesh = _with_gltf_names(mesh)
    return complete_glb(_export(mesh, "glb", include_normals=True))


def _export(mesh: Trimesh, kind: str, **options: Any) -> bytes:
    data = mesh.export(file_type=kind, **options)
    return data.encode() if isinstance(data, str) else bytes(data)


def _digits(places: NDArray[np.floating]) -> int:
    """Return the significant digits for vertices: 9, as for float32, and more far from zero."""
    size = float(np.ptp(places, axis=0).max()) if len(places) else 0.0
    far = float(np.abs(places).max() / size) if size > 0 else 1.0
    return min(9 + max(0, math.ceil(math.log10(far))) if far > 10 else 9, 17)


def _lines(line: str, rows: NDArray[np.number]) -> Iterator[bytes]:
    """Yield the text of `rows` (N, K) in blocks, which bounds the memory for Python numbers."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        yield (line * len(some) % tuple(some.ravel().tolist())).encode()


def _with_gltf_names(mesh: Trimesh) -> Trimesh:
    """Return `mesh` with vertex attributes named as glTF's application-specific attributes."""
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


def _without_colour(mesh: Trimesh) -> Trimesh:
    """Return `mesh` without the attribute `COLOUR`, which trimesh's writers keep elsewhere."""
    if COLOUR not in mesh.vertex_attributes:
        return mesh
    plain = mesh.copy(include_cache=True)
    del plain.vertex_attributes[COLOUR]
    return plain
