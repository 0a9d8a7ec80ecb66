"""Atomic file writes, and reads of limited size."""

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from onet_cli.errors import OnetError

if sys.platform != "win32":
    import fcntl

MAX_BYTES = 4 * 2**30
"""Maximum size of a file, or archive member, that is read into memory."""

MAX_ARRAY_BYTES = 2**29
"""Maximum total size in memory of the arrays of one file."""

_TOKEN_BYTES = 4
_LONGEST_STEM = 200  # file names may have 255 bytes


@contextmanager
def whole_file(path: Path, error: type[OnetError] = OnetError) -> Iterator[Path]:
    """Yield a temporary path next to `path`, which replaces `path` when the block succeeds.

    The folder is created if necessary, and a symbolic link to a file is kept. The temporary file
    is created empty, has a random name, and stays locked while this process lives. When the block
    succeeds, its bytes are flushed to disk before it is renamed. When the block raises, it is
    removed and `path` is unchanged.

    Raises:
        OnetError: the file cannot be written (no permission, no space, an invalid path, or `path`
            is a folder or a device); of the class `error`.
    """
    try:
        target = path.resolve()
        # A file may not take the place of /dev/null or of a folder.
        if target.exists() and not target.is_file():
            raise error(f"{path} cannot be written: it is not a regular file")
        target.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(target) as temporary:
            yield temporary
            _flush_to_disk(temporary)
            temporary.replace(target)
    except OSError as problem:
        reason = problem.strerror or problem
        raise error(f"{path} cannot be written: {reason}") from problem
    except RuntimeError as problem:
        if "Symlink loop" not in str(problem):
            raise
        raise error(f"{path} cannot be written: it is a link to itself") from problem


def write_text(path: Path, text: str, error: type[OnetError] = OnetError) -> None:
    """Write `text` to `path` in UTF-8, atomically.

    Raises:
        OnetError: as `whole_file`.
    """
    write_bytes(path, text.encode("utf-8"), error)


def write_bytes(path: Path, data: bytes, error: type[OnetError] = OnetError) -> None:
    """Write `data` to `path`, atomically.

    Raises:
        OnetError: as `whole_file`.
    """
    with whole_file(path, error) as temporary:
        temporary.write_bytes(data)


def leftovers(folder: Path, name: str = "*") -> Iterator[Path]:
    """Yield the temporary files for `name` in `folder` that no running process is writing."""
    for path in folder.glob(f".{name}.*.tmp"):
        if path.is_file() and not path.is_symlink() and not _is_locked(path):
            yield path


def remove_leftovers(targets: Iterable[Path]) -> None:
    """Remove the temporary files for `targets` that killed processes left behind."""
    for target in targets:
        for path in leftovers(target.parent, _escaped(_stem(target))):
            with suppress(OSError):
                path.unlink()


@contextmanager
def only_writer(folder: Path, error: type[OnetError] = OnetError) -> Iterator[None]:
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
        data = file.read(most + 1)
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
    path = target.with_name(f".{_stem(target)}.{secrets.token_hex(_TOKEN_BYTES)}.tmp")
    # O_EXCL does not follow an existing link.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        if sys.platform != "win32":
            with suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield path
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _flush_to_disk(path: Path) -> None:
    """Flush `path` to disk; some file systems report a full disk only then."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_locked(path: Path) -> bool:
    if sys.platform == "win32":
        return False  # without locks, unfinished and abandoned files look the same
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return True  # unknown: leave it alone
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _stem(target: Path) -> str:
    """Return the target's name, shortened where the temporary name would be too long."""
    # A name over 255 bytes is kept, so that it fails as the target itself would.
    name = target.name
    return name[:_LONGEST_STEM] if len(os.fsencode(name)) <= 255 else name


def _escaped(name: str) -> str:
    """Return a glob pattern that matches only `name`."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in name)


def _require_regular(path: Path, state: os.stat_result) -> None:
    if stat.S_ISDIR(state.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(state.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
