"""glTF mesh primitives: vertices, faces and appearance, in their local frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.mesh import GLTF_CONFIDENCE, make_mesh
from onet_cli.meshes.corners import (
    checked_indices,
    checked_points,
    corner_normals,
    vertex_confidence,
)
from onet_cli.meshes.gltf.accessors import Accessors
from onet_cli.meshes.gltf.container import DRACO, compressed
from onet_cli.meshes.gltf.fields import Fields
from onet_cli.meshes.gltf.looks import Looks
from onet_cli.meshes.gltf.pose import Pose
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.strips import fan_faces, strip_faces

_TRIANGLES, _STRIP, _FAN = 4, 5, 6


@dataclass(frozen=True)
class Attributes:
    """The attributes of the vertices (V,) of one primitive that faces use."""

    primitive: Fields
    accessors: Accessors
    used: NDArray[np.intp]
    count: int
    warnings: list[str]

    def get(
        self, name: str, widths: tuple[int, ...], normalized: bool | None = None
    ) -> NDArray[np.float64] | None:
        """Return an attribute (V, C), or None if it is missing or has the wrong length."""
        number = self.primitive.child("attributes").index(name)
        if number is None:
            return None
        values = self.accessors.floats(number, widths, normalized)
        if len(values) != self.count:
            self.warnings.append(f"{name} of a primitive has the wrong length")
            return None
        return values[self.used]


def read_primitive(
    primitive: Fields, accessors: Accessors, looks: Looks, pose: Pose
) -> LoadedMesh | None:
    """Return one primitive in its `pose`, or None if it has no triangles.

    Raises:
        SourceError: it is damaged or compressed.
    """
    mode = primitive.count("mode", _TRIANGLES)
    number = primitive.child("attributes").index("POSITION")
    if mode not in (_TRIANGLES, _STRIP, _FAN) or number is None:
        return None
    if primitive.extension(DRACO) is not None and not accessors.has_bytes(number):
        raise compressed(primitive.name, DRACO)
    points = accessors.floats(number, (3,))
    faces = _faces(primitive, accessors, mode, len(points))
    if not len(faces):
        return None
    present = np.zeros(len(points), bool)
    present[faces] = True
    used = np.flatnonzero(present)
    faces = (np.cumsum(present) - 1)[faces]
    attributes = Attributes(primitive, accessors, used, len(points), [])
    normals = attributes.get("NORMAL", (3,))
    placed, normals, mirrored = pose.apply(attributes, points[used], normals)
    placed = checked_points(primitive.name, placed, faces)
    if mirrored:
        faces = faces[:, ::-1]
    appearance = looks.of_part(attributes, faces)
    confidence = attributes.get(GLTF_CONFIDENCE, (1,))
    return LoadedMesh(
        make_mesh(placed, faces),
        _with_normals(appearance, placed, faces, normals),
        tuple(attributes.warnings),
        vertex_confidence(confidence, len(placed)),
    )


def _faces(primitive: Fields, accessors: Accessors, mode: int, count: int) -> NDArray[np.intp]:
    number = primitive.index("indices")
    if number is None:
        indices = np.arange(count)
    else:
        indices = checked_indices(primitive.name, accessors.integers(number)[:, 0], count)
    if mode == _STRIP:
        return strip_faces(indices).astype(np.intp)
    if mode == _FAN:
        return fan_faces(indices).astype(np.intp)
    return indices[: len(indices) // 3 * 3].reshape(-1, 3)


def _with_normals(
    looks: Appearance,
    points: NDArray[np.float64],
    faces: NDArray[np.intp],
    normals: NDArray[np.float64] | None,
) -> Appearance:
    if normals is None:
        return looks
    return Appearance(
        looks.materials,
        looks.material_of_face,
        looks.uv,
        corner_normals(points, faces, normals, faces),
        looks.corner_colours,
    )
