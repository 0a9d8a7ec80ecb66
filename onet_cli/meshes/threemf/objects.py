"""The objects of a 3MF model: meshes, colours and components."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import SourceError
from onet_cli.geometry.appearance import DEFAULT_COLOUR, Appearance, Material
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.corners import checked_indices, checked_points
from onet_cli.meshes.loaded import LoadedMesh

Colour = tuple[int, int, int]
Groups = dict[str, list[Colour]]
"""The colours of property groups by id."""


@dataclass(frozen=True)
class Reader:
    """Reads objects of the file `name` with its property `groups`."""

    name: str
    groups: Groups

    def mesh(self, item: Element) -> LoadedMesh | None:
        """Return the mesh of an <object>, or None if it has no triangles.

        Raises:
            SourceError: a number is invalid, or a triangle has an invalid vertex index.
        """
        vertices = [list(map(v.get, "xyz")) for v in _all(item, "mesh/vertices/vertex")]
        triangles = _all(item, "mesh/triangles/triangle")
        if not triangles:
            return None
        corners = [[t.get("v1"), t.get("v2"), t.get("v3")] for t in triangles]
        try:
            points = np.array(vertices, np.float64).reshape(-1, 3)
            indices = np.array(corners, np.int64).reshape(-1)
        except (TypeError, ValueError, OverflowError):
            raise SourceError(f"{self.name} is damaged: a number is missing or invalid") from None
        faces = checked_indices(self.name, indices, len(points))
        points = checked_points(self.name, points, faces)
        faces = faces.reshape(-1, 3)
        return LoadedMesh(make_mesh(points, faces), self._looks(item, triangles))

    def _looks(self, item: Element, triangles: list[Element]) -> Appearance:
        default = item.get("pid", ""), item.get("pindex", "")
        colours = [self._colours(triangle, default) for triangle in triangles]
        if any(len(set(corners)) > 1 for corners in colours):
            plain = Appearance.plain(len(triangles))
            corner_colours = np.array(colours, np.uint8).reshape(-1, 3, 3)
            return Appearance(
                plain.materials, plain.material_of_face, corner_colours=corner_colours
            )
        number: dict[Colour, int] = {}
        of_face = [number.setdefault(corners[0], len(number)) for corners in colours]
        return Appearance(tuple(Material(colour) for colour in number), np.array(of_face, np.int32))

    def _colours(self, triangle: Element, default: tuple[str, str]) -> tuple[Colour, ...]:
        """Return the colours of a triangle's three corners."""
        group = triangle.get("pid", default[0])
        first = triangle.get("p1", default[1])
        colours = self.groups.get(group)
        if colours is None:
            return (DEFAULT_COLOUR,) * 3
        chosen = (first, triangle.get("p2", first), triangle.get("p3", first))
        return tuple(_entry(colours, index) for index in chosen)


def read_groups(resources: Element) -> Groups:
    """Return the colours of <basematerials> and <colorgroup>; other groups are ignored."""
    groups: Groups = {}
    for group in resources:
        kind = _local(group)
        if kind == "basematerials":
            groups[group.get("id", "")] = [_colour(e.get("displaycolor", "")) for e in group]
        elif kind == "colorgroup":
            groups[group.get("id", "")] = [_colour(e.get("color", "")) for e in group]
    return groups


def read_transform(name: str, text: str | None) -> NDArray[np.float64]:
    """Return the matrix (4, 4) of a transform, 12 numbers of a matrix acting on row vectors.

    Raises:
        SourceError: they are not 12 finite numbers.
    """
    matrix = np.eye(4)
    if text is None:
        return matrix
    try:
        numbers = np.array(text.split(), np.float64)
    except ValueError:
        numbers = np.zeros(0)
    if len(numbers) != 12 or not np.isfinite(numbers).all():
        raise SourceError(f"{name} is damaged: a transform is not 12 numbers")
    matrix[:3] = numbers.reshape(4, 3).T
    return matrix


def children(element: Element, *names: str) -> list[Element]:
    """Return the children with one of these names, in any namespace."""
    return [child for child in element if _local(child) in names]


def attribute(element: Element, name: str) -> str | None:
    """Return an attribute, in any namespace."""
    for key, value in element.items():
        if key.rpartition("}")[2] == name:
            return value
    return None


def _all(element: Element, path: str) -> list[Element]:
    found = [element]
    for name in path.split("/"):
        found = [child for one in found for child in children(one, name)]
    return found


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _entry(colours: list[Colour], index: str) -> Colour:
    number = int(index) if index.isdecimal() and len(index) < 10 else 0
    return colours[number] if number < len(colours) else DEFAULT_COLOUR


def _colour(text: str) -> Colour:
    """Return the sRGB colour of #RRGGBB or #RRGGBBAA."""
    try:
        red, green, blue = bytes.fromhex(text.strip().removeprefix("#"))[:3]
    except ValueError:
        return DEFAULT_COLOUR
    return red, green, blue
