"""Discovery of meshes at a path: a folder, zip, furniture library, single file or table."""

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
"""Meshes, and the licences of their libraries."""


def find_meshes(path: Path, manifest: Path | None = None) -> Found:
    """Return the meshes at `path`, or those listed in the table `manifest`.

    Raises:
        SourceError: `path` is a file of another kind, or the table is invalid.
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
        f"{path} is not a complete zip, nor a mesh in a supported format",
        hint=f"meshes have the suffix {', '.join(READ_SUFFIXES)}",
    )


def _in_folder(path: Path) -> Found:
    meshes = meshes_in(FolderFiles(path), path.name)
    # If there are both, only the meshes are used: libraries have their own categories.
    return (meshes, {}) if meshes else _in_libraries(find_libraries(path))


def _in_libraries(paths: list[Path]) -> Found:
    catalogues = [read_catalogue(path) for path in paths]
    return objects_of(catalogues), {c.key: c.terms() for c in catalogues}
