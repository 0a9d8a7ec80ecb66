"""Skinning and morph targets in the pose stored in the file."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from onet_cli.meshes.gltf.accessors import Accessors
from onet_cli.meshes.gltf.fields import Fields
from onet_cli.meshes.gltf.scene import Matrix, Scene

Vectors = NDArray[np.float64]


class VertexAttributes(Protocol):
    """The vertex attributes of a primitive."""

    @property
    def primitive(self) -> Fields:
        """The primitive's JSON."""

    @property
    def accessors(self) -> Accessors:
        """The file's accessors."""

    @property
    def used(self) -> NDArray[np.intp]:
        """Indices of the primitive's vertices that are used, ascending."""

    def get(
        self, name: str, widths: tuple[int, ...], normalized: bool | None = None
    ) -> NDArray[np.float64] | None:
        """Return an attribute (V, C), or None."""


@dataclass(frozen=True)
class Pose:
    """The weights of morph targets, and the joint matrices (J, 4, 4), or None without a skin."""

    weights: tuple[float, ...] = ()
    bones: Matrix | None = None

    def apply(
        self, part: VertexAttributes, points: Vectors, normals: Vectors | None
    ) -> tuple[Vectors, Vectors | None, bool]:
        """Return points (V, 3) and normals in this pose, and whether the pose mirrors them.

        Raises:
            SourceError: a vertex refers to a joint that does not exist.

        Source: glTF 2.0, sections 3.7.2.2 (morph targets) and 3.7.3 (skins).
        """
        for weight, target in zip(self.weights, part.primitive.table("targets"), strict=False):
            if weight:
                points = _moved(part, target, "POSITION", weight, points)
                if normals is not None:
                    normals = _moved(part, target, "NORMAL", weight, normals)
        if self.bones is None:
            return points, normals, False
        return _bent(self.bones, part, points, normals)


class Poses:
    """The poses of a file's meshes, with joints placed as in `scene`."""

    def __init__(self, tree: Fields, accessors: Accessors, scene: Scene) -> None:
        self._skins = tree.table("skins")
        self._accessors = accessors
        self._scene = scene
        self.warnings: list[str] = []

    def of(self, node: Fields, mesh: Fields) -> Pose:
        """Return the pose of `mesh` at `node`."""
        weights = (node if "weights" in node else mesh).numbers("weights", [])
        skin = node.index("skin")
        pose = Pose(
            tuple(weights.tolist()), None if skin is None else self._bones(self._skins[skin])
        )
        if (skin is not None or len(weights)) and not self.warnings:
            self.warnings.append("it has a skin or morph targets; it is read in its stored pose")
        return pose

    def _bones(self, skin: Fields) -> Matrix | None:
        joints = skin.indices("joints")
        known = self._scene.matrices
        if not joints or any(joint not in known for joint in joints):
            return None
        matrices = np.stack([known[joint] for joint in joints])
        number = skin.index("inverseBindMatrices")
        if number is None:
            return matrices
        columns = self._accessors.floats(number, (16,))
        if len(columns) < len(joints):
            raise skin.error("has fewer matrices than joints")
        return matrices @ columns[: len(joints)].reshape(-1, 4, 4).transpose(0, 2, 1)


def _moved(
    part: VertexAttributes, target: Fields, name: str, weight: float, values: Vectors
) -> Vectors:
    number = target.index(name)
    if number is None:
        return values
    moves = part.accessors.floats(number, (3,))
    if len(moves) <= part.used[-1]:
        raise target.error("has fewer rows than its primitive has vertices")
    return values + weight * moves[part.used]


def _bent(
    bones: Matrix, part: VertexAttributes, points: Vectors, normals: Vectors | None
) -> tuple[Vectors, Vectors | None, bool]:
    """Return points and normals after linear blend skinning, and whether it mirrors them."""
    joints, weights = part.get("JOINTS_0", (4,), False), part.get("WEIGHTS_0", (4,), True)
    if joints is None or weights is None:
        joints, weights = np.zeros((len(points), 4)), np.eye(1, 4).repeat(len(points), 0)
    more, further = part.get("JOINTS_1", (4,), False), part.get("WEIGHTS_1", (4,), True)
    if more is not None and further is not None:
        joints, weights = np.hstack([joints, more]), np.hstack([weights, further])
    if joints.max() >= len(bones) or joints.min() < 0:
        raise part.primitive.error("refers to a joint that does not exist")
    sums = weights.sum(axis=1, keepdims=True)
    weights = np.where(sums > 0, weights / np.where(sums > 0, sums, 1), np.eye(1, weights.shape[1]))
    blended = np.zeros((len(points), 3, 4))
    for column in range(weights.shape[1]):
        blended += weights[:, column, None, None] * bones[joints[:, column].astype(np.intp), :3]
    linear = blended[..., :3]
    placed = np.einsum("vij,vj->vi", linear, points) + blended[..., 3]
    # Cofactor matrices transform normals even where the matrix is singular.
    x, y, z = (linear[..., column] for column in range(3))
    cofactors = np.stack([np.cross(y, z), np.cross(z, x), np.cross(x, y)], axis=2)
    mirrored = bool((np.einsum("vi,vi->v", x, cofactors[..., 0]) < 0).mean() > 0.5)
    if normals is not None:
        normals = np.einsum("vij,vj->vi", cofactors, normals) * (-1 if mirrored else 1)
    return placed, normals, mirrored
