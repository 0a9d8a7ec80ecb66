"""Concatenation of meshes."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.corners import face_normals
from onet_cli.meshes.loaded import LoadedMesh

_Number = TypeVar("_Number", bound=np.number)


def join(parts: Sequence[LoadedMesh]) -> LoadedMesh:
    """Concatenate one or more parts, with faces in the order of the parts.

    If only some parts have texture coordinates, normals or corner colours, the others get zeros,
    face normals, and material colours. Confidence is kept if all parts have it.
    """
    if len(parts) == 1:
        return parts[0]
    vertices_before = np.cumsum([0, *(len(part.mesh.vertices) for part in parts[:-1])])
    materials_before = np.cumsum([0, *(len(part.appearance.materials) for part in parts[:-1])])
    mesh = make_mesh(
        np.concatenate([part.mesh.vertices for part in parts]),
        np.concatenate(
            [part.mesh.faces + n for part, n in zip(parts, vertices_before, strict=True)]
        ),
    )
    of_face = [
        part.appearance.material_of_face + n
        for part, n in zip(parts, materials_before, strict=True)
    ]
    looks = Appearance(
        tuple(material for part in parts for material in part.appearance.materials),
        np.concatenate(of_face).astype(np.int32),
        _stack(parts, lambda looks: looks.uv, _no_uv),
        _stack(parts, lambda looks: looks.normals, _flat_normals),
        _stack(parts, lambda looks: looks.corner_colours, _plain_colours),
    )
    warnings = dict.fromkeys(warning for part in parts for warning in part.warnings)
    return LoadedMesh(mesh, looks, tuple(warnings), _confidence(parts))


def _confidence(parts: Sequence[LoadedMesh]) -> NDArray[np.float32] | None:
    known = [part.confidence for part in parts if part.confidence is not None]
    return np.concatenate(known) if len(known) == len(parts) else None


def _stack(
    parts: Sequence[LoadedMesh],
    get: Callable[[Appearance], NDArray[_Number] | None],
    fill: Callable[[LoadedMesh], NDArray[_Number]],
) -> NDArray[_Number] | None:
    arrays = [get(part.appearance) for part in parts]
    if all(array is None for array in arrays):
        return None
    return np.concatenate(
        [fill(part) if array is None else array for part, array in zip(parts, arrays, strict=True)]
    )


def _no_uv(part: LoadedMesh) -> NDArray[np.float32]:
    return np.zeros((len(part.mesh.faces), 3, 2), np.float32)


def _flat_normals(part: LoadedMesh) -> NDArray[np.float32]:
    normals = face_normals(np.asarray(part.mesh.vertices), part.mesh.faces)
    return np.repeat(normals[:, None], 3, axis=1).astype(np.float32)


def _plain_colours(part: LoadedMesh) -> NDArray[np.uint8]:
    colours = np.array([m.colour for m in part.appearance.materials], np.uint8)
    return np.repeat(colours[part.appearance.material_of_face][:, None], 3, axis=1)
