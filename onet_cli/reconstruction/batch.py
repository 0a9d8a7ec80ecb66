"""Photos to mesh files: finding the photos, naming the meshes, going on past failures."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from onet_cli.errors import InvalidOptionError, OnetError, PhotoError
from onet_cli.geometry.mesh import MESH_SUFFIXES
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.models.checkpoint import Checkpoint, load_checkpoint
from onet_cli.reconstruction.generator import GeneratorSettings, MeshGenerator, Reconstruction
from onet_cli.reconstruction.preview import SUFFIX as PREVIEW_SUFFIX
from onet_cli.reconstruction.preview import preview_path, save_preview
from onet_cli.shapes.photo import Background, prepare_photo, read_photo

STDIN = "-"
PHOTO_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""What counts as a photo inside a folder; a file named outright may have any suffix."""

DEFAULT_SUFFIX = ".obj"


@dataclass(frozen=True)
class PhotoFile:
    """A photo to reconstruct; `path` is None for the one on standard input."""

    path: Path | None

    def __str__(self) -> str:
        return "stdin" if self.path is None else str(self.path)

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return "stdin" if self.path is None else self.path.stem

    def read(self) -> Image.Image:
        """Return the photo as `shapes.photo.read_photo` does."""
        return read_photo(sys.stdin.buffer.read() if self.path is None else self.path)


@dataclass(frozen=True)
class PhotoResult:
    """What became of one photo: a mesh at `target`, or an error."""

    photo: PhotoFile
    target: Path
    reconstruction: Reconstruction | None = None
    error: OnetError | None = None


@dataclass(frozen=True)
class BatchSettings:
    """How photos are read and what is written beside the mesh."""

    background: Background = "auto"
    preview: bool = False


def find_photos(arguments: Sequence[str]) -> list[PhotoFile]:
    """Return the photos that `arguments` name: files, folders, globs, or - for standard input.

    Of a folder, the pictures directly in it, by name; previews of earlier runs are left out. Each
    photo appears once. A file that does not exist is returned too: reading it reports it.

    Raises:
        PhotoError: a folder or glob holds no photo.
    """
    found: dict[PhotoFile, None] = {}
    for argument in arguments:
        found.update(dict.fromkeys(_expand(argument)))
    return list(found)


def _expand(argument: str) -> list[PhotoFile]:
    path = Path(argument)
    if argument == STDIN:
        return [PhotoFile(None)]
    if path.is_dir():
        candidates = [file for file in sorted(path.iterdir()) if _looks_like_photo(file)]
    elif has_magic(argument) and not path.exists():
        names = sorted(glob(argument, recursive=True))  # noqa: PTH207 - Path.glob takes no root
        candidates = [Path(name) for name in names if not name.endswith(PREVIEW_SUFFIX)]
        candidates = [file for file in candidates if file.is_file()]
    else:
        return [PhotoFile(path)]
    if not candidates:
        raise PhotoError(
            f"{argument} holds no photo", hint=f"photos end in {' '.join(PHOTO_SUFFIXES)}"
        )
    return [PhotoFile(file) for file in candidates]


def _looks_like_photo(file: Path) -> bool:
    hidden = file.name.startswith(".") or file.name.endswith(PREVIEW_SUFFIX)
    return not hidden and file.suffix.lower() in PHOTO_SUFFIXES and file.is_file()


def choose_targets(photos: Sequence[PhotoFile], output: Path | None) -> list[Path]:
    """Return the mesh file of each photo.

    Without `output` it lies beside the photo, PHOTO.obj. An `output` with a mesh format's suffix is
    the file of a single photo; any other is a folder. Photos that differ in the suffix only keep it
    in the mesh's name: chair.png.obj.

    Raises:
        InvalidOptionError: standard input without `output`, several photos for one file, two
            photos for one mesh, or a suffix that is no mesh format's.
    """
    if output is None:
        if any(photo.path is None for photo in photos):
            raise InvalidOptionError(
                "a photo from stdin has no place for its mesh", hint="name a file with -o"
            )
        return _distinct(photos, [photo.path.parent for photo in photos if photo.path])
    if not output.is_dir() and output.suffix:
        if output.suffix.lower() not in MESH_SUFFIXES:
            raise InvalidOptionError(
                f"{output.suffix!r} is no mesh format onet can write",
                hint=f"use one of {' '.join(sorted(MESH_SUFFIXES))}",
            )
        if len(photos) > 1:
            raise InvalidOptionError(
                f"{len(photos)} photos cannot become the one file {output}",
                hint="give -o a folder",
            )
        return [output]
    return _distinct(photos, [output] * len(photos))


def _distinct(photos: Sequence[PhotoFile], folders: Sequence[Path]) -> list[Path]:
    plain = [
        folder / (photo.stem + DEFAULT_SUFFIX)
        for photo, folder in zip(photos, folders, strict=True)
    ]
    uses = Counter(plain)
    targets = [
        path.with_name(photo.path.name + DEFAULT_SUFFIX) if uses[path] > 1 and photo.path else path
        for photo, path in zip(photos, plain, strict=True)
    ]
    clash, times = Counter(targets).most_common(1)[0] if targets else (None, 0)
    if times > 1:
        raise InvalidOptionError(
            f"{times} photos would all become {clash}", hint="reconstruct them one folder at a time"
        )
    return targets


def reconstruct_all(
    generator: MeshGenerator,
    photos: Sequence[PhotoFile],
    targets: Sequence[Path],
    settings: BatchSettings,
) -> Iterator[PhotoResult]:
    """Yield each photo's result as soon as its mesh is written; a failure stops nothing."""
    for photo, target in zip(photos, targets, strict=True):
        try:
            prepared = prepare_photo(photo.read(), settings.background)
            result = generator.generate(to_tensor(prepared))
            result.save(target)
            if settings.preview:
                save_preview(prepared, result.mesh, preview_path(target))
            yield PhotoResult(photo, target, result)
        except OnetError as error:
            yield PhotoResult(photo, target, error=error)


def reconstruct(
    photo: str | Path | bytes | Image.Image,
    model: str | Path | Checkpoint = DEFAULT_MODEL,
    *,
    background: Background = "auto",
    device: str = "auto",
    **options: Any,
) -> Reconstruction:
    """Return the mesh of the object in `photo`.

    Args:
        photo: A file, its bytes, or an opened picture.
        model: The name of a shipped model, a checkpoint file, or what `load_checkpoint` returned.
        background: "auto", "keep" or "remove", as `onet reconstruct --background`.
        device: auto, cpu, cuda or mps; unused when `model` is already loaded.
        options: `resolution`, `threshold`, `faces`, `refine`: see `GeneratorSettings`.

    Raises:
        PhotoError: the photo cannot be read or shows no object.
        CheckpointError: the checkpoint cannot be read.
        EmptySurfaceError: the field stays below the threshold everywhere.
        InvalidOptionError: an option's value cannot work.
    """
    settings = GeneratorSettings(**options)
    if isinstance(photo, Image.Image):
        picture = photo.convert("RGBA" if photo.has_transparency_data else "RGB")
    else:
        picture = read_photo(Path(photo) if isinstance(photo, str) else photo)
    prepared = prepare_photo(picture, background)
    checkpoint = model if isinstance(model, Checkpoint) else load_checkpoint(model, device)
    return MeshGenerator(checkpoint, settings).generate(to_tensor(prepared))


def to_tensor(photo: Image.Image) -> Tensor:
    """Return an RGB picture as uint8 (3, H, W)."""
    return torch.from_numpy(np.array(photo.convert("RGB"))).permute(2, 0, 1)
