"""The common form of all readers: parts with one look each. It is written as .glb."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

LARGEST_PICTURE = 512
"""Edge of a texture in pixels; onet's views are smaller."""


@dataclass(frozen=True)
class Part:
    """Triangles (F, 3) over points (V, 3), y up, in one colour or under one picture.

    `colour` is sRGB in [0, 1], or None where the file gives none; `uv` (V, 2) counts from the
    picture's lower left corner. `name` is that of the material, `node` of the part of the scene.
    """

    points: NDArray[np.float64]
    faces: NDArray[np.int64]
    colour: tuple[float, float, float] | None = None
    uv: NDArray[np.float64] | None = None
    picture: Image.Image | None = None
    opacity: float = 1.0
    name: str = ""
    node: str = ""


def srgb_of_linear(value: float) -> float:
    """Return the sRGB value of a linear one, both in [0, 1]. Source: IEC 61966-2-1."""
    value = min(max(value, 0.0), 1.0)
    return value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055


def write_glb(parts: Sequence[Part]) -> bytes:
    """Return a .glb file of `parts`.

    Raises:
        ValueError: there is no part with a face.
    """
    scene = trimesh.Scene()
    for number, part in enumerate(part for part in parts if len(part.faces)):
        mesh = trimesh.Trimesh(part.points, part.faces, process=False)
        mesh.visual = TextureVisuals(  # type: ignore[no-untyped-call]
            uv=_uv(part), material=_material(part)
        )
        scene.add_geometry(mesh, geom_name=f"part{number}", node_name=f"part{number}")
    if not scene.geometry:
        raise ValueError("there are no faces")
    return bytes(scene.export(file_type="glb"))  # type: ignore[no-untyped-call]


def _uv(part: Part) -> NDArray[np.float64] | None:
    return part.uv if part.picture is not None else None


def _material(part: Part) -> PBRMaterial:
    red, green, blue = part.colour or (0.8, 0.8, 0.8)
    factor = [1.0, 1.0, 1.0, 1.0] if part.picture is not None else [red, green, blue, part.opacity]
    picture = None if part.picture is None else _shrunk(part.picture)
    return make_material(factor, picture, roughness=0.8, blend=part.opacity < 1)


def make_material(
    factor: Sequence[float], picture: Image.Image | None, roughness: float, blend: bool
) -> PBRMaterial:
    """Return a material for .glb, seen from both sides.

    Args:
        factor: sRGB and opacity, all in [0, 1], by which `picture` is multiplied.
        picture: the texture.
        roughness: in [0, 1].
        blend: whether it is transparent.
    """
    return PBRMaterial(  # type: ignore[no-untyped-call]
        # trimesh writes colours as they are, and onet reads trimesh's files so.
        baseColorFactor=[*factor],
        baseColorTexture=picture,
        metallicFactor=0.0,
        roughnessFactor=roughness,
        doubleSided=True,
        alphaMode="BLEND" if blend else None,
    )


def _shrunk(picture: Image.Image) -> Image.Image:
    small = picture.convert("RGB")
    small.thumbnail((LARGEST_PICTURE, LARGEST_PICTURE))
    # Written once and read again, so that the file holds a JPEG of its own.
    data = io.BytesIO()
    small.save(data, "JPEG", quality=90)
    return Image.open(io.BytesIO(data.getvalue()))
