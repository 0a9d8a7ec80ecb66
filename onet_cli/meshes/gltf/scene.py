"""glTF scene graph: nodes, their transforms, and instances."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from onet_cli.meshes.gltf.accessors import Accessors
from onet_cli.meshes.gltf.fields import Fields, unreadable

MOST_PLACES = 200_000
"""Maximum nodes and instances of a scene: a few nodes can repeat others exponentially."""

DEEPEST = 1000
"""Maximum depth of nested nodes."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """A mesh in the scene with its world `matrix` (4, 4) and its `node`."""

    mesh: int
    node: Fields
    matrix: Matrix


@dataclass
class Scene:
    """The `places` of meshes in depth-first order, and the world matrix of each node by index."""

    places: list[Place] = field(default_factory=list)
    matrices: dict[int, Matrix] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_scene(tree: Fields, accessors: Accessors) -> Scene:
    """Return the file's default scene, else its first scene, else all root nodes.

    In a file without nodes, each mesh is placed once. Hidden nodes are left out.

    Raises:
        SourceError: nodes form a cycle, are nested too deeply, are too many, or are damaged.
    """
    nodes = tree.table("nodes")
    scene = Scene()
    if not len(nodes):
        for number in range(len(tree.table("meshes"))):
            scene.places.append(Place(number, Fields(tree.name, "", {}), np.eye(4)))
        return scene
    waiting = [(node, np.eye(4), 1) for node in reversed(_roots(tree, scene))]
    seen = 0
    while waiting:
        number, above, depth = waiting.pop()
        node = nodes[number]
        seen += 1
        if depth > min(len(nodes), DEEPEST):
            raise unreadable(tree.name, "its nodes form a cycle, or are nested too deeply")
        visibility = node.extension("KHR_node_visibility")
        if visibility is not None and visibility.values.get("visible") is False:
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            matrix = above @ _local(node)
        scene.matrices.setdefault(number, matrix)
        _place(node, matrix, accessors, scene)
        if seen + len(scene.places) > MOST_PLACES:
            raise unreadable(tree.name, f"it has more than {MOST_PLACES} nodes and instances")
        children = node.indices("children")
        waiting += [(child, matrix, depth + 1) for child in reversed(children)]
    return scene


def _roots(tree: Fields, scene: Scene) -> list[int]:
    scenes = tree.table("scenes")
    if not len(scenes):
        children = {child for node in tree.table("nodes") for child in node.indices("children")}
        return [number for number in range(len(tree.table("nodes"))) if number not in children]
    chosen = tree.index("scene")
    if chosen is None and len(scenes) > 1:
        scene.warnings.append(f"it has {len(scenes)} scenes; only the first is read")
    return list(dict.fromkeys(scenes[chosen or 0].indices("nodes")))


def _place(node: Fields, matrix: Matrix, accessors: Accessors, scene: Scene) -> None:
    mesh = node.index("mesh")
    if mesh is None:
        return
    instancing = node.extension("EXT_mesh_gpu_instancing")
    if instancing is None:
        scene.places.append(Place(mesh, node, matrix))
        return
    local = _instances(instancing, accessors)
    if len(scene.places) + len(local) > MOST_PLACES:
        raise node.error(f"has more than {MOST_PLACES} instances")
    scene.places += [Place(mesh, node, matrix @ one) for one in local]


def _instances(instancing: Fields, accessors: Accessors) -> Matrix:
    """Return the matrices (N, 4, 4) of instances. Source: EXT_mesh_gpu_instancing."""
    attributes = instancing.child("attributes")
    given = {
        key: accessors.floats(attributes.count(key), (width,))
        for key, width in (("TRANSLATION", 3), ("ROTATION", 4), ("SCALE", 3))
        if key in attributes
    }
    count = min((len(values) for values in given.values()), default=1)
    return placements(
        given.get("TRANSLATION", np.zeros((count, 3)))[:count],
        given.get("ROTATION", np.tile([0.0, 0.0, 0.0, 1.0], (count, 1)))[:count],
        given.get("SCALE", np.ones((count, 3)))[:count],
    )


def _local(node: Fields) -> Matrix:
    """Return a node's local matrix (4, 4), given directly or as translation, rotation, scale."""
    if "matrix" in node:
        matrix: Matrix = node.numbers("matrix", np.eye(4).ravel().tolist()).reshape(4, 4).T.copy()
        matrix[3] = 0, 0, 0, 1  # required by the specification; removes rounding errors
        return matrix
    (one,) = placements(
        node.numbers("translation", [0.0, 0.0, 0.0])[None],
        node.numbers("rotation", [0.0, 0.0, 0.0, 1.0])[None],
        node.numbers("scale", [1.0, 1.0, 1.0])[None],
    )
    result: Matrix = one
    return result


def placements(offsets: Matrix, turns: Matrix, scales: Matrix) -> Matrix:
    """Return matrices (N, 4, 4) that scale, rotate by quaternions (N, 4) x y z w, and translate.

    Quaternions need not be normalised; a zero quaternion is the identity.
    """
    lengths = np.linalg.norm(turns, axis=1, keepdims=True)
    x, y, z, w = np.where(lengths > 0, turns / np.where(lengths > 0, lengths, 1), [0, 0, 0, 1]).T
    result = np.zeros((len(turns), 4, 4))
    result[:, 3, 3] = 1
    result[:, :3, 3] = offsets
    result[:, 0, :3] = np.stack(
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], 1
    )
    result[:, 1, :3] = np.stack(
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], 1
    )
    result[:, 2, :3] = np.stack(
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], 1
    )
    result[:, :3, :3] *= scales[:, None]
    return result
