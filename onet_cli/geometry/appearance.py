"""Mesh appearance: colours, textures and corner normals per face."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import InvalidGeometryError

DEFAULT_COLOUR = (172, 184, 200)


@dataclass(frozen=True)
class Material:
    """The material of a surface.

    `colour` is sRGB in 0..255. `texture` (H, W, 3 or 4) uint8, first row at the top, replaces the
    colour if given; it repeats in both directions and its fourth channel is alpha.
    `opacity` below 1 makes the surface transparent. `gloss` in 0..1 is the strength of the
    highlight.
    """

    colour: tuple[int, int, int] = DEFAULT_COLOUR
    opacity: float = 1.0
    gloss: float = 0.0
    texture: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Appearance:
    """The appearance of a mesh of F faces.

    `material_of_face` (F,) indexes `materials`. `uv` (F, 3, 2) are texture coordinates of the
    corners, v upwards; `normals` (F, 3, 3) are the corners' unit normals, computed when None;
    `corner_colours` (F, 3, 3) uint8, if given, replace the materials' colours.

    Raises:
        InvalidGeometryError: the arrays' shapes do not match.
    """

    materials: tuple[Material, ...]
    material_of_face: NDArray[np.int32]
    uv: NDArray[np.float32] | None = None
    normals: NDArray[np.float32] | None = None
    corner_colours: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        count = len(self.material_of_face)
        shapes = {"uv": (count, 3, 2), "normals": (count, 3, 3), "corner_colours": (count, 3, 3)}
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise InvalidGeometryError(f"{name} must be {shape}, not {array.shape}")
        if count and not (
            self.material_of_face.min() >= 0 and self.material_of_face.max() < len(self.materials)
        ):
            raise InvalidGeometryError("a face has a material that is not there")

    @classmethod
    def plain(cls, faces: int, colour: tuple[int, int, int] = DEFAULT_COLOUR) -> "Appearance":
        """Return the appearance of a mesh of `faces` faces in one matt colour."""
        return cls((Material(colour),), np.zeros(faces, np.int32))

    def of_faces(self, chosen: NDArray[np.integer] | NDArray[np.bool_]) -> "Appearance":
        """Return the appearance of the faces `chosen`, by index or mask, in that order."""

        def pick(array: NDArray[np.generic] | None) -> NDArray[np.generic] | None:
            return None if array is None else array[chosen]

        return Appearance(
            self.materials,
            self.material_of_face[chosen],
            pick(self.uv),  # type: ignore[arg-type]
            pick(self.normals),  # type: ignore[arg-type]
            pick(self.corner_colours),  # type: ignore[arg-type]
        )
