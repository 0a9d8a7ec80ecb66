"""Files of a mesh source, in a folder or a zip, read by name and never from outside the root."""

import hashlib
import os
import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from onet_cli.archives.members import DAMAGE, open_whole
from onet_cli.errors import SourceError
from onet_cli.files import MAX_BYTES, describe_bytes, read_regular

_HARMLESS_BYTES = 2**26
_MOST_PACKED = 200
"""The most that a larger member of a zip may unpack to, in its packed size: meshes reach 20."""

_UTF8 = 0x800  # flag: the member's name is UTF-8


class Files(Protocol):
    """Files by slash-separated path below a root; cheap to pickle."""

    @property
    def path(self) -> Path:
        """The folder or zip."""

    def names(self) -> list[str]:
        """Return the paths of all files, sorted, without hidden ones."""

    def refused(self) -> list[str]:
        """Return the paths that point outside the root, sorted; these are never read."""

    def read(self, name: str) -> bytes:
        """Return a file's bytes; if the name does not exist, match it ignoring case.

        Raises:
            FileNotFoundError: there is no such file below the root.
            OSError: the file exists but is damaged or too large.
        """


@dataclass(frozen=True)
class FolderFiles:
    """The files below a folder, following links."""

    path: Path

    def names(self) -> list[str]:
        """Return the paths of all files, sorted, without hidden ones."""
        return sorted(self._walk())

    def refused(self) -> list[str]:
        """Return an empty list: no path of a folder points outside it."""
        return []

    def read(self, name: str) -> bytes:
        """Return a file's bytes; if the name does not exist, match it ignoring case."""
        inner = _require_inside(name)
        path = self.path / inner
        try:
            if not path.exists():
                path = _differing_in_case(self.path, inner)
            _check_size(name, path.stat().st_size)
            return read_regular(path, MAX_BYTES)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise FileNotFoundError(name) from None

    def _walk(self) -> Iterator[str]:
        seen = set()
        for folder, folders, files in os.walk(self.path, followlinks=True):
            state = Path(folder).stat()
            if (state.st_dev, state.st_ino) in seen:  # a cyclic link
                folders.clear()
                continue
            seen.add((state.st_dev, state.st_ino))
            folders[:] = sorted(name for name in folders if not _is_hidden(name))
            below = Path(folder).relative_to(self.path).as_posix()
            for name in files:
                if not _is_hidden(name):
                    yield posixpath.normpath(posixpath.join(below, name))


@dataclass(frozen=True)
class ZipFiles:
    """The files in a zip, read without extracting it. Each process reads its directory once."""

    path: Path

    def names(self) -> list[str]:
        """Return the paths of all files, sorted, without hidden ones."""
        return sorted(n for n in self._directory().members if not any(map(_is_hidden, _parts(n))))

    def refused(self) -> list[str]:
        """Return the paths that point outside the archive, sorted."""
        return self._directory().refused

    def read(self, name: str) -> bytes:
        """Return a file's bytes; if the name does not exist, match it ignoring case."""
        directory, inner = self._directory(), _require_inside(name)
        member = directory.members.get(inner) or directory.folded.get(inner.casefold())
        if member is None:
            raise FileNotFoundError(name)
        _check_size(name, member.file_size)
        if member.file_size > max(_HARMLESS_BYTES, _MOST_PACKED * member.compress_size):
            raise OSError(f"{name} unpacks to {describe_bytes(member.file_size)} of very little")
        try:
            return directory.archive.read(member)
        except DAMAGE as error:
            raise OSError(f"{name} is damaged: {error}") from error

    def _directory(self) -> "_Directory":
        try:
            state = self.path.stat()
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read: {error.strerror}") from error
        return _read_directory(self.path, state.st_size, state.st_mtime_ns)


@dataclass
class RecordingFiles:
    """Wrapper that hashes the names and bytes of all files read through it, in order."""

    files: Files
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def read(self, name: str) -> bytes:
        """Return a file's bytes, as `Files.read`."""
        data = self.files.read(name)
        # With the lengths, no other sequence of files gives the same bytes.
        self.digest.update(f"{len(name.encode())}:{name}:{len(data)}:".encode())
        self.digest.update(data)
        return data


@dataclass(frozen=True)
class _Directory:
    archive: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo]
    folded: dict[str, zipfile.ZipInfo]
    refused: list[str]


@lru_cache(maxsize=16)
def _read_directory(path: Path, size: int, changed: int) -> _Directory:
    archive = open_whole(path)
    members, refused = {}, []
    for info in archive.infolist():
        if not info.filename or info.is_dir():
            continue
        inner = _inside(info.filename)
        if inner is None:
            refused.append(info.filename)
        else:
            members[inner] = info
    folded = {
        spelling.casefold(): info
        for name, info in reversed(members.items())
        for spelling in _spellings(name, info)
    }
    return _Directory(archive, members, folded, sorted(refused))


def _spellings(name: str, info: zipfile.ZipInfo) -> list[str]:
    """Return a member's name as decoded, and in other encodings where none is declared."""
    spellings = [name]
    if not info.flag_bits & _UTF8:
        for encoding in ("utf-8", "latin-1"):
            with suppress(UnicodeError):
                spellings.append(name.encode("cp437").decode(encoding))
    return spellings


def _inside(name: str) -> str | None:
    """Return `name` as a normalised path below the root, or None if it points outside it."""
    path = name.replace("\\", "/")  # some Windows programs write backslashes into zips
    inner = posixpath.normpath(path)
    if path.startswith("/") or path[1:2] == ":" or inner.split("/")[0] == ".." or inner == ".":
        return None
    return inner


def _require_inside(name: str) -> str:
    inner = _inside(name)
    if inner is None:
        raise FileNotFoundError(name)
    return inner


def _check_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        most = describe_bytes(MAX_BYTES)
        raise OSError(f"{name} has {describe_bytes(size)}; the limit is {most}")


def _differing_in_case(root: Path, inner: str) -> Path:
    """Return the path below `root` that matches `inner` ignoring case."""
    path = root
    for part in _parts(inner):
        if not (path / part).exists():
            fitting = [n for n in os.listdir(path) if n.casefold() == part.casefold()]  # noqa: PTH208
            part = min(fitting, default=part)
        path = path / part
    return path


def _parts(name: str) -> list[str]:
    return name.split("/")


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"
