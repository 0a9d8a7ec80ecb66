"""Input photos and their output files."""

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
from onet_cli.options import PHOTO_SUFFIXES
from onet_cli.reconstruction.sidecar import OWN_PICTURES
from onet_cli.shapes.photo import read_photo
from onet_cli.shapes.photo_files import refuse_address

STDIN = "-"
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
        """Read the photo, as `shapes.photo.read_photo` does."""
        if self.path is not None:
            return read_photo(self.path)
        data = sys.stdin.buffer.read(MAX_ARRAY_BYTES + 1)
        if len(data) > MAX_ARRAY_BYTES:
            raise PhotoError(f"stdin has more than {describe_bytes(MAX_ARRAY_BYTES)}")
        return read_photo(data)


def find_photos(arguments: Sequence[str]) -> list[PhotoFile]:
    """Return the photos in `arguments`: files, folders, globs, or - for standard input.

    A folder gives the images directly in it, sorted by name, without the previews of earlier runs.
    Duplicates are removed. Missing files are kept, and reported on reading.

    Raises:
        PhotoError: a folder or glob has no photos, or an argument is a web address or empty.
    """
    found: dict[PhotoFile, None] = {}
    for argument in arguments:
        found.update(dict.fromkeys(_expand(argument)))
    return list(found)


def _expand(argument: str) -> list[PhotoFile]:
    refuse_address(argument)
    if not argument:  # such as an unset shell variable; Path("") is the working directory
        raise PhotoError("a photo's name is empty", hint="give a file, a folder or -")
    path = Path(argument)
    if argument == STDIN:
        return [PhotoFile(None)]
    if path.is_dir():
        candidates = [file for file in sorted(path.iterdir()) if _looks_like_photo(file)]
    elif has_magic(argument) and not path.exists():
        names = sorted(glob(argument, recursive=True))  # noqa: PTH207 - Path.glob takes no root
        candidates = [Path(name) for name in names if not name.endswith(OWN_PICTURES)]
        candidates = [file for file in candidates if file.is_file()]
    elif path.suffix.lower() in MESH_SUFFIXES and path.is_file():
        raise PhotoError(
            f"{argument} is a mesh, not a photo",
            hint=f"convert it with `onet export {argument} TARGET`, or give a photo",
        )
    else:
        return [PhotoFile(path)]
    if not candidates:
        raise PhotoError(
            f"{argument} contains no photos", hint=f"photos end in {' '.join(PHOTO_SUFFIXES)}"
        )
    return [PhotoFile(file) for file in candidates]


def _looks_like_photo(file: Path) -> bool:
    hidden = file.name.startswith(".") or file.name.endswith(OWN_PICTURES)
    return not hidden and file.suffix.lower() in PHOTO_SUFFIXES and file.is_file()


def choose_targets(photos: Sequence[PhotoFile], output: Path | None) -> list[Path]:
    """Return the mesh file of each photo.

    By default it is PHOTO.obj next to the photo. An `output` with the suffix of a mesh format is
    the file for a single photo; any other is a folder, but a single photo needs one that exists if
    it has a suffix. Photos that differ only in their suffix keep it in the name: chair.png.obj.

    Raises:
        InvalidOptionError: standard input without `output`, several photos for one file, a mesh
            that would overwrite its photo, a file instead of a folder, or a suffix that is not
            that of a mesh format.
    """
    if output is None:
        if any(photo.path is None for photo in photos):
            raise InvalidOptionError(
                "the photo from stdin needs an output file", hint="give a file with -o"
            )
        return _beside(
            photos, _distinct(photos, [photo.path.parent for photo in photos if photo.path])
        )
    known = output.suffix.lower() in MESH_SUFFIXES
    if not output.is_dir() and (known or (output.suffix and len(photos) == 1)):
        if not known:
            raise InvalidOptionError(
                f"{output.suffix!r} is not a supported mesh format",
                hint=f"use one of {' '.join(sorted(MESH_SUFFIXES))}, or make the folder first",
            )
        if len(photos) > 1:
            raise InvalidOptionError(
                f"{len(photos)} photos cannot be written to one file, {output}",
                hint="give -o a folder",
            )
        targets = [output]
    elif output.is_file():
        raise InvalidOptionError(
            f"{output} is a file, not a folder",
            hint="give another folder, or a file with the suffix of a mesh format",
        )
    else:
        targets = _distinct(photos, [output] * len(photos))
    return _beside(photos, targets)


def _beside(photos: Sequence[PhotoFile], targets: list[Path]) -> list[Path]:
    """Return `targets`, after checking that none would overwrite its photo."""
    for photo, target in zip(photos, targets, strict=True):
        if photo.path is not None and target.exists() and target.samefile(photo.path):
            raise InvalidOptionError(
                f"the mesh would overwrite the photo {photo.path}",
                hint="give another file with -o",
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
            f"{times} photos would be written to {clash}",
            hint="reconstruct them one folder at a time",
        )
    return targets
