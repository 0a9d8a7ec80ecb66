"""Reader of glTF files (.glb, .gltf) with their scene graph."""

from dataclasses import replace

import numpy as np

from onet_cli.errors import EmptyMeshError, SourceError
from onet_cli.meshes.file import MeshFile
from onet_cli.meshes.gltf.accessors import Accessors
from onet_cli.meshes.gltf.buffers import Buffers
from onet_cli.meshes.gltf.container import open_container
from onet_cli.meshes.gltf.fields import Fields
from onet_cli.meshes.gltf.looks import Looks
from onet_cli.meshes.gltf.pictures import Pictures
from onet_cli.meshes.gltf.pose import Pose, Poses
from onet_cli.meshes.gltf.primitives import read_primitive
from onet_cli.meshes.gltf.scene import Place, read_scene
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.parts import join
from onet_cli.meshes.transform import handedness, transform


def read_gltf(file: MeshFile) -> LoadedMesh:
    """Return the mesh of a .glb or .gltf file: all primitives of its scene, transformed.

    Base colours and their textures, vertex colours and transparency are kept, other channels are
    not. Unsupported content gives warnings.

    Raises:
        SourceError: the file is not glTF 2, is damaged or compressed, or refers to a missing
            buffer.
    """
    container = open_container(file.name, file.data)
    tree = container.tree
    buffers = Buffers(container, file.files)
    accessors = Accessors(tree, buffers)
    pictures = Pictures(tree, buffers)
    # trimesh writes sRGB colours where the standard requires linear ones.
    generator = str(tree.child("asset").values.get("generator", ""))
    looks = Looks(tree, pictures, linear="trimesh" not in generator)
    scene = read_scene(tree, accessors)
    poses = Poses(tree, accessors, scene)
    parts = _Parts(file, tree, accessors, looks, poses)
    placed = parts.placed(scene.places)
    if not placed:
        raise EmptyMeshError(f"{file.name} has no faces")
    whole = join(placed)
    warnings = (
        *container.warnings,
        *scene.warnings,
        *poses.warnings,
        *pictures.warnings,
        *whole.warnings,
    )
    return replace(whole, warnings=tuple(dict.fromkeys(warnings)))


class _Parts:
    """The primitives of one file's meshes, each read once per pose."""

    def __init__(
        self, file: MeshFile, tree: Fields, accessors: Accessors, looks: Looks, poses: Poses
    ) -> None:
        self._file = file
        self._meshes = tree.table("meshes")
        self._accessors = accessors
        self._looks = looks
        self._poses = poses
        self._known: dict[tuple[str, tuple[float, ...], bytes], LoadedMesh | None] = {}
        self._faces = 0

    def placed(self, places: list[Place]) -> list[LoadedMesh]:
        """Return all transformed primitives, grouped by mesh, in the order of the file."""
        by_mesh: dict[int, list[Place]] = {}
        for place in places:
            by_mesh.setdefault(place.mesh, []).append(place)
        placed = []
        for number, of_mesh in sorted(by_mesh.items()):
            mesh = self._meshes[number]
            poses = [self._poses.of(place.node, mesh) for place in of_mesh]
            for primitive in mesh.table("primitives"):
                for place, pose in zip(of_mesh, poses, strict=True):
                    part = self._placed(primitive, place, pose)
                    placed += [] if part is None else [part]
        return placed

    def _placed(self, primitive: Fields, place: Place, pose: Pose) -> LoadedMesh | None:
        matrix = place.matrix if pose.bones is None else np.eye(4)
        # A singular or infinite transform leaves nothing visible.
        if not (np.isfinite(matrix).all() and handedness(matrix[:3, :3])):
            return None
        part = self._part(primitive, pose)
        if part is None:
            return None
        self._faces += len(part.mesh.faces)
        if self._faces > self._file.most_faces:
            raise SourceError(f"{self._file.name} has more than {self._file.most_faces} faces")
        return transform(part, matrix)

    def _part(self, primitive: Fields, pose: Pose) -> LoadedMesh | None:
        bones = b"" if pose.bones is None else pose.bones.tobytes()
        key = primitive.path, pose.weights, bones
        if key not in self._known:
            self._known[key] = read_primitive(primitive, self._accessors, self._looks, pose)
        return self._known[key]
