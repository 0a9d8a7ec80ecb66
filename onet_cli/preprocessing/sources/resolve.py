"""Selection of the source named on the command line."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from onet_cli.errors import InvalidOptionError, SourceError
from onet_cli.options import PHOTO_SUFFIXES
from onet_cli.plugins import SOURCES, find_plugins, load_plugin
from onet_cli.preprocessing.options import PreprocessOptions
from onet_cli.preprocessing.sources.archive import open_archive
from onet_cli.preprocessing.sources.noisypixel import NoisypixelSource, find_folder
from onet_cli.preprocessing.sources.pix3d_table import TABLE
from onet_cli.preprocessing.sources.source import Source

if TYPE_CHECKING:
    from onet_cli.preprocessing.convert_mesh import MeshSettings

ACCEPTED = (
    "give a folder or zip of meshes, a .sh3f library, the official data set as a zip or an "
    "extracted folder, noisypixel's hdf_data, the Pix3D folder, or `procedural`"
)


def open_source(text: str, options: PreprocessOptions) -> Source:
    """Return the source for `text`: `procedural`, or the path of a file or folder.

    Raises:
        SourceError: the path does not exist, or is not in a supported layout.
        InvalidOptionError: an option does not apply to the source.
    """
    if text == "procedural":
        if options.manifest is not None:
            raise InvalidOptionError("--manifest does not apply to `procedural`")
        return _procedural(options)
    if (source := _registered(text, options)) is not None:
        return source
    path = Path(text).expanduser()
    if not path.exists():
        raise SourceError(f"{text} does not exist", hint=ACCEPTED)
    if not (path.is_dir() or path.is_file()):
        raise SourceError(f"{text} is not a regular file or folder", hint=ACCEPTED)
    if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file():
        raise SourceError(
            f"{text} is a photo, not a source of shapes", hint=f"use `onet reconstruct {text}`"
        )
    if path.is_dir():
        if (path / "dataset.json").is_file():
            raise SourceError(f"{path} is already a data set", hint=f"onet train {path}")
        if options.manifest is None and has_photographs(text):
            return _photographs(path.resolve(), options)
        if options.manifest is None and find_folder(path) is not None:
            return NoisypixelSource(path)
    if options.manifest is None and (path.is_dir() or _is_zip(path)):
        archive = open_archive(path)
        if archive is not None:
            return archive
    return _meshes(path.resolve(), options)


def _registered(text: str, options: PreprocessOptions) -> Source | None:
    """Return the source NAME or NAME:PLACE of another package, None if there is no such name."""
    name, _, place = text.partition(":")
    if name not in find_plugins(SOURCES):
        return None
    source: Source = load_plugin(SOURCES, name)(place, options)
    return source


def has_photographs(text: str) -> bool:
    """Return whether `text` names a source of photographs, that is, a Pix3D folder."""
    return (Path(text).expanduser() / TABLE).is_file()


def _is_zip(path: Path) -> bool:
    # Furniture libraries are zips too, with another suffix; a damaged zip is reported on opening.
    return path.suffix.lower() == ".zip" and zipfile.is_zipfile(path)


def _meshes(path: Path, options: PreprocessOptions) -> Source:
    from onet_cli.preprocessing.sources.find_meshes import find_meshes
    from onet_cli.preprocessing.sources.meshes import MeshSource

    entries, terms = find_meshes(path, options.manifest)
    if not entries:
        raise SourceError(f"{path} contains no shapes in a supported layout", hint=ACCEPTED)
    return MeshSource(f"meshes:{path.stem}", entries, _settings(options), terms)


def _photographs(path: Path, options: PreprocessOptions) -> Source:
    from onet_cli.preprocessing.sources.pix3d import Pix3dSource

    return Pix3dSource.open(path, _settings(options), options.image_size, options.photos)


def _settings(options: PreprocessOptions) -> "MeshSettings":
    from onet_cli.preprocessing.convert_mesh import MeshSettings
    from onet_cli.preprocessing.views import ViewOptions

    return MeshSettings(
        points=options.points,
        near_points=options.near_points,
        resolution=options.resolution,
        solidify=options.solidify,
        up=options.up,
        seed=options.seed,
        views=ViewOptions(
            count=options.views,
            size=options.image_size,
            cameras=options.cameras,
            background=options.background,
        ),
    )


def _procedural(options: PreprocessOptions) -> Source:
    from onet_cli.preprocessing.sources.procedural import ProceduralSource

    return ProceduralSource(
        count=options.count,
        seed=options.seed,
        views=options.views,
        image_size=options.image_size,
        points=options.points,
        near_points=options.near_points,
        cameras=options.cameras,
        background=options.background,
    )
