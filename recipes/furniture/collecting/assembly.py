"""Furniture put together from its parts, as a MuJoCo file (.xml) places them."""

import io
import posixpath
from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import trimesh
from numpy.typing import NDArray

from collecting.parts import Part

Read = Callable[[str], bytes]

_Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


def read_assembly(read: Read, path: str) -> list[Part]:
    """Return the meshes of all bodies where they stand, y up, without colours.

    The largest is named `main`, the others `rest`.

    Args:
        read: gives the bytes of a file by its path.
        path: the .xml file; the meshes' names in it are relative to its folder.
    """
    root = ElementTree.fromstring(read(path))
    meshes = {}
    for mesh in root.iter("mesh"):
        name, file = mesh.get("name", ""), mesh.get("file", "")
        meshes[name] = (file, _numbers(mesh.get("scale"), (1.0, 1.0, 1.0)))
    world = root.find("worldbody")
    parts: list[Part] = []
    if world is not None:
        _collect(world, _Y_UP, meshes, lambda file: _mesh(read, path, file), parts)
    sizes = [float(np.prod(np.ptp(part.points, axis=0))) for part in parts]
    largest = int(np.argmax(sizes)) if sizes else -1
    return [replace(p, name="main" if i == largest else "rest") for i, p in enumerate(parts)]


def _collect(
    element: ElementTree.Element,
    frame: NDArray[np.float64],
    meshes: dict[str, tuple[str, NDArray[np.float64]]],
    load: Callable[[str], trimesh.Trimesh],
    parts: list[Part],
) -> None:
    for child in element:
        if child.tag not in ("body", "geom"):
            continue
        placed = frame @ _pose(child)
        if child.tag == "body":
            _collect(child, placed, meshes, load, parts)
        elif child.get("type") == "mesh":
            file, scale = meshes[child.get("mesh", "")]
            mesh = load(file)
            points = trimesh.transform_points(mesh.vertices * scale, placed)
            faces = np.asarray(mesh.faces, np.int64)
            if np.prod(scale) < 0:
                faces = faces[:, ::-1]
            parts.append(Part(points, faces, node=child.get("name", "")))


def _pose(element: ElementTree.Element) -> NDArray[np.float64]:
    matrix = trimesh.transformations.quaternion_matrix(  # type: ignore[no-untyped-call]
        _numbers(element.get("quat"), (1.0, 0.0, 0.0, 0.0))
    )
    matrix[:3, 3] = _numbers(element.get("pos"), (0.0, 0.0, 0.0))
    return np.asarray(matrix, np.float64)


def _mesh(read: Read, path: str, file: str) -> trimesh.Trimesh:
    data = read(posixpath.normpath(posixpath.join(posixpath.dirname(path), file)))
    mesh = trimesh.load_mesh(io.BytesIO(data), file_type="stl", process=False)
    if not isinstance(mesh, trimesh.Trimesh):
        raise ValueError(f"{file} holds no mesh")
    return mesh


def _numbers(text: str | None, default: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array([float(word) for word in text.split()] if text else default)
