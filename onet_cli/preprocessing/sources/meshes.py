"""Meshes as a source of shapes, from folders, zips, furniture libraries or a table."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from onet_cli.archives.files import Files, RecordingFiles
from onet_cli.errors import SourceError
from onet_cli.preprocessing.convert_mesh import MeshSettings, shape_from_mesh
from onet_cli.preprocessing.placement import Placement
from onet_cli.preprocessing.sources.catalogue import Catalogue
from onet_cli.preprocessing.sources.naming import (
    choose_formats,
    name_meshes,
    safe_name,
    unique_ids,
)
from onet_cli.shapes.exposure import EXPOSURE
from onet_cli.shapes.info import Licence
from onet_cli.shapes.shape import Shape, ShapeId


@dataclass(frozen=True)
class MeshEntry:
    """One mesh: its file, placement and metadata.

    `category` is the readable name, from which that of the id is derived. `library` is the key in
    the source's licences. `problem` is the reason why the mesh cannot be read, `use` its split.
    """

    id: ShapeId
    category: str
    files: Files
    path: str
    placement: Placement = field(default_factory=Placement)
    licence: str = ""
    library: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    problem: str = ""
    use: str = ""


@dataclass(frozen=True)
class MeshSource:
    """Source of meshes, each of which is loaded, made watertight, sampled and rendered.

    `terms` are the licences to record, by library; if empty, an empty licence is recorded for
    `name`.
    """

    exposure = EXPOSURE

    name: str
    entries: tuple[MeshEntry, ...]
    settings: MeshSettings
    terms: dict[str, Licence] = field(default_factory=dict)

    @property
    def licence(self) -> str:
        """The licences of the libraries, or ""."""
        return "; ".join(sorted({terms.licence for terms in self.terms.values() if terms.licence}))

    @property
    def attribution(self) -> str:
        """The attributions of all libraries, or ""."""
        return "; ".join(terms.attribution for terms in self.terms.values() if terms.attribution)

    def licences(self) -> dict[str, Licence]:
        """Return the licences of all libraries, or that of the source."""
        return self.terms or {self.name: Licence()}

    def categories(self) -> dict[str, str]:
        """Return the readable name of every category."""
        return {entry.id.category: entry.category for entry in self.entries}

    def splits(self) -> dict[str, list[ShapeId]] | None:
        """Return the splits given by a table, or None."""
        splits: defaultdict[str, list[ShapeId]] = defaultdict(list)
        for entry in self.entries:
            if entry.use:
                splits[entry.use].append(entry.id)
        return {use: sorted(ids) for use, ids in splits.items()} or None

    def ids(self) -> list[ShapeId]:
        """Return the ids of all meshes, sorted, including those that cannot be read."""
        return sorted(self._by_id)

    def part(self, shape_id: ShapeId) -> "MeshSource":
        """Return a source of this one mesh."""
        return replace(self, entries=(self._by_id[shape_id],), terms={})

    def read(self, shape_id: ShapeId) -> Shape:
        """Return one shape, made from its mesh.

        Raises:
            SourceError: the mesh cannot be read or used.
            InvalidGeometryError: the mesh cannot be made watertight.
        """
        entry = self._by_id.get(shape_id)
        if entry is None:
            raise SourceError(f"no mesh is named {shape_id}")
        if entry.problem:
            raise SourceError(entry.problem)
        files = RecordingFiles(entry.files)
        shape = shape_from_mesh(files, entry.path, shape_id, entry.placement, self.settings)
        conversion = shape.extra["conversion"]
        conversion["warnings"] = [*entry.warnings, *conversion["warnings"]]
        files.digest.update(repr(entry.placement).encode())
        return replace(
            shape,
            source_hash=files.digest.hexdigest(),
            licence=entry.licence,
            extra=entry.notes | shape.extra,
        )

    @cached_property
    def _by_id(self) -> dict[ShapeId, MeshEntry]:
        return {entry.id: entry for entry in self.entries}


def with_unique_ids(entries: Iterable[tuple[str, MeshEntry]]) -> tuple[MeshEntry, ...]:
    """Return the entries of (name, entry) pairs with unique ids."""
    pairs = list(entries)
    ids = unique_ids([(safe_name(entry.category), name) for name, entry in pairs])
    return tuple(replace(e, id=i) for (_, e), i in zip(pairs, ids, strict=True))


UNNAMED = ShapeId("unnamed", "unnamed")
"""The id of an entry before `with_unique_ids` assigns one."""


def meshes_in(
    files: Files, collection: str, only: Sequence[str] | None = None
) -> tuple[MeshEntry, ...]:
    """Return the meshes in `files`, or at the paths `only`, with categories from their folders.

    Args:
        files: where the meshes are.
        collection: the category of meshes outside any folder.
        only: paths to use; all by default.
    """
    chosen = choose_formats(files.names() if only is None else only)
    entries = []
    for path, (category, name) in zip(chosen, name_meshes(list(chosen), collection), strict=True):
        others = ", ".join(other.rpartition("/")[2] for other in chosen[path])
        entry = MeshEntry(
            UNNAMED,
            category,
            files,
            path,
            notes={"name": name, "file": path},
            warnings=(f"{others} in the same folder was not used",) if others else (),
        )
        entries.append((name, entry))
    for path in choose_formats(files.refused()):
        problem = f"{path!r} points outside {files.path.name}, so it is not read"
        entries.append((path, MeshEntry(UNNAMED, collection, files, path, problem=problem)))
    return with_unique_ids(entries)


def objects_of(catalogues: Iterable[Catalogue]) -> tuple[MeshEntry, ...]:
    """Return the objects of libraries, with the categories of their catalogues."""
    entries = []
    for catalogue in catalogues:
        for item in catalogue.objects:
            entry = MeshEntry(
                UNNAMED,
                item.category or catalogue.key,
                catalogue.files,
                item.model,
                item.placement,
                licence=catalogue.licence,
                library=catalogue.key,
                notes=notes_of(item.id, item.name, item.creator, catalogue.key),
                problem=item.problem,
            )
            entries.append((item.id, entry))
    return with_unique_ids(entries)


def notes_of(original_id: str, name: str, creator: str, library: str) -> dict[str, str]:
    """Return the stored metadata of an object, without empty values."""
    notes = {"original_id": original_id, "name": name, "creator": creator, "library": library}
    return {key: value for key, value in notes.items() if value}
