"""Which material each face of an OBJ file has, from its usemtl lines and its MTL files."""

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
    """The `materials` that faces have, `of_face` (F,) saying which.

    `placements` says for a material how its picture lies: scale and offset of (u, v).
    """

    materials: tuple[Material, ...]
    of_face: NDArray[np.int32]
    placements: dict[int, tuple[Pair, Pair]]
    warnings: tuple[str, ...]


def read_materials(files: MeshFiles, text: Text, lines: NDArray[np.intp]) -> FaceMaterials:
    """Return the materials of faces that stand on `lines` (F,) of an OBJ file.

    A material that is described nowhere takes the colour that its name speaks of, or else the
    default one; where the file said that it is described, there is a warning.
    """
    library, warnings = _read_library(files, text)
    names, name_of_face = _names(text, lines)
    textures = Textures(files, text.name)
    materials: list[Material] = []
    placements: dict[int, tuple[Pair, Pair]] = {}
    for index, name in enumerate(names):
        described = library.get(name.casefold())
        if described is None and name and library:
            warnings.append(f"material {name!r} is described nowhere")
        described = described or MaterialText(named_colour(name) or DEFAULT_COLOUR)
        materials.append(_material(described, textures))
        place = described.texture
        if place and (place.scale, place.offset) != ((1.0, 1.0), (0.0, 0.0)):
            placements[index] = (place.scale, place.offset)
    return FaceMaterials(
        tuple(materials), name_of_face, placements, (*warnings, *textures.warnings)
    )


def _names(text: Text, lines: NDArray[np.intp]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the materials' names in the order of first use, and the name (F,) of each face."""
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
    """Return what the file's mtllib lines name, by name in lower case, and what is missing."""
    library: dict[str, MaterialText] = {}
    warnings: list[str] = []
    for line in text.starting(b"mtllib").tolist():
        reference = text.line(line)[len("mtllib") :].strip()
        whole = read_referred(files, text.name, reference)
        # One name with blanks in it, or several names.
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
