"""glTF files, with the parts of their scene in place. trimesh takes the format apart."""

import io
import json
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from trimesh.resolvers import Resolver

from onet_cli.errors import SourceError
from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.mesh import make_mesh
from onet_cli.preprocessing.meshes.corners import (
    checked_indices,
    checked_points,
    corner_normals,
    vertex_colours,
)
from onet_cli.preprocessing.meshes.files import MeshFiles, read_referred
from onet_cli.preprocessing.meshes.loaded import LoadedMesh
from onet_cli.preprocessing.meshes.parts import join
from onet_cli.preprocessing.meshes.textures import Picture, shrink
from onet_cli.preprocessing.meshes.transform import transform

_COMPRESSIONS = ("KHR_draco_mesh_compression", "EXT_meshopt_compression")
_MOST_ITEMS = 10**8  # rows of one table; a header may claim any number without the bytes for it
_GLB_HEADER = 20


def read_gltf(files: MeshFiles, name: str, data: bytes, most_faces: int) -> LoadedMesh:
    """Return the mesh of a .glb or .gltf file: all parts of its scene, where they stand.

    Base colours, their pictures and transparency are kept; other channels are not.

    Raises:
        SourceError: the file is no glTF 2, is damaged, or lacks a file that it refers to.
    """
    header = _header(name, data)
    resolver = _Resolver(files, name)
    kind = "glb" if data[:4] == b"glTF" else "gltf"
    try:
        scene = trimesh.load_scene(
            io.BytesIO(data), file_type=kind, resolver=resolver, process=False
        )
        placed = [scene.graph.get(node) for node in scene.graph.nodes_geometry]
    except Exception as error:  # trimesh's reader fails in many ways
        lacking = [file for file in resolver.missing if not _is_picture(file)]
        reason = f": {lacking[0]} is missing" if lacking else ""
        raise SourceError(f"{name} is not a readable glTF file{reason}") from error
    meshes = {
        key: part for key, part in scene.geometry.items() if isinstance(part, trimesh.Trimesh)
    }
    placed = [(matrix, key) for matrix, key in placed if key in meshes]
    if not placed:
        raise SourceError(f"{name} holds no faces")
    if sum(len(meshes[key].faces) for _, key in placed) > most_faces:
        raise SourceError(f"{name} has more than {most_faces} faces")
    reader = _Parts(name, linear="trimesh" not in str(header["asset"].get("generator", "")))
    parts = {key: reader.part(meshes[key]) for key in dict.fromkeys(key for _, key in placed)}
    whole = join([transform(parts[key], matrix) for matrix, key in placed if np.linalg.det(matrix)])
    warnings = [f"texture {file!r} is missing" for file in resolver.missing]
    return LoadedMesh(whole.mesh, whole.appearance, (*warnings, *reader.warnings))


def _header(name: str, data: bytes) -> dict[str, Any]:
    """Return the JSON of a file that claims nothing absurd."""
    text = data
    if data[:4] == b"glTF":
        length = int.from_bytes(data[12:16], "little")
        text = data[_GLB_HEADER : _GLB_HEADER + length]
    try:
        header = json.loads(text)
        counts = [int(accessor["count"]) for accessor in header.get("accessors", [])]
        required = list(header.get("extensionsRequired", []))
        header["asset"].get("version")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise SourceError(f"{name} is not a readable glTF file") from None
    if any(not 0 <= count <= _MOST_ITEMS for count in counts):
        raise SourceError(f"{name} is not a readable glTF file: its counts make no sense")
    compressed = [extension for extension in required if extension in _COMPRESSIONS]
    if compressed:
        raise SourceError(
            f"{name} is compressed ({compressed[0]}), which cannot be read",
            hint="export it again without compression",
        )
    return dict(header)


class _Resolver(Resolver):
    """Gives trimesh the files of the source and no others, and notes what was missing."""

    def __init__(self, files: MeshFiles, name: str) -> None:
        self._files = files
        self._name = name
        self.missing: list[str] = []

    def get(self, key: str) -> bytes:
        data = read_referred(self._files, self._name, key)
        if data is None:
            self.missing.append(key)
            raise KeyError(key)
        return data

    def write(self, name: str, data: object) -> None:
        raise NotImplementedError

    def namespaced(self, namespace: str) -> "Resolver":
        raise NotImplementedError

    def keys(self) -> list[str]:
        return []


class _Parts:
    """Turns trimesh's parts into ours. Colours are `linear` as the standard wants, or sRGB."""

    def __init__(self, name: str, linear: bool) -> None:
        self._name = name
        self._curve = _srgb_of_linear() if linear else np.arange(256, dtype=np.uint8)
        self._pictures: dict[int, Picture | None] = {}
        self.warnings: list[str] = []

    def part(self, mesh: trimesh.Trimesh) -> LoadedMesh:
        faces = checked_indices(self._name, mesh.faces.reshape(-1), len(mesh.vertices))
        points = checked_points(self._name, mesh.vertices, faces)
        faces = faces.reshape(-1, 3)
        visual: Any = mesh.visual
        material, uv, colours = Material(), None, None
        if visual.kind == "texture":
            material = self._material(visual.material)
            uv = None if visual.uv is None else np.nan_to_num(visual.uv)[faces].astype(np.float32)
            colours = visual.vertex_attributes.get("color")
        elif visual.kind == "vertex":
            colours = visual.vertex_colors
        corner_colours = None
        if colours is not None and material.texture is None:
            corner_colours = self._curve[vertex_colours(np.asarray(colours)[:, :3], faces)]
        stored = mesh._cache.cache.get("vertex_normals")
        normals = None if stored is None else corner_normals(points, faces, stored, faces)
        looks = Appearance((material,), np.zeros(len(faces), np.int32), uv, normals, corner_colours)
        return LoadedMesh(make_mesh(points, faces), looks)

    def _material(self, material: Any) -> Material:
        factor = np.array([255, 255, 255, 255], np.uint8)
        if material.baseColorFactor is not None:
            factor[:] = material.baseColorFactor
        see_through = material.alphaMode in ("BLEND", "MASK")
        rough = 1.0 if material.roughnessFactor is None else float(material.roughnessFactor)
        red, green, blue = (int(self._curve[channel]) for channel in factor[:3])
        return Material(
            (red, green, blue),
            opacity=float(factor[3]) / 255 if material.alphaMode == "BLEND" else 1.0,
            gloss=min(max(1.0 - rough, 0.0), 1.0),
            texture=self._picture(material.baseColorTexture, (red, green, blue), see_through),
        )

    def _picture(self, image: Any, tint: tuple[int, int, int], see_through: bool) -> Picture | None:
        if image is None:
            return None
        if id(image) not in self._pictures:
            try:
                self._pictures[id(image)] = shrink(image)
            except Exception:  # Pillow's decoders fail in ways of their own
                self._pictures[id(image)] = None
                self.warnings.append("a texture cannot be decoded")
        picture = self._pictures[id(image)]
        if picture is None:
            return None
        if not see_through:
            picture = picture[..., :3]
        if tint != (255, 255, 255):
            # The product of light is near enough to that of sRGB values, which have no hue shift.
            factors = np.array([*tint, 255][: picture.shape[2]]) / 255
            picture = (picture * factors).round().astype(np.uint8)
        return np.ascontiguousarray(picture)


def _srgb_of_linear() -> NDArray[np.uint8]:
    """Return sRGB values (256,) of linear ones, both 0..255. Source: IEC 61966-2-1."""
    linear = np.arange(256) / 255
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (curved * 255).round().astype(np.uint8)


def _is_picture(name: str) -> bool:
    return name.lower().endswith((".png", ".jpg", ".jpeg", ".webp", ".ktx2", ".bmp"))
