"""Atomic file writes, and reads of limited size."""

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO, TextIO

from onet_cli.errors import OnetError, OutputError

if sys.platform != "win32":
    import fcntl

MAX_BYTES = 4 * 2**30
"""Maximum size of a file, or archive member, that is read into memory."""

MAX_ARRAY_BYTES = 2**29
"""Maximum total size in memory of the arrays of one file."""

_PIECE = 2**16
_STEP = 2**20  # bytes per read of a file that is larger than its reported size
_TOKEN_BYTES = 4
_TEMPORARY = re.compile(rf".*\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}\.tmp")
_LONGEST_STEM = 200  # file names may have 255 bytes

_searched: dict[Path, list[str]] | None = None
"""Names of temporary files by folder, where folders are searched once."""


@contextmanager
def whole_file(path: Path, error: type[OnetError] = OutputError) -> Iterator[Path]:
    """Yield a temporary path next to `path`, which replaces `path` when the block succeeds.

    The folder is created if necessary, and a symbolic link to a file is kept. The temporary file is
    created empty, has a random name, and is locked while this process lives. When the block
    succeeds, its bytes are flushed to disk before it is renamed. When the block raises, it is
    removed and `path` is unchanged. Temporary files of `path` left by killed processes are removed
    first.

    Raises:
        OnetError: the file cannot be written (no permission, no space, an invalid path, or `path`
            is a folder or a device); of the class `error`.
    """
    with _in_words(path, error):
        target = _place(path, error)
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers([target])
        with _temporary(target) as temporary:
            yield temporary
            _flush_to_disk(temporary)
            temporary.replace(target)


def require_place(path: Path, error: type[OnetError] = OutputError) -> None:
    """Check that `path` can be written, before its content is computed.

    Nothing is created: missing folders are not created either. What a process left that was killed
    while it checked this is removed, as files may be written under other names than `path`.

    Raises:
        OnetError: as `whole_file`.
    """
    with _in_words(path, error):
        target = _place(path, error)
        folder = next(parent for parent in target.parents if parent.exists())
        remove_leftovers([folder / target.name])
        with _temporary(folder / target.name):
            pass


@contextmanager
def _in_words(path: Path, error: type[OnetError]) -> Iterator[None]:
    """Convert exceptions of writing `path` to `error`."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or problem
        raise error(f"{path} cannot be written: {reason}") from problem
    except RuntimeError as problem:
        if "Symlink loop" not in str(problem):
            raise
        raise error(f"{path} cannot be written: it is a link to itself") from problem


def _place(path: Path, error: type[OnetError]) -> Path:
    """Return the file that is replaced or created by writing `path`."""
    target = path.resolve()
    # A file must not replace /dev/null or a folder.
    if target.exists() and not target.is_file():
        raise error(f"{path} cannot be written: it is not a regular file")
    return target


def write_text(path: Path, text: str, error: type[OnetError] = OutputError) -> None:
    """Write `text` to `path` in UTF-8, atomically.

    Raises:
        OnetError: as `whole_file`.
    """
    write_bytes(path, text.encode("utf-8"), error)


def write_bytes(path: Path, data: bytes, error: type[OnetError] = OutputError) -> None:
    """Write `data` to `path`, atomically.

    Raises:
        OnetError: as `whole_file`.
    """
    with whole_file(path, error) as temporary, temporary.open("wb", buffering=0) as file:
        write_pieces(file, data)


def write_pieces(file: RawIOBase, data: bytes) -> None:
    """Write `data` to `file` in pieces of 64 KiB.

    Linux keeps a larger write in larger pieces of memory, which on a virtual machine the host has
    to supply first: four times the processor time.
    """
    view = memoryview(data)
    while view:
        view = view[file.write(view[:_PIECE]) or 0 :]


def copy_pieces(source: BinaryIO, target: RawIOBase, count: int) -> int:
    """Copy `count` bytes in pieces, as `write_pieces`; return how many there were until the end."""
    left = count
    while left and (data := source.read(min(left, _PIECE))):
        write_pieces(target, data)
        left -= len(data)
    return count - left


def remove_leftovers(targets: Iterable[Path]) -> None:
    """Remove the temporary files for `targets` that killed processes left behind."""
    for target in targets:
        _remove_unfinished(target.parent, f".{_stem(target)}.")


def remove_all_leftovers(folder: Path) -> int:
    """Remove temporary files in `folder` that killed processes left behind; return their number.

    Files that another process is writing are kept.
    """
    if _searched is not None:
        _searched.pop(folder, None)
    return _remove_unfinished(folder, ".")


def search_folders_once() -> None:
    """Search each folder for temporary files only once from now on, in all of this process.

    Otherwise each file that is written takes longer, the more files its folder has already.
    Temporary files of processes that are killed later stay, until another process writes there.
    """
    global _searched
    _searched = {}


@contextmanager
def folders_searched_once() -> Iterator[None]:
    """Search as by `search_folders_once`, within the block."""
    global _searched
    before = _searched
    _searched = {} if before is None else before
    try:
        yield
    finally:
        _searched = before


@contextmanager
def only_writer(folder: Path, error: type[OnetError] = OutputError) -> Iterator[None]:
    """Hold an exclusive lock on `folder` while the block runs.

    The folder is created if necessary, and removed afterwards if it is empty.

    Raises:
        OnetError: another process holds the lock, or the folder cannot be created; of the class
            `error`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise error(f"{folder} cannot be written: {problem.strerror}") from problem
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise error(
            f"{folder} is being written by another process",
            hint="wait for that process, or choose another folder",
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()
        os.close(descriptor)


def open_alone(path: Path, error: type[OnetError] = OutputError) -> TextIO:
    """Open `path` for writing from its beginning, with an exclusive lock.

    Unlike with `whole_file`, written data is visible at once.

    Raises:
        OnetError: another process holds the lock, or the file cannot be written; of the class
            `error`.
    """
    with _in_words(path, error):
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            if not _lock(descriptor, alone=True):
                os.close(descriptor)
                raise error(
                    f"{path} is being written by another process",
                    hint="wait for that process, or choose another file",
                )
            if os.fstat(descriptor).st_nlink:
                os.ftruncate(descriptor, 0)
                return os.fdopen(descriptor, "w", encoding="utf-8")
            os.close(descriptor)  # the other process has just finished and removed it


def open_regular(path: Path) -> BinaryIO:
    """Return `path` opened for reading, without blocking.

    Raises:
        OSError: it cannot be opened, or is not a regular file (a pipe, device or socket).
    """
    _require_regular(path, path.stat())  # checked first: opening a device may have side effects
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        _require_regular(path, os.fstat(descriptor))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, most: int = MAX_BYTES) -> bytes:
    """Return the bytes of a regular file.

    Raises:
        OSError: as `open_regular`, or the file has more than `most` bytes.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        # One byte more detects growth. Not `most`, as Python would allocate that at once.
        data = file.read(min(size, most) + 1)
        while len(data) > size and len(data) <= most and (more := file.read(_STEP)):
            data += more
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {describe_bytes(most)}", str(path))
    return data


def read_text(path: Path, most: int = MAX_BYTES) -> str:
    """Return the text of a regular UTF-8 file.

    Raises:
        OSError: as `read_regular`, or the file is not UTF-8.
    """
    try:
        return read_regular(path, most).decode("utf-8")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, "it is not UTF-8 text", str(path)) from error


def describe_bytes(count: int) -> str:
    """Return a number of bytes in readable units: 4 GiB, 512 KiB."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """Yield a new, locked file next to `target`; it is removed afterwards if it still exists."""
    path, descriptor = _locked_file(target)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _locked_file(target: Path) -> tuple[Path, int]:
    """Create a file with a random name next to `target`; return it and its locked descriptor."""
    while True:
        path = target.with_name(f".{_stem(target)}.{secrets.token_hex(_TOKEN_BYTES)}.tmp")
        # O_EXCL does not follow an existing link.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if _lock(descriptor) and os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)  # removed as a leftover before it was locked


def _lock(descriptor: int, alone: bool = False) -> bool:
    """Lock a file while this process lives; return False if another process holds the lock."""
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
    return True


def _remove_unfinished(folder: Path, start: str) -> int:
    """Remove unlocked temporary files in `folder` whose names begin with `start`."""
    found = _temporary_names(folder)
    names = (n for n in found if n.startswith(start) and _TEMPORARY.fullmatch(n[len(start) - 1 :]))
    return sum(_remove_unlocked(folder / name) for name in names)


def _temporary_names(folder: Path) -> list[str]:
    """Return the names in `folder` of regular files that may be temporary."""
    known = None if _searched is None else _searched.get(folder)
    if known is not None:
        return known
    found: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                found.append(entry.name)
    if _searched is not None:
        _searched[folder] = found
    return found


def _remove_unlocked(path: Path) -> bool:
    """Remove a regular file unless a process has locked it; return whether it was removed."""
    if sys.platform == "win32":
        with suppress(OSError):  # open files cannot be removed
            path.unlink()
            return True
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False  # a link, or unknown: leave it alone
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()  # while it is locked, so that no writer can take it
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _flush_to_disk(path: Path) -> None:
    """Wait until the disk has the bytes of `path`: some file systems report a full disk then."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stem(target: Path) -> str:
    """Return the target's name, cut where the temporary name would be too long by it."""
    # Too long a name is left to fail as the target's own would.
    name = target.name
    return name[:_LONGEST_STEM] if len(os.fsencode(name)) <= 255 else name


def _require_regular(path: Path, state: os.stat_result) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
