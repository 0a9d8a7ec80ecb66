"""The files that a mesh refers to by name, in a folder or in a zip, and never outside of it."""

import os
import posixpath
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any, Protocol

MOST_BYTES = 2**31
"""No file larger than this is read: a small zip can hold a member that fills the memory."""

_DAMAGE = (EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)


class MeshFiles(Protocol):
    """Files by name. Names are relative, with slashes."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            KeyError, OSError: there is no such file, or it cannot be read.
        """


class FolderFiles:
    """The files below a folder; where a name has no file, one that differs in case will do."""

    def __init__(self, root: Path) -> None:
        self._root = Path(root)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            KeyError: there is no such file, or the name leads out of the folder.
            OSError: it cannot be read.
        """
        path = self._find(safe_name(name))
        if path.stat().st_size > MOST_BYTES:
            raise OSError(f"{name} is larger than {MOST_BYTES >> 30} GiB")
        return path.read_bytes()

    def _find(self, name: str) -> Path:
        path = self._root / name
        if path.is_file():
            return path
        path = self._root
        for part in name.split("/"):
            path = _child(path, part)
        if not path.is_file():
            raise KeyError(name)
        return path


class ZipFiles:
    """The members of a zip below `prefix`; where a name has none, one that differs in case will do.

    The zip is opened on first use, once in each process, so that this object travels cheaply.
    """

    def __init__(self, path: Path, prefix: str = "") -> None:
        self._path = Path(path)
        self._prefix = prefix.strip("/")
        self._process = -1
        self._archive: zipfile.ZipFile | None = None
        self._loose: dict[str, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path, "_prefix": self._prefix}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["_path"], state["_prefix"])  # type: ignore[misc]

    def read(self, name: str) -> bytes:
        """Return the bytes of a member.

        Raises:
            KeyError: there is no such member, or the name leads out of `prefix`.
            OSError: the zip or the member is damaged, or is larger than can be read.
        """
        try:
            archive = self._open()
            member = self._find(archive, posixpath.join(self._prefix, safe_name(name)))
            if member.file_size > MOST_BYTES:
                raise OSError(f"{name} is larger than {MOST_BYTES >> 30} GiB")
            return archive.read(member)
        except _DAMAGE as error:
            raise OSError(f"{self._path.name} is damaged: {error}") from error

    def _open(self) -> zipfile.ZipFile:
        # A forked process shares the file's position with its parent: each opens its own.
        if self._archive is None or self._process != os.getpid():
            self._archive, self._process = zipfile.ZipFile(self._path), os.getpid()
        return self._archive

    def _find(self, archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
        if name in archive.NameToInfo:
            return archive.NameToInfo[name]
        if not self._loose:
            self._loose = {
                alias.casefold(): member
                for member in reversed(archive.namelist())
                for alias in _spellings(member)
            }
        return archive.NameToInfo[self._loose[name.casefold()]]


def safe_name(name: str) -> str:
    """Return `name` in its simplest form.

    Raises:
        KeyError: it is empty, absolute, or leads out of where it starts.
    """
    simple = posixpath.normpath(name)
    if not name or "\0" in name or simple.startswith(("/", "../")) or simple in (".", ".."):
        raise KeyError(name)
    return simple


def referred_names(name: str, reference: str) -> list[str]:
    """Return where to look for the file that `name` calls `reference`, best first.

    Windows' slashes are turned. What points out of the source, as the author's own folders do, is
    looked for beside `name`.
    """
    reference = reference.strip().strip('"').replace("\\", "/")
    beside = posixpath.join(posixpath.dirname(name), posixpath.basename(reference))
    candidates = [beside]
    if not re.match(r"/|[A-Za-z]:|\w+://", reference):
        candidates.insert(0, posixpath.join(posixpath.dirname(name), reference))
    found: list[str] = []
    for candidate in candidates:
        try:
            found.append(safe_name(candidate))
        except KeyError:
            continue
    return list(dict.fromkeys(found))


def read_referred(files: MeshFiles, name: str, reference: str) -> bytes | None:
    """Return the bytes of the file that `name` calls `reference`, or None when there is none."""
    for candidate in referred_names(name, reference):
        try:
            return files.read(candidate)
        except (KeyError, OSError):
            continue
    return None


def _child(folder: Path, name: str) -> Path:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except NotADirectoryError:
        raise KeyError(name) from None
    except FileNotFoundError:
        raise KeyError(name) from None
    alike = [other for other in names if other.casefold() == name.casefold()]
    if not alike:
        raise KeyError(name)
    return folder / (name if name in alike else alike[0])


def _spellings(member: str) -> list[str]:
    """Return a member's name as zipfile read it and as its bytes may have been meant."""
    spellings = [member]
    for encoding in ("utf-8", "latin-1"):
        try:
            spellings.append(member.encode("cp437").decode(encoding))
        except UnicodeError:
            continue
    return spellings
