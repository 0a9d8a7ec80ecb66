"""Which source the words on the command line mean."""

import zipfile
from pathlib import Path

from onet_cli.errors import SourceError
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.archive import ArchiveSource, is_archive_folder
from onet_cli.preprocessing.sources.noisypixel import NoisypixelSource, find_folder
from onet_cli.preprocessing.sources.source import Source

ACCEPTED = (
    "give the official data set's zip, its extracted folder, "
    "a folder of noisypixel's hdf_data, or `procedural`"
)
_MESHES = (".obj", ".off", ".ply", ".stl", ".glb", ".gltf", ".sh3f")


def open_source(text: str, options: PreprocessOptions) -> Source:
    """Return the source that `text` names: `procedural`, or the path of a zip or folder.

    Raises:
        SourceError: there is nothing there, or nothing that this version reads.
    """
    if text == "procedural":
        return _procedural(options)
    path = Path(text).expanduser()
    if not path.exists():
        raise SourceError(f"{text} does not exist", hint=ACCEPTED)
    if path.is_dir():
        return _open_folder(path)
    if path.suffix.lower() in _MESHES:
        raise SourceError(f"{text}: sources of meshes cannot be read yet", hint=ACCEPTED)
    if not zipfile.is_zipfile(path):
        raise SourceError(f"{text} is no zip, or an incomplete one", hint=ACCEPTED)
    return ArchiveSource(path)


def _open_folder(path: Path) -> Source:
    if (path / "dataset.json").is_file():
        raise SourceError(f"{path} is a data set already", hint=f"use it: onet train {path}")
    if find_folder(path) is not None:
        return NoisypixelSource(path)
    if is_archive_folder(path):
        return ArchiveSource(path)
    if any(found.suffix.lower() in _MESHES for found in [*path.glob("*"), *path.glob("*/*")]):
        raise SourceError(f"{path}: folders of meshes cannot be read yet", hint=ACCEPTED)
    raise SourceError(f"{path} holds no shapes in a known layout", hint=ACCEPTED)


def _procedural(options: PreprocessOptions) -> Source:
    from onet_cli.preprocessing.sources.procedural import ProceduralSource

    return ProceduralSource(
        count=options.count,
        seed=options.seed,
        views=options.views,
        image_size=options.image_size,
        points=options.points,
    )
