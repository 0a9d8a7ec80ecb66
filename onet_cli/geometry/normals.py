"""Normals for shading: smooth on curved surfaces, sharp at edges."""

import numpy as np
from numpy.typing import NDArray
from trimesh.grouping import unique_rows

from onet_cli._ext import rasterize as kernel
from onet_cli.geometry.mesh import check_faces

CREASE_DEG = 40.0
"""Faces that meet at a sharper angle are not smoothed together."""

MERGE_DIGITS = 5  # of the scene's radius: polygon soup repeats vertices with rounding differences
CROWD = 400  # corners at one vertex; the centre of a larger fan keeps its faces' own normals


def smooth_normals(
    vertices: NDArray[np.float64], faces: NDArray[np.int32], crease_deg: float = CREASE_DEG
) -> NDArray[np.float32]:
    """Return unit normals (F, 3, 3) at the corners of `faces` (F, 3).

    Each is the mean, by angle (Thürmer and Wüthrich, 1998), of the faces round the vertex that are
    tilted by less than `crease_deg` against the corner's own, wound either way. `vertices` (V, 3)
    lie in a ball of radius 1; coincident ones count as one. Faces without area get zeros.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there.
    """
    flat = face_normals(vertices, faces)
    vertices = np.ascontiguousarray(vertices, np.float64)
    faces = np.ascontiguousarray(faces, np.int32)
    first, place = unique_rows(vertices, digits=MERGE_DIGITS)  # type: ignore[no-untyped-call]
    merged = place.reshape(-1)[faces].reshape(-1)
    order = np.argsort(merged, kind="stable").astype(np.int64)
    starts = np.searchsorted(merged[order], np.arange(len(first) + 1)).astype(np.int64)
    normals = np.zeros((len(faces), 3, 3), np.float32)
    crease = float(np.cos(np.radians(crease_deg)))
    kernel.corner_normals(vertices, faces, flat, starts, order, crease, CROWD, normals)
    return normals


def vertex_normals(
    vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return unit normals (V, 3): the mean of the faces' around each vertex, weighted by angle.

    Zeros for vertices without a face of nonzero area.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there.

    Source: Thürmer and Wüthrich, Journal of Graphics Tools 1998.
    """
    places = np.ascontiguousarray(vertices, dtype=np.float64)
    check_faces(np.asarray(faces), len(places))
    normals = np.zeros(places.shape)
    kernel.vertex_normals(places, np.ascontiguousarray(faces, dtype=np.int32), normals)
    return normals


def face_normals(vertices: NDArray[np.float64], faces: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return unit normals (F, 3); zeros where a face has no area.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there.
    """
    check_faces(np.asarray(faces), len(vertices))
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(
        normals, length, out=np.zeros_like(normals), where=length > 0
    )
    return unit
