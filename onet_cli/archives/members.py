"""Files by name, from a zip or from a folder."""

import lzma
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from onet_cli.archives.zip_directory import INCOMPLETE_HINT, ZipDirectory
from onet_cli.archives.zip_member import Entry
from onet_cli.archives.zip_part import ZipPart
from onet_cli.errors import SourceError
from onet_cli.files import MAX_ARRAY_BYTES, read_regular

DAMAGE = (
    OSError,
    EOFError,
    ValueError,  # of names in an encoding that they are not in
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""Exceptions raised by reading a damaged zip."""


class Members(Protocol):
    """A tree of files with relative, slash-separated paths."""

    def list(self, folder: str) -> Sequence[str]:
        """Return the names in `folder`, sorted; empty if there is no such folder."""

    def folders(self, folder: str) -> Sequence[str]:
        """Return the names of the folders in `folder`, sorted."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is no such file.

        Raises:
            SourceError: the file exists but is damaged.
        """

    def part(self, folder: str) -> "Members":
        """Return the files below `folder`, cheap to pickle for a worker process."""


class FolderMembers:
    """The files below a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, folder: str) -> Sequence[str]:
        """Return the names in `folder`, sorted."""
        return self._names(folder, folders_only=False)

    def folders(self, folder: str) -> Sequence[str]:
        """Return the names of the folders in `folder`, sorted."""
        return self._names(folder, folders_only=True)

    def _names(self, folder: str, folders_only: bool) -> Sequence[str]:
        try:
            with os.scandir(self._root / folder) as entries:
                return sorted(e.name for e in entries if not folders_only or e.is_dir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise SourceError(f"{folder} cannot be read: {error.strerror}") from error

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None if there is no such file."""
        try:
            return read_regular(self._root / path, MAX_ARRAY_BYTES)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from error

    def part(self, folder: str) -> "FolderMembers":
        """Return `self`, which holds a path only."""
        return self


class ZipMembers:
    """The members of a zip file, read without extracting it.

    The archive's directory (a million entries in the full data set) is read on first use and stays
    in this process; worker processes receive a `part`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: ZipDirectory | None = None

    def list(self, folder: str) -> Sequence[str]:
        """Return the names in `folder`, sorted, without members that have unsafe paths."""
        return self._directory.names(folder.strip("/"))

    def folders(self, folder: str) -> Sequence[str]:
        """Return the names of the folders in `folder`, sorted."""
        return self._directory.folders(folder.strip("/"))

    def read(self, path: str) -> bytes | None:
        """Return a member's bytes after checking its checksum, or None if there is none."""
        entry = self._directory.entry(path)
        return None if entry is None else ZipPart(self._path, {path: entry}).read(path)

    def part(self, folder: str) -> ZipPart:
        """Return the members below `folder`, readable without the archive's directory."""
        folder = folder.strip("/")
        entries: dict[str, Entry] = {}
        waiting = [folder]
        while waiting:
            parent = waiting.pop()
            entries |= self._directory.entries(parent)
            waiting += [f"{parent}/{name}" for name in self._directory.folders(parent)]
        return ZipPart(self._path, entries)

    @property
    def _directory(self) -> ZipDirectory:
        if self._known is None:
            self._known = ZipDirectory(self._path)
        return self._known


def open_whole(path: Path) -> zipfile.ZipFile:
    """Open the zip at `path`.

    Raises:
        SourceError: it is damaged or truncated.
    """
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise SourceError(
            f"{path} cannot be read as a zip: {error}", hint=INCOMPLETE_HINT
        ) from error
    # In a truncated zip, the last directory found belongs to an npz member.
    if min((member.header_offset for member in archive.infolist()), default=0) > 0:
        archive.close()
        raise SourceError(f"{path} is incomplete: its directory is missing", hint=INCOMPLETE_HINT)
    return archive
