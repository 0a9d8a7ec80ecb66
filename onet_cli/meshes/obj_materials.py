"""The material of each face of an OBJ file, from its usemtl lines and MTL files."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.appearance import DEFAULT_COLOUR, Material
from onet_cli.meshes.colours import named_colour
from onet_cli.meshes.mtl import MaterialText, parse_mtl
from onet_cli.meshes.references import MeshFiles, read_referred
from onet_cli.meshes.text import Text
from onet_cli.meshes.textures import Textures, with_holes

Pair = tuple[float, float]


@dataclass(frozen=True)
class FaceMaterials:
    """The `materials` of a file, and `of_face` (F,), the material index of each face.

    `placements` maps a material index to the scale and offset of its texture coordinates (u, v).
    """

    materials: tuple[Material, ...]
    of_face: NDArray[np.int32]
    placements: dict[int, tuple[Pair, Pair]]
    warnings: tuple[str, ...]


def read_materials(files: MeshFiles, text: Text, lines: NDArray[np.intp]) -> FaceMaterials:
    """Return the materials of the faces on `lines` (F,) of an OBJ file.

    An undefined material takes the colour in its name, or else the default colour; if the file has
    material libraries, there is a warning.
    """
    library, warnings = _read_library(files, text)
    names, name_of_face = _names(text, lines)
    textures = Textures(files, text.name)
    materials: list[Material] = []
    placements: dict[int, tuple[Pair, Pair]] = {}
    for index, name in enumerate(names):
        described = library.get(name.casefold())
        if described is None and name and library:
            warnings.append(f"material {name!r} is not defined")
        described = described or MaterialText(named_colour(name) or DEFAULT_COLOUR)
        materials.append(_material(described, textures))
        place = described.texture
        if place and (place.scale, place.offset) != ((1.0, 1.0), (0.0, 0.0)):
            placements[index] = (place.scale, place.offset)
    return FaceMaterials(
        tuple(materials), name_of_face, placements, (*warnings, *textures.warnings)
    )


def _names(text: Text, lines: NDArray[np.intp]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the material names in order of first use, and the index (F,) of each face's name."""
    switches = text.starting(b"usemtl")
    said = ["", *(text.line(line)[len("usemtl") :].strip() for line in switches.tolist())]
    numbers: dict[str, int] = {}
    number_of_switch = np.array([numbers.setdefault(name, len(numbers)) for name in said])
    of_face = number_of_switch[np.searchsorted(switches, lines)]
    used, first, compact = np.unique(of_face, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.argsort(order)
    names = list(numbers)
    return [names[used[index]] for index in order], rank[compact.ravel()].astype(np.int32)


def _read_library(files: MeshFiles, text: Text) -> tuple[dict[str, MaterialText], list[str]]:
    """Return the materials of all mtllib lines by lower-case name, and warnings."""
    library: dict[str, MaterialText] = {}
    warnings: list[str] = []
    for line in text.starting(b"mtllib").tolist():
        reference = text.line(line)[len("mtllib") :].strip()
        whole = read_referred(files, text.name, reference)
        # Either one name that contains blanks, or several names.
        parts = re.findall(r"\S.*?\.mtl(?=\s|$)", reference, re.IGNORECASE) or [reference]
        for part in [reference] if whole is not None else parts:
            data = whole if whole is not None else read_referred(files, text.name, part)
            if data is None:
                warnings.append(f"material file {part!r} is missing")
                continue
            for name, material in parse_mtl(data).items():
                library.setdefault(name.casefold(), material)
    return library, warnings


def _material(described: MaterialText, textures: Textures) -> Material:
    picture = textures.get(described.texture.file) if described.texture else None
    if picture is not None and described.holes:
        mask = textures.get(described.holes.file)
        picture = picture if mask is None else with_holes(picture, mask)
    return Material(described.colour, described.opacity, described.gloss, picture)
