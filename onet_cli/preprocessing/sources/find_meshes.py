"""The meshes at a path: a folder, a zip, a library of furniture, a single file, or a table's."""

import zipfile
from pathlib import Path

from onet_cli.archives.files import FolderFiles, ZipFiles
from onet_cli.errors import SourceError
from onet_cli.meshes.formats import READ_SUFFIXES, is_mesh
from onet_cli.preprocessing.sources.catalogue import find_libraries, is_library, read_catalogue
from onet_cli.preprocessing.sources.manifest import Manifest, entries_of, terms_of
from onet_cli.preprocessing.sources.meshes import MeshEntry, meshes_in, objects_of
from onet_cli.shapes.info import Licence

Found = tuple[tuple[MeshEntry, ...], dict[str, Licence]]
"""Meshes, and the terms of the libraries that they come from."""


def find_meshes(path: Path, manifest: Path | None = None) -> Found:
    """Return the meshes at `path`, or those of them that the table `manifest` names.

    Raises:
        SourceError: `path` is a file of another kind, or the table cannot be used.
    """
    if manifest is not None:
        table = Manifest.read(manifest)
        return entries_of(table, path), terms_of(table, path)
    if path.is_dir():
        return _in_folder(path)
    if is_mesh(path.name):
        return meshes_in(FolderFiles(path.parent), path.parent.name or "meshes", [path.name]), {}
    if is_library(path):
        return _in_libraries([path])
    if zipfile.is_zipfile(path) or path.suffix.lower() == ".zip":
        return meshes_in(ZipFiles(path), path.stem), {}
    raise SourceError(
        f"{path} is no zip, or an incomplete one, and no mesh that onet reads",
        hint=f"meshes have the suffix {', '.join(READ_SUFFIXES)}",
    )


def _in_folder(path: Path) -> Found:
    meshes = meshes_in(FolderFiles(path), path.name)
    # Where there are both, the libraries lie there by chance: they have categories of their own.
    return (meshes, {}) if meshes else _in_libraries(find_libraries(path))


def _in_libraries(paths: list[Path]) -> Found:
    catalogues = [read_catalogue(path) for path in paths]
    return objects_of(catalogues), {c.key: c.terms() for c in catalogues}
