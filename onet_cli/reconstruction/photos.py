"""Which photos, and which mesh file each of them becomes."""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path

from PIL import Image

from onet_cli.errors import InvalidOptionError, PhotoError
from onet_cli.files import MAX_ARRAY_BYTES, describe_bytes
from onet_cli.meshes.formats import MESH_SUFFIXES
from onet_cli.reconstruction.sidecar import OWN_PICTURES
from onet_cli.shapes.photo import read_photo
from onet_cli.shapes.photo_files import refuse_address

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
        if self.path is not None:
            return read_photo(self.path)
        data = sys.stdin.buffer.read(MAX_ARRAY_BYTES + 1)
        if len(data) > MAX_ARRAY_BYTES:
            raise PhotoError(f"stdin holds more than {describe_bytes(MAX_ARRAY_BYTES)}")
        return read_photo(data)


def find_photos(arguments: Sequence[str]) -> list[PhotoFile]:
    """Return the photos that `arguments` name: files, folders, globs, or - for standard input.

    Of a folder, the pictures directly in it, by name; what earlier runs drew is left out. Each
    photo appears once. A file that does not exist is returned too: reading it reports it.

    Raises:
        PhotoError: a folder or glob holds no photo, or an argument is a web address or
            empty.
    """
    found: dict[PhotoFile, None] = {}
    for argument in arguments:
        found.update(dict.fromkeys(_expand(argument)))
    return list(found)


def _expand(argument: str) -> list[PhotoFile]:
    refuse_address(argument)
    if not argument:  # an unset variable of a shell, say, and Path("") is the folder one is in
        raise PhotoError("a photo has no name", hint="give a file, a folder or -")
    path = Path(argument)
    if argument == STDIN:
        return [PhotoFile(None)]
    if path.is_dir():
        candidates = [file for file in sorted(path.iterdir()) if _looks_like_photo(file)]
    elif has_magic(argument) and not path.exists():
        names = sorted(glob(argument, recursive=True))  # noqa: PTH207 - Path.glob takes no root
        candidates = [Path(name) for name in names if not name.endswith(OWN_PICTURES)]
        candidates = [file for file in candidates if file.is_file()]
    else:
        return [PhotoFile(path)]
    if not candidates:
        raise PhotoError(
            f"{argument} holds no photo", hint=f"photos end in {' '.join(PHOTO_SUFFIXES)}"
        )
    return [PhotoFile(file) for file in candidates]


def _looks_like_photo(file: Path) -> bool:
    hidden = file.name.startswith(".") or file.name.endswith(OWN_PICTURES)
    return not hidden and file.suffix.lower() in PHOTO_SUFFIXES and file.is_file()


def choose_targets(photos: Sequence[PhotoFile], output: Path | None) -> list[Path]:
    """Return the mesh file of each photo.

    Without `output` it lies beside the photo, PHOTO.obj. An `output` with a mesh format's suffix is
    the file of a single photo; any other is a folder. Photos that differ in the suffix only keep it
    in the mesh's name: chair.png.obj.

    Raises:
        InvalidOptionError: standard input without `output`, several photos for one file, two
            photos for one mesh, a mesh in the place of its photo, a file in the place of the
            folder, or a suffix that is no mesh format's.
    """
    if output is None:
        if any(photo.path is None for photo in photos):
            raise InvalidOptionError(
                "a photo from stdin has no place for its mesh", hint="name a file with -o"
            )
        return _beside(
            photos, _distinct(photos, [photo.path.parent for photo in photos if photo.path])
        )
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
        targets = [output]
    elif output.is_file():
        raise InvalidOptionError(
            f"{output} is a file, not a folder", hint="name another, or a file with a mesh's suffix"
        )
    else:
        targets = _distinct(photos, [output] * len(photos))
    return _beside(photos, targets)


def _beside(photos: Sequence[PhotoFile], targets: list[Path]) -> list[Path]:
    """Return `targets`, none of which may be a photo: its suffix need not say that it is one."""
    for photo, target in zip(photos, targets, strict=True):
        if photo.path is not None and target.exists() and target.samefile(photo.path):
            raise InvalidOptionError(
                f"the mesh would take the place of the photo {photo.path}",
                hint="name another file with -o",
            )
    return targets


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
