"""glTF materials: base colour, texture, gloss and transparency."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.meshes.gltf.fields import Fields
from onet_cli.meshes.gltf.pictures import Pictures, TextureUse

SPECULAR_GLOSSINESS = "KHR_materials_pbrSpecularGlossiness"


@dataclass(frozen=True)
class GltfMaterial:
    """One material; `factor` (4,) is the base colour factor, linear or sRGB as in the file.

    `mode` is OPAQUE, MASK or BLEND; with MASK, alpha below `cutoff` is transparent.
    """

    factor: NDArray[np.float64]
    gloss: float = 0.0
    mode: str = "OPAQUE"
    cutoff: float = 0.5
    texture: TextureUse | None = None


def read_material(material: Fields, pictures: Pictures) -> GltfMaterial:
    """Return a material; specular-glossiness takes precedence over metallic-roughness.

    The default gloss is 0: missing glossiness is 0, and missing roughness is 1.

    Raises:
        SourceError: it is damaged.
    """
    old = material.extension(SPECULAR_GLOSSINESS)
    if old is not None:
        look, colour, picture = old, "diffuseFactor", "diffuseTexture"
        gloss = old.number("glossinessFactor", 0.0)
    else:
        look = material.child("pbrMetallicRoughness")
        colour, picture = "baseColorFactor", "baseColorTexture"
        gloss = 1.0 - look.number("roughnessFactor", 1.0)
    if material.extension("KHR_materials_unlit") is not None:
        gloss = 0.0
    return GltfMaterial(
        look.numbers(colour, [1.0, 1.0, 1.0, 1.0]).clip(0, 1),
        min(max(gloss, 0.0), 1.0),
        material.text("alphaMode") or "OPAQUE",
        material.number("alphaCutoff", 0.5),
        pictures.use(look.child(picture)) if picture in look else None,
    )
