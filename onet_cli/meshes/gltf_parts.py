"""The parts of a glTF scene, from trimesh's meshes: where they are, how they look."""

from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.mesh import GLTF_CONFIDENCE, make_mesh
from onet_cli.meshes.corners import (
    checked_indices,
    checked_points,
    corner_normals,
    vertex_colours,
    vertex_confidence,
)
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.textures import Picture, shrink


class PartReader:
    """Turns trimesh's parts of the file `name` into ours.

    Colours are `linear`, as the standard wants, or sRGB. `damaged` says whether
    a picture could not be decoded.
    """

    def __init__(self, name: str, linear: bool) -> None:
        self._name = name
        self._curve = _srgb_of_linear() if linear else np.arange(256, dtype=np.uint8)
        self._known: dict[int, Picture | None] = {}
        self.damaged = False

    def part(self, mesh: trimesh.Trimesh) -> LoadedMesh:
        """Return one part in its own frame.

        Raises:
            SourceError: a face names a vertex that is not there, or one that is not finite.
        """
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
        # Only what the file says: the property `vertex_normals` would make up smooth ones.
        stored = mesh._cache.cache.get("vertex_normals")
        normals = None if stored is None else corner_normals(points, faces, stored, faces)
        looks = Appearance((material,), np.zeros(len(faces), np.int32), uv, normals, corner_colours)
        confidence = vertex_confidence(mesh.vertex_attributes.get(GLTF_CONFIDENCE), len(points))
        return LoadedMesh(make_mesh(points, faces), looks, confidence=confidence)

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
        if id(image) not in self._known:
            try:
                self._known[id(image)] = shrink(image)
            except Exception:  # Pillow's decoders fail in ways of their own
                self._known[id(image)] = None
                self.damaged = True
        picture = self._known[id(image)]
        if picture is None:
            return None
        if not see_through:
            picture = picture[..., :3]
        if tint != (255, 255, 255):
            # As most viewers do; the product of linear values would differ a little.
            factors = np.array([*tint, 255][: picture.shape[2]]) / 255
            picture = (picture * factors).round().astype(np.uint8)
        return np.ascontiguousarray(picture)


def has_picture(mesh: trimesh.Trimesh) -> bool:
    """Say whether trimesh could open a base-colour picture for the part."""
    material = getattr(mesh.visual, "material", None)
    return getattr(material, "baseColorTexture", None) is not None


def _srgb_of_linear() -> NDArray[np.uint8]:
    """Return sRGB values (256,) of linear ones, both 0..255. Source: IEC 61966-2-1."""
    linear = np.arange(256) / 255
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (curved * 255).round().astype(np.uint8)
