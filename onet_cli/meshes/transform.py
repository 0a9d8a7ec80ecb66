"""Affine transforms of meshes with their appearance."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.corners import unit
from onet_cli.meshes.loaded import LoadedMesh

_Number = TypeVar("_Number", bound=np.number)


def transform(loaded: LoadedMesh, matrix: NDArray[np.floating]) -> LoadedMesh:
    """Return the mesh transformed by `matrix`, (3, 3) or (4, 4), acting on column vectors.

    Normals stay perpendicular to the surface. A mirroring matrix reverses the faces, so that they
    still face outwards.

    Raises:
        InvalidGeometryError: the matrix has another shape, is not finite, affine and invertible.
    """
    matrix = np.asarray(matrix, np.float64)
    if matrix.shape not in ((3, 3), (4, 4)) or not np.isfinite(matrix).all():
        raise InvalidGeometryError(f"a transform must be finite and 3 x 3 or 4 x 4: {matrix}")
    linear, offset = matrix[:3, :3], matrix[:3, 3] if len(matrix) == 4 else np.zeros(3)
    sign = handedness(linear)
    if sign == 0 or (len(matrix) == 4 and not np.array_equal(matrix[3], (0, 0, 0, 1))):
        raise InvalidGeometryError(f"a transform must be affine and invertible: {matrix}")
    mesh, looks = loaded.mesh, loaded.appearance
    faces = np.asarray(mesh.faces)
    if looks.normals is not None:
        turned = unit(looks.normals @ np.linalg.inv(linear))
        looks = replace(looks, normals=turned.astype(np.float32))
    if sign < 0:
        faces, looks = faces[:, ::-1], _reversed(looks)
    return replace(
        loaded, mesh=make_mesh(mesh.vertices @ linear.T + offset, faces), appearance=looks
    )


def handedness(linear: NDArray[np.floating]) -> float:
    """Return the sign of the determinant of a (3, 3) matrix: -1 if it mirrors, 0 if singular.

    The determinant itself overflows, or becomes 0, for the scale of an object of 1e-150 or 1e150.
    """
    sign: float = np.linalg.slogdet(linear)[0]
    return sign


def _reversed(looks: Appearance) -> Appearance:
    """Return `looks` for faces with reversed corner order."""

    def turn(array: NDArray[_Number] | None) -> NDArray[_Number] | None:
        return None if array is None else np.ascontiguousarray(array[:, ::-1])

    return replace(
        looks,
        uv=turn(looks.uv),
        normals=turn(looks.normals),
        corner_colours=turn(looks.corner_colours),
    )
