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
from trimesh import Trimesh

from onet_cli.errors import InvalidOptionError, OnetError, PhotoError
from onet_cli.files import whole_file
from onet_cli.geometry.mesh import MESH_SUFFIXES
from onet_cli.models.catalogue import DEFAULT_MODEL
from onet_cli.models.checkpoint import Checkpoint, load_checkpoint
from onet_cli.reconstruction.familiarity import WARNING as UNFAMILIAR
from onet_cli.reconstruction.generator import GeneratorSettings, MeshGenerator, Reconstruction
from onet_cli.reconstruction.preview import SUFFIX as PREVIEW_SUFFIX
from onet_cli.reconstruction.preview import preview_path, save_preview
from onet_cli.reconstruction.tidy import Up, check_scale
from onet_cli.shapes.photo import Background, PreparedPhoto, isolate_object, read_photo
from onet_cli.shapes.photo_files import refuse_address, to_eight_bits

STDIN = "-"
PHOTO_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""What counts as a photo inside a folder; a file named outright may have any suffix."""

DEFAULT_SUFFIX = ".obj"
DEBUG_SUFFIXES = (".prepared.png", ".mask.png")
OWN_SUFFIXES = (PREVIEW_SUFFIX, *DEBUG_SUFFIXES)
"""Pictures that earlier runs wrote: no photos, where a folder or glob holds them."""


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
    """What became of one photo: a mesh at `target`, or an error.

    `mesh` is the one that was written, in the file's frame; `warnings` are about the photo.
    """

    photo: PhotoFile
    target: Path
    reconstruction: Reconstruction | None = None
    error: OnetError | None = None
    mesh: Trimesh | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class BatchSettings:
    """How photos are read, how meshes are written and what is written beside them.

    `mask` is a picture of what is object in the one photo there is; `debug` a folder for the
    picture that the network saw and the mask; `scale_mm` and `up` are those of `tidy.finish`.

    Raises:
        InvalidOptionError: `scale_mm` is no positive length.
    """

    background: Background = "auto"
    preview: bool = False
    mask: Path | None = None
    debug: Path | None = None
    scale_mm: float | None = None
    up: Up = "y"

    def __post_init__(self) -> None:
        if self.scale_mm is not None:
            check_scale(self.scale_mm)


def find_photos(arguments: Sequence[str]) -> list[PhotoFile]:
    """Return the photos that `arguments` name: files, folders, globs, or - for standard input.

    Of a folder, the pictures directly in it, by name; what earlier runs drew is left out. Each
    photo appears once. A file that does not exist is returned too: reading it reports it.

    Raises:
        PhotoError: a folder or glob holds no photo, or an argument is a web address.
    """
    found: dict[PhotoFile, None] = {}
    for argument in arguments:
        found.update(dict.fromkeys(_expand(argument)))
    return list(found)


def _expand(argument: str) -> list[PhotoFile]:
    refuse_address(argument)
    path = Path(argument)
    if argument == STDIN:
        return [PhotoFile(None)]
    if path.is_dir():
        candidates = [file for file in sorted(path.iterdir()) if _looks_like_photo(file)]
    elif has_magic(argument) and not path.exists():
        names = sorted(glob(argument, recursive=True))  # noqa: PTH207 - Path.glob takes no root
        candidates = [Path(name) for name in names if not name.endswith(OWN_SUFFIXES)]
        candidates = [file for file in candidates if file.is_file()]
    else:
        return [PhotoFile(path)]
    if not candidates:
        raise PhotoError(
            f"{argument} holds no photo", hint=f"photos end in {' '.join(PHOTO_SUFFIXES)}"
        )
    return [PhotoFile(file) for file in candidates]


def _looks_like_photo(file: Path) -> bool:
    hidden = file.name.startswith(".") or file.name.endswith(OWN_SUFFIXES)
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
    """Yield each photo's result as soon as its mesh is written; a failure stops nothing.

    Raises:
        InvalidOptionError: there is a mask, but more than one photo.
        PhotoError: the mask cannot be read.
    """
    if settings.mask is not None and len(photos) > 1:
        raise InvalidOptionError(
            f"one mask cannot fit {len(photos)} photos", hint="reconstruct them one at a time"
        )
    mask = None if settings.mask is None else read_photo(settings.mask)
    for photo, target in zip(photos, targets, strict=True):
        try:
            yield _reconstruct_one(generator, photo, target, settings, mask)
        except OnetError as error:
            yield PhotoResult(photo, target, error=error)


def _reconstruct_one(
    generator: MeshGenerator,
    photo: PhotoFile,
    target: Path,
    settings: BatchSettings,
    mask: Image.Image | None,
) -> PhotoResult:
    picture = photo.read()
    prepared = isolate_object(picture, settings.background, mask)
    if settings.debug is not None:  # first, for the mesh may fail because of what is seen there
        save_debug(prepared, settings.debug, target.stem)
    result = generator.generate(to_tensor(prepared.picture))
    mesh = result.save(target, settings.scale_mm, settings.up)
    if settings.preview:
        save_preview(picture, prepared.picture, result.mesh, preview_path(target))
    warnings = (*prepared.warnings, UNFAMILIAR) if result.unfamiliar else prepared.warnings
    return PhotoResult(photo, target, result, mesh=mesh, warnings=warnings)


def save_debug(prepared: PreparedPhoto, folder: Path, stem: str) -> None:
    """Write what the network sees to STEM.prepared.png, and what was cut out to STEM.mask.png."""
    seen, cut = DEBUG_SUFFIXES
    pictures = {stem + seen: prepared.picture}
    if prepared.weight is not None:
        grey = np.rint(prepared.weight * 255).astype(np.uint8)
        pictures[stem + cut] = Image.fromarray(grey)
    for name, picture in pictures.items():
        with whole_file(folder / name) as temporary:
            picture.save(temporary, format="PNG")


def reconstruct(
    photo: str | Path | bytes | Image.Image,
    model: str | Path | Checkpoint = DEFAULT_MODEL,
    *,
    background: Background = "auto",
    mask: str | Path | Image.Image | None = None,
    device: str = "auto",
    **options: Any,
) -> Reconstruction:
    """Return the mesh of the object in `photo`.

    Args:
        photo: A file, its bytes, or an opened picture.
        model: The name of a shipped model, a checkpoint file, or what `load_checkpoint` returned.
        background: "auto", "keep" or "remove", as `onet reconstruct --background`.
        mask: A picture of the photo's shape, white where the object is.
        device: auto, cpu, cuda or mps; unused when `model` is already loaded.
        options: `resolution`, `threshold`, `faces`, `refine`, `min_component`,
            `largest_component`, `guess`, `confidence` (here True unless set): see
            `GeneratorSettings`.

    Raises:
        PhotoError: the photo cannot be read or shows no object.
        CheckpointError: the checkpoint cannot be read.
        EmptySurfaceError: the field stays below the threshold everywhere.
        InvalidOptionError: an option's value cannot work.
    """
    settings = GeneratorSettings(**{"confidence": True} | options)
    known = None if mask is None else _open(mask)
    prepared = isolate_object(_open(photo), background, known).picture
    checkpoint = model if isinstance(model, Checkpoint) else load_checkpoint(model, device)
    return MeshGenerator(checkpoint, settings).generate(to_tensor(prepared))


def _open(photo: str | Path | bytes | Image.Image) -> Image.Image:
    """Return a photo in any form as `read_photo` does."""
    if isinstance(photo, Image.Image):
        return to_eight_bits(photo)
    if isinstance(photo, str):
        refuse_address(photo)
        photo = Path(photo)
    return read_photo(photo)


def to_tensor(photo: Image.Image) -> Tensor:
    """Return an RGB picture as uint8 (3, H, W)."""
    return torch.from_numpy(np.array(photo.convert("RGB"))).permute(2, 0, 1)
