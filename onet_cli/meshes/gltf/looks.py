"""Appearance of glTF primitives: base colour factor times texture times vertex colours."""

import hashlib
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.appearance import Appearance, Material
from onet_cli.geometry.texture import as_srgb
from onet_cli.meshes.gltf.fields import Fields
from onet_cli.meshes.gltf.materials import GltfMaterial, read_material
from onet_cli.meshes.gltf.pictures import Pictures, TextureUse, lay
from onet_cli.meshes.gltf.tints import group_colours, tinted, with_alpha
from onet_cli.meshes.textures import Picture

Faces = NDArray[np.intp]
Colours = NDArray[np.float64]


class PartAttributes(Protocol):
    """The vertex attributes of a primitive."""

    @property
    def primitive(self) -> Fields:
        """The primitive's JSON."""

    @property
    def warnings(self) -> list[str]:
        """Warnings about unsupported content; may be appended to."""

    def get(
        self, name: str, widths: tuple[int, ...], normalized: bool | None = None
    ) -> NDArray[np.float64] | None:
        """Return an attribute (V, C), or None."""


class Looks:
    """Builds the appearances of a file's primitives. Colours are `linear`, or else sRGB."""

    def __init__(self, tree: Fields, pictures: Pictures, linear: bool) -> None:
        self._materials = tree.table("materials")
        self._pictures = pictures
        self._linear = linear
        self._known: dict[int, GltfMaterial] = {}
        self._shared: dict[tuple[tuple[int, ...], bytes], Picture] = {}

    def of_part(self, part: PartAttributes, faces: Faces) -> Appearance:
        """Return the appearance of a primitive's `faces` (F, 3), without normals.

        Raises:
            SourceError: the primitive refers to a missing or damaged material.
        """
        number = part.primitive.index("material")
        colours = part.get("COLOR_0", (3, 4), normalized=True)
        if number is None:
            default = Material()
            return self._plain(GltfMaterial(np.ones(4)), colours, faces, default.colour)
        material = self._material(number)
        use = material.texture
        uv = None if use is None else part.get(f"TEXCOORD_{use.coordinates}", (2,))
        if use is None or uv is None:
            if use is not None:
                part.warnings.append(f"a texture has no coordinates TEXCOORD_{use.coordinates}")
            return self._plain(material, colours, faces)
        return self._pictured(part, material, use, colours, faces, uv)

    def _material(self, number: int) -> GltfMaterial:
        if number not in self._known:
            self._known[number] = read_material(self._materials[number], self._pictures)
        return self._known[number]

    def _plain(
        self,
        material: GltfMaterial,
        colours: Colours | None,
        faces: Faces,
        colour: tuple[int, int, int] | None = None,
    ) -> Appearance:
        """Return the appearance of untextured faces, of `colour` or else the material's."""
        factor = material.factor[:3]
        corner_colours = None
        if colours is not None:
            corner_colours = as_srgb(factor * colours[:, :3], self._linear)[faces]
        red, green, blue = (colour or as_srgb(factor, self._linear).tolist())[:3]
        one = Material((red, green, blue), _opacity(material, colours), material.gloss)
        return Appearance((one,), np.zeros(len(faces), np.int32), None, None, corner_colours)

    def _pictured(
        self,
        part: PartAttributes,
        material: GltfMaterial,
        use: TextureUse,
        colours: Colours | None,
        faces: Faces,
        uv: NDArray[np.float64],
    ) -> Appearance:
        picture, places = lay(use, uv[faces])
        picture = with_alpha(picture, material.mode, float(material.factor[3]), material.cutoff)
        tints, group = material.factor[None, :3], np.zeros(len(faces), np.intp)
        if colours is not None and not (colours[:, :3] == 1).all():
            tints, group, exact = group_colours(material.factor[:3] * colours[faces][..., :3])
            if not exact:
                part.warnings.append("vertex colours on a texture are averaged per face")
        opacity = _opacity(material, colours)
        materials = []
        for tint in tints:
            red, green, blue = as_srgb(tint, self._linear).tolist()
            texture = self._share(tinted(picture, tint, self._linear))
            materials.append(Material((red, green, blue), opacity, material.gloss, texture))
        return Appearance(tuple(materials), group.astype(np.int32), places)

    def _share(self, picture: Picture) -> Picture:
        """Return the first image with these pixels, so that primitives share it."""
        key = picture.shape, hashlib.blake2b(picture.tobytes()).digest()
        return self._shared.setdefault(key, picture)


def _opacity(material: GltfMaterial, colours: Colours | None) -> float:
    if material.mode != "BLEND":
        return 1.0
    of_vertices = (
        float(colours[:, 3].mean()) if colours is not None and colours.shape[1] == 4 else 1
    )
    return min(max(float(material.factor[3]) * of_vertices, 0.0), 1.0)
