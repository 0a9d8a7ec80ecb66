"""Furniture libraries of Sweet Home 3D: a zip of meshes with a catalogue."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from onet_cli.archives.files import Files, ZipFiles
from onet_cli.errors import SourceError
from onet_cli.preprocessing.placement import Placement
from onet_cli.preprocessing.sources.properties import parse_properties
from onet_cli.shapes.info import Licence

CATALOGUES = ("PluginFurnitureCatalog.properties", "DefaultFurnitureCatalog.properties")
"""File names of the catalogue, in libraries and in the program itself."""

SUFFIXES = (".sh3f", ".jar")

_KEY = re.compile(r"(\w+)#(\d+)")


@dataclass(frozen=True)
class CatalogueObject:
    """The catalogue entry of one object; sizes in centimetres. `problem` describes an error."""

    id: str
    name: str
    category: str
    model: str
    creator: str
    placement: Placement
    problem: str = ""


@dataclass(frozen=True)
class Catalogue:
    """A library: its files, its metadata, and its objects in order."""

    files: Files
    name: str
    version: str
    licence: str
    provider: str
    objects: tuple[CatalogueObject, ...] = field(default=(), repr=False)

    @property
    def key(self) -> str:
        """The library's short name: its file name without suffix."""
        return self.files.path.stem

    def find(self, object_id: str, model: str) -> CatalogueObject | None:
        """Return the object with that id, or else the first with that model, or None."""
        same_id = (item for item in self.objects if item.id == object_id)
        same_model = (item for item in self.objects if item.model == model)
        return next(same_id, None) or next(same_model, None)

    def terms(self) -> Licence:
        """Return the library's licence and attribution."""
        title = " ".join(part for part in (self.name, self.version) if part)
        by = "; ".join(sorted({o.creator for o in self.objects if o.creator}, key=str.casefold))
        parts = [title, self.provider, f"creators: {by}" if by else ""]
        return Licence(self.licence, ". ".join(part for part in parts if part))


def is_library(path: Path) -> bool:
    """Return whether a file is a library, by its suffix and content.

    Raises:
        SourceError: it has the suffix `.sh3f` and is damaged.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or not path.is_file():
        return False
    return suffix == ".sh3f" or _find_catalogue(ZipFiles(path)) is not None


def find_libraries(folder: Path) -> list[Path]:
    """Return the libraries in `folder` and its subfolders, sorted by file name."""
    found = {path for pattern in ("*", "*/*") for path in folder.glob(pattern) if is_library(path)}
    return sorted(found, key=lambda path: (path.name, path))


def read_catalogue(path: Path) -> Catalogue:
    """Return the library in a file.

    Raises:
        SourceError: it is damaged, or contains no catalogue.
    """
    files = ZipFiles(path)
    place = _find_catalogue(files)
    if place is None:
        raise SourceError(f"{path} is not a furniture library: it contains no {CATALOGUES[0]}")
    try:
        values = parse_properties(files.read(place))
    except OSError as error:
        raise SourceError(f"{path}: {error}") from error
    numbered: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for key, value in values.items():
        if found := _KEY.fullmatch(key):
            numbered[int(found[2])][found[1]] = value.strip()
    return Catalogue(
        files=files,
        name=values.get("name", ""),
        version=values.get("version", ""),
        licence=values.get("license", ""),
        provider=values.get("provider", ""),
        objects=tuple(_object(facts) for _, facts in sorted(numbered.items()) if "model" in facts),
    )


def parse_rotation(text: str) -> tuple[float, ...] | None:
    """Return the 9 numbers of a rotation matrix in row-major order, or None if empty.

    Raises:
        ValueError: these are not 9 numbers.
    """
    if not text.strip():
        return None
    numbers = tuple(float(part) for part in text.split())
    if len(numbers) != 9:
        raise ValueError(f"a rotation has 9 numbers, not {len(numbers)}")
    return numbers


def parse_size(width: str, height: str, depth: str) -> tuple[float, float, float] | None:
    """Return the size along x, y and z in centimetres, or None if empty.

    Raises:
        ValueError: these are not three positive numbers.
    """
    if not (width or height or depth):
        return None
    x, y, z = (float(edge) for edge in (width, height, depth))
    if not min(x, y, z) > 0:
        raise ValueError(f"a size of {width} x {height} x {depth} is not positive")
    return x, y, z


def _object(facts: dict[str, str]) -> CatalogueObject:
    placement, problem = Placement(), ""
    try:
        rotation = parse_rotation(facts.get("modelRotation", ""))
        size = parse_size(*(facts.get(key, "") for key in ("width", "height", "depth")))
        placement = Placement(rotation, size)
    except ValueError as error:
        problem = f"its catalogue entry is invalid: {error}"
    name = facts.get("name", "") or facts.get("id", "")
    return CatalogueObject(
        id=facts.get("id", "") or name,
        name=name,
        category=facts.get("category", ""),
        model=facts["model"].lstrip("/"),
        creator=facts.get("creator", ""),
        placement=placement,
        problem=problem,
    )


def _find_catalogue(files: ZipFiles) -> str | None:
    names = files.names()
    for wanted in CATALOGUES:
        for name in names:
            if name.rpartition("/")[2] == wanted:
                return name
    return None
