"""Reader of 3MF files with their build transforms. Source: 3MF Core Specification 1.3."""

from dataclasses import replace
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import EmptyMeshError, SourceError
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.parts import join
from onet_cli.meshes.threemf.objects import (
    Groups,
    Reader,
    attribute,
    children,
    read_groups,
    read_transform,
)
from onet_cli.meshes.threemf.package import Package
from onet_cli.meshes.transform import handedness, transform

DEEPEST = 100
"""Maximum depth of nested objects."""

MOST_PARTS = 100_000
"""Maximum number of placed objects."""

Matrix = NDArray[np.float64]
_METRES = {
    "micron": 1e-6, "millimeter": 1e-3, "centimeter": 1e-2, "meter": 1.0, "inch": 0.0254,
    "foot": 0.3048,
}  # fmt: skip


def read_3mf(file: MeshFile) -> LoadedMesh:
    """Return the mesh of a 3MF file in millimetres, with base materials and colours.

    Build items are placed by their transforms; without build items, each object that is not a
    component is placed once. Support structures are left out, and textures give a warning.

    Raises:
        SourceError: it is not a 3MF file, is damaged or too large, or declares XML entities.
    """
    package = Package(file.name, file.data)
    model = _Model(file, package)
    path = package.model_path()
    root = model.root(path)
    items = [item for build in children(root, "build") for item in children(build, "item")]
    for item in items:
        matrix = read_transform(file.name, item.get("transform"))
        model.place(attribute(item, "path") or path, item.get("objectid", ""), matrix, 1)
    if not items:
        for number in model.free_objects(path):
            model.place(path, number, np.eye(4), 1)
    if not model.placed:
        raise EmptyMeshError(f"{file.name} has no faces")
    return replace(join(model.placed), warnings=tuple(model.warnings))


class _Model:
    """The objects of a package, each read once; `placed` are the meshes of the build."""

    def __init__(self, file: MeshFile, package: Package) -> None:
        self._file = file
        self._package = package
        self._roots: dict[str, Element] = {}
        self._objects: dict[str, dict[str, Element]] = {}
        self._meshes: dict[tuple[str, str], LoadedMesh | None] = {}
        self._groups: dict[str, Groups] = {}
        self._faces = 0
        self._visits = 0
        self.placed: list[LoadedMesh] = []
        self.warnings: list[str] = []

    def root(self, path: str) -> Element:
        """Return the root of a model part."""
        if path not in self._roots:
            root = self._package.xml(path)
            self._roots[path] = root
            self._objects[path] = {
                item.get("id", ""): item
                for resources in children(root, "resources")
                for item in children(resources, "object")
            }
            self._groups[path] = {
                number: colours
                for resources in children(root, "resources")
                for number, colours in read_groups(resources).items()
            }
            if any(children(r, "texture2d", "texture2dgroup") for r in children(root, "resources")):
                self.warnings.append("it has textures, which are not supported")
        return self._roots[path]

    def free_objects(self, path: str) -> list[str]:
        """Return the objects of a model part that are not components of others."""
        used = {
            component.get("objectid")
            for item in self._objects[path].values()
            for components in children(item, "components")
            for component in components
        }
        return [number for number in self._objects[path] if number not in used]

    def place(self, path: str, number: str, matrix: Matrix, depth: int) -> None:
        """Place an object and its components with the transform `matrix` (4, 4)."""
        name = self._file.name
        root = self.root(path)
        item = self._objects[path].get(number)
        if item is None:
            raise SourceError(f"{name} is damaged: there is no object {number[:20]!r}")
        self._visits += 1
        if depth > DEEPEST or self._visits > MOST_PARTS:
            raise SourceError(f"{name} is damaged: its objects form a cycle, or are too many")
        if item.get("type") in ("support", "solidsupport"):
            return
        key = path, number
        if key not in self._meshes:
            self._meshes[key] = Reader(name, self._groups[path]).mesh(item)
        self._add(self._meshes[key], _in_millimetres(root) @ matrix)
        for components in children(item, "components"):
            for part in children(components, "component"):
                inner = matrix @ read_transform(name, part.get("transform"))
                self.place(
                    attribute(part, "path") or path, part.get("objectid", ""), inner, depth + 1
                )

    def _add(self, mesh: LoadedMesh | None, matrix: Matrix) -> None:
        # A singular transform leaves nothing visible.
        if mesh is None or not np.isfinite(matrix).all() or not handedness(matrix[:3, :3]):
            return
        self._faces += len(mesh.mesh.faces)
        if self._faces > self._file.most_faces:
            raise SourceError(f"{self._file.name} has more than {self._file.most_faces} faces")
        self.placed.append(transform(mesh, matrix))


def _in_millimetres(root: Element) -> Matrix:
    metres = _METRES.get(root.get("unit", "millimeter"), 1e-3)
    scale = metres / 1e-3
    return np.diag([scale, scale, scale, 1.0])
