"""Table of the meshes to convert and their metadata: `--manifest FILE.csv`."""

import csv
import io
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from onet_cli.archives.files import Files, FolderFiles, ZipFiles
from onet_cli.errors import SourceError
from onet_cli.files import MAX_ARRAY_BYTES, read_regular
from onet_cli.preprocessing.placement import Placement
from onet_cli.preprocessing.sources.catalogue import (
    Catalogue,
    CatalogueObject,
    find_libraries,
    is_library,
    parse_rotation,
    parse_size,
    read_catalogue,
)
from onet_cli.preprocessing.sources.meshes import (
    UNNAMED,
    MeshEntry,
    notes_of,
    with_unique_ids,
)
from onet_cli.preprocessing.sources.naming import name_meshes
from onet_cli.shapes.info import Licence
from onet_cli.shapes.split import SPLITS

REQUIRED = "obj"
"""The required column: the path of the mesh file."""

_UNKNOWN = CatalogueObject("", "", "", "", "", Placement())


@dataclass(frozen=True)
class Manifest:
    """The rows of a table as dictionaries; `has_use` is whether it has a column `use`."""

    path: Path
    rows: tuple[dict[str, str], ...]
    has_use: bool

    @classmethod
    def read(cls, path: Path) -> "Manifest":
        """Return the table in a CSV file.

        Raises:
            SourceError: the file is missing, not a valid CSV, or has no column `obj`.
        """
        try:
            text = read_regular(path, MAX_ARRAY_BYTES).decode("utf-8-sig")
            reader = csv.DictReader(io.StringIO(text, newline=""))
            columns = reader.fieldnames or []
            rows = [{k: (row[k] or "").strip() for k in columns} for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SourceError(f"{path} cannot be read as a table: {error}") from error
        if REQUIRED not in columns:
            raise SourceError(
                f"{path} has no column {REQUIRED!r}",
                hint="the first line names the columns; obj is the path of each mesh",
            )
        return cls(path, tuple(rows), "use" in columns)

    def wanted(self) -> list[dict[str, str]]:
        """Return the rows to convert: all, or those whose `use` names a split."""
        return [row for row in self.rows if not self.has_use or row["use"] in SPLITS]


@dataclass(frozen=True)
class _Place:
    """The SOURCE that a table refers to."""

    path: Path

    @cached_property
    def files(self) -> Files:
        return FolderFiles(self.path) if self.path.is_dir() else ZipFiles(self.path)

    @cached_property
    def catalogues(self) -> list[Catalogue]:
        if self.path.is_dir():
            return [read_catalogue(path) for path in find_libraries(self.path)]
        return [read_catalogue(self.path)] if is_library(self.path) else []

    def library(self, key: str) -> Catalogue | None:
        """Return the library whose file is named `key`, or whose object ids begin with it."""
        rules: list[Callable[[Catalogue], bool]] = [
            lambda catalogue: catalogue.key == key,
            lambda catalogue: any(o.id.startswith(f"{key}#") for o in catalogue.objects),
        ]
        for rule in rules:
            for catalogue in self.catalogues:
                if rule(catalogue):
                    return catalogue
        return None


def entries_of(manifest: Manifest, source: Path) -> tuple[MeshEntry, ...]:
    """Return the meshes in `source` that the table lists.

    Missing values of a row are taken from the library's catalogue, if any.

    Raises:
        SourceError: the table has no row to convert, or a library is missing.
    """
    rows = manifest.wanted()
    if not rows:
        raise SourceError(
            f"{manifest.path} has no row to convert",
            hint="the column use, if present, must be train, val or test",
        )
    place = _Place(source)
    libraries = _find_all({row.get("library", "") for row in rows}, place)
    return with_unique_ids(
        _entry(row, libraries.get(row.get("library", "")), place) for row in rows
    )


def terms_of(manifest: Manifest, source: Path) -> dict[str, Licence]:
    """Return the licences of the rows to convert, by library, or else by the source's name."""
    place = _Place(source)
    groups: defaultdict[str, list[dict[str, str]]] = defaultdict(list)
    for row in manifest.wanted():
        groups[row.get("library", "") or source.name].append(row)
    terms = {}
    for key, rows in sorted(groups.items()):
        catalogue = place.library(key)
        own = catalogue.terms() if catalogue else Licence()
        licences = _distinct(rows, "licence") or own.licence
        creators = _distinct(rows, "creator")
        title = f"{catalogue.name} {catalogue.version}".strip() if catalogue else ""
        parts = [title, catalogue.provider if catalogue else "", own.licence]
        parts.append(f"creators: {creators}" if creators else "")
        terms[key] = Licence(licences, ". ".join(part for part in parts if part))
    return terms


def _find_all(keys: Iterable[str], place: _Place) -> dict[str, Catalogue]:
    found = {}
    for key in sorted(set(keys) - {""}):
        if (catalogue := place.library(key)) is None:
            raise SourceError(
                f"the table refers to the library {key!r}, which is not in {place.path}",
                hint="give the folder of the libraries (.sh3f, .jar)",
            )
        found[key] = catalogue
    return found


def _entry(
    row: dict[str, str], catalogue: Catalogue | None, place: _Place
) -> tuple[str, MeshEntry]:
    path = posixpath.normpath(row[REQUIRED].replace("\\", "/").lstrip("/"))
    told = _UNKNOWN
    if catalogue is not None:
        told = catalogue.find(row.get("id", ""), path) or told
    category, name = name_meshes([path], place.path.stem)[0]
    row_id = row.get("id") or told.id or name
    entry = MeshEntry(
        UNNAMED,
        row.get("category") or told.category or category,
        place.files if catalogue is None else catalogue.files,
        path,
        licence=row.get("licence") or (catalogue.licence if catalogue else ""),
        library=row.get("library", ""),
        notes=notes_of(
            row_id,
            row.get("name") or told.name,
            row.get("creator") or told.creator,
            row.get("library", ""),
        ),
        use=row.get("use", ""),
    )
    try:
        return row_id, replace(entry, placement=_placement(row, told.placement))
    except ValueError as error:
        return row_id, replace(entry, problem=f"its row in the table is invalid: {error}")


def _placement(row: dict[str, str], told: Placement) -> Placement:
    rotation = parse_rotation(row.get("model_rotation", ""))
    size = parse_size(*(row.get(f"{edge}_cm", "") for edge in ("width", "height", "depth")))
    front = float(row.get("front_rotation_deg") or 0.0)
    return Placement(rotation or told.rotation, size or told.size, front)


def _distinct(rows: Iterable[dict[str, str]], column: str) -> str:
    return "; ".join(sorted({row.get(column, "") for row in rows} - {""}, key=str.casefold))
