"""Meshes with their looks in few bytes, about four a face.

What is lost: positions are rounded to 1/16384 of the cube's edge and texture coordinates to 1/1024
of the picture's, pictures are small JPEGs, and meshes of many faces are simplified and have one
colour a vertex in place of pictures.
"""

import io
from dataclasses import dataclass, replace

import numpy as np
import trimesh
from collecting.parts import make_material
from numpy.typing import NDArray
from PIL import Image
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import PBRMaterial

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.nearest import nearest
from onet_cli.geometry.simplify import simplify
from onet_cli.meshes.vertex_colours import vertex_colours

STEPS = 16384
"""Steps of a position across the unit cube."""

UV_STEPS = 1024
"""Steps of a texture coordinate across a picture."""

_FAR = 2**20
Integers = NDArray[np.int32]


@dataclass(frozen=True)
class Look:
    """A material: sRGB `colour` in 0..255, `opacity`, `gloss` in 0..1; `picture` is a JPEG file."""

    colour: tuple[int, int, int]
    opacity: float
    gloss: float
    picture: bytes | None


@dataclass(frozen=True)
class PackedMesh:
    """A mesh of V points and F faces in integers.

    `points` (V, 3) count `STEPS` from a corner of the unit cube, `uv` (V, 2) `UV_STEPS`; `colours`
    (V, 3) are sRGB. Either `colours` or `uv` and `looks` with `look_of_face` (F, 1) are given; the
    others have no rows.
    """

    name: str
    points: Integers
    faces: Integers
    uv: Integers
    colours: Integers
    look_of_face: Integers
    looks: tuple[Look, ...] = ()


def pack(
    name: str, mesh: trimesh.Trimesh, appearance: Appearance, most_faces: int, picture: int
) -> PackedMesh:
    """Return a mesh in the unit cube, packed.

    Args:
        name: the object's.
        mesh: its triangles, within 0.5 of the origin.
        appearance: their looks.
        most_faces: more are simplified, and coloured by vertex.
        picture: longest edge of a texture in pixels.
    """
    if len(mesh.faces) > most_faces:
        return _pack_coloured(name, mesh, appearance, most_faces)
    uv = np.zeros((len(mesh.faces), 3, 2)) if appearance.uv is None else appearance.uv
    corners = np.concatenate([mesh.vertices[mesh.faces], np.nan_to_num(uv)], axis=2).reshape(-1, 5)
    shift, steps = np.array([0.5, 0.5, 0.5, 0, 0]), np.array([STEPS] * 3 + [UV_STEPS] * 2)
    rounded = np.clip(np.rint((corners + shift) * steps), -_FAR, _FAR)
    rows, index = np.unique(rounded.astype(np.int32), axis=0, return_inverse=True)
    used, look = np.unique(appearance.material_of_face, return_inverse=True)
    looks = tuple(_look(appearance.materials[number], picture) for number in used)
    packed = PackedMesh(
        name,
        rows[:, :3],
        index.reshape(-1, 3).astype(np.int32),
        rows[:, 3:] if any(look.picture for look in looks) else _none(2),
        _none(3),
        look.reshape(-1, 1).astype(np.int32),
        looks,
    )
    return _in_order(packed)


def _pack_coloured(
    name: str, mesh: trimesh.Trimesh, appearance: Appearance, most_faces: int
) -> PackedMesh:
    colours = vertex_colours(mesh.faces, appearance, len(mesh.vertices))
    small = simplify(mesh, most_faces)
    if colours is None:
        colours = np.full((len(mesh.vertices), 3), Material().colour, np.uint8)
    _, places = nearest(small.vertices, mesh.vertices)
    points = np.clip(np.rint((small.vertices + 0.5) * STEPS), 0, STEPS).astype(np.int32)
    faces = np.asarray(small.faces, np.int32)
    found = colours[places].astype(np.int32)
    return _in_order(PackedMesh(name, points, faces, _none(2), found, _none(1)))


def _none(columns: int) -> Integers:
    return np.zeros((0, columns), np.int32)


def _look(material: Material, edge: int) -> Look:
    picture = None
    if material.texture is not None:
        small = Image.fromarray(material.texture[..., :3])
        small.thumbnail((edge, edge))
        data = io.BytesIO()
        small.save(data, "JPEG", quality=80)
        picture = data.getvalue()
    return Look(material.colour, round(material.opacity, 3), round(material.gloss, 3), picture)


def _in_order(mesh: PackedMesh) -> PackedMesh:
    """Return `mesh` with neighbours in space beside each other, which compresses better."""
    order = np.argsort(_interleaved(mesh.points), kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    faces = place[mesh.faces]
    turn = (faces.argmin(axis=1)[:, None] + [0, 1, 2]) % 3
    faces = np.take_along_axis(faces, turn, axis=1)
    rows = np.lexsort(faces.T[::-1])
    return replace(
        mesh,
        points=mesh.points[order],
        faces=faces[rows],
        uv=mesh.uv[order] if len(mesh.uv) else mesh.uv,
        colours=mesh.colours[order] if len(mesh.colours) else mesh.colours,
        look_of_face=mesh.look_of_face[rows] if len(mesh.look_of_face) else mesh.look_of_face,
    )


def _interleaved(points: Integers) -> NDArray[np.int64]:
    code = np.zeros(len(points), np.int64)
    for bit in range(STEPS.bit_length()):
        for axis in range(3):
            code |= ((points[:, axis].astype(np.int64) >> bit) & 1) << (3 * bit + axis)
    return code


def unpack(packed: PackedMesh) -> bytes:
    """Return a packed mesh as a .glb file."""
    points = packed.points / STEPS - 0.5
    scene = trimesh.Scene()
    if len(packed.colours):
        mesh = trimesh.Trimesh(points, packed.faces, process=False)
        mesh.visual = ColorVisuals(mesh, vertex_colors=packed.colours.astype(np.uint8))
        scene.add_geometry(mesh)
    for number, look in enumerate(packed.looks):
        own = packed.faces[packed.look_of_face[:, 0] == number]
        used, faces = np.unique(own, return_inverse=True)
        mesh = trimesh.Trimesh(points[used], faces.reshape(-1, 3), process=False)
        uv = packed.uv[used] / UV_STEPS if look.picture is not None else None
        mesh.visual = TextureVisuals(uv=uv, material=_material(look))  # type: ignore[no-untyped-call]
        scene.add_geometry(mesh, geom_name=f"part{number}", node_name=f"part{number}")
    return bytes(scene.export(file_type="glb"))  # type: ignore[no-untyped-call]


def _material(look: Look) -> PBRMaterial:
    factor = [*(value / 255 for value in look.colour), look.opacity]
    picture = None
    if look.picture is not None:
        factor, picture = [1.0, 1.0, 1.0, look.opacity], Image.open(io.BytesIO(look.picture))
    return make_material(factor, picture, roughness=1 - look.gloss, blend=look.opacity < 1)
