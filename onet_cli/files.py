"""Files that are whole or absent, whatever happens while they are written; reads with bounds."""

import errno
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from onet_cli.errors import OnetError

if sys.platform != "win32":
    import fcntl

MAX_BYTES = 4 * 2**30
"""The largest file, or member of an archive, that is read into memory."""

MAX_ARRAY_BYTES = 2**29
"""What the arrays of one file may take in memory, all together."""

_STEP = 2**20  # bytes that are read at a time of a file that has more than it says
_TOKEN_BYTES = 4
_TEMPORARY = re.compile(rf".*\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}\.tmp")
_LONGEST_STEM = 200  # of the 255 bytes that a file name may have


@contextmanager
def whole_file(path: Path, error: type[OnetError] = OnetError) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which takes its place when the block ends well.

    The folder is made if need be, and a link to a file stays a link. The temporary file exists,
    empty, has a random name, and is locked while this process lives. When the block ends well, its
    bytes are on the disk before it is renamed. When the block fails, it is removed and `path` is as
    it was before. What killed processes left of writing `path` is removed first.

    Raises:
        OnetError: the file cannot be written (no right, no space, no such place, or what is there
            is a folder or a device); an `error`.
    """
    with _in_words(path, error):
        target = _place(path, error)
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers([target])
        with _temporary(target) as temporary:
            yield temporary
            _flush_to_disk(temporary)
            temporary.replace(target)


def require_place(path: Path, error: type[OnetError] = OnetError) -> None:
    """Refuse a `path` that cannot be written, before the work that its content takes.

    Nothing is left behind: folders that are missing are not made.

    Raises:
        OnetError: as `whole_file`.
    """
    with _in_words(path, error):
        target = _place(path, error)
        folder = next(parent for parent in target.parents if parent.exists())
        with _temporary(folder / target.name):
            pass


@contextmanager
def _in_words(path: Path, error: type[OnetError]) -> Iterator[None]:
    """Raise what keeps `path` from being written as an `error`."""
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
    """Return the file that writing `path` replaces or makes."""
    target = path.resolve()
    # A file may not take the place of /dev/null or of a folder.
    if target.exists() and not target.is_file():
        raise error(f"{path} cannot be written: it is no regular file")
    return target


def write_text(path: Path, text: str, error: type[OnetError] = OnetError) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all.

    Raises:
        OnetError: as `whole_file`.
    """
    write_bytes(path, text.encode("utf-8"), error)


def write_bytes(path: Path, data: bytes, error: type[OnetError] = OnetError) -> None:
    """Write `data` to `path`, whole or not at all.

    Raises:
        OnetError: as `whole_file`.
    """
    with whole_file(path, error) as temporary:
        temporary.write_bytes(data)


def remove_leftovers(targets: Iterable[Path]) -> None:
    """Remove what killed processes left of writing `targets`."""
    for target in targets:
        _remove_unfinished(target.parent, f".{_stem(target)}.")


def remove_all_leftovers(folder: Path) -> int:
    """Remove what killed processes left of writing files in `folder`; return how many there were.

    Files that another process is writing stay.
    """
    return _remove_unfinished(folder, ".")


@contextmanager
def only_writer(folder: Path, error: type[OnetError] = OnetError) -> Iterator[None]:
    """Keep other processes that ask for the same out of `folder` while the block runs.

    The folder is made if need be, and removed where it is empty after.

    Raises:
        OnetError: another process writes there, or the folder cannot be made; an `error`.
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
            hint="wait for it, or choose another folder",
        ) from None
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        with suppress(OSError):
            folder.rmdir()
        os.close(descriptor)


def open_alone(path: Path, error: type[OnetError] = OnetError) -> TextIO:
    """Return `path` opened for writing from its beginning, which no other process does meanwhile.

    Unlike `whole_file`, what was written is there at once.

    Raises:
        OnetError: another process writes the file, or it cannot be written; an `error`.
    """
    with _in_words(path, error):
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            if not _lock(descriptor, alone=True):
                os.close(descriptor)
                raise error(
                    f"{path} is being written by another process",
                    hint="wait for it, or choose another file",
                )
            if os.fstat(descriptor).st_nlink:
                os.ftruncate(descriptor, 0)
                return os.fdopen(descriptor, "w", encoding="utf-8")
            os.close(descriptor)  # the other process has just removed it: it is done


def open_regular(path: Path) -> BinaryIO:
    """Return `path` opened for reading, never blocking.

    Raises:
        OSError: it cannot be opened, or is no regular file: a pipe, a device, a socket.
    """
    _require_regular(path, path.stat())  # before it is opened, which may have effects on a device
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
        # One byte more shows where the file grows. Never `most`: Python takes that memory at once.
        data = file.read(min(size, most) + 1)
        while len(data) > size and len(data) <= most and (more := file.read(_STEP)):
            data += more
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {describe_bytes(most)}", str(path))
    return data


def read_text(path: Path, most: int = MAX_BYTES) -> str:
    """Return the text of a regular file in UTF-8.

    Raises:
        OSError: as `read_regular`, or it is no text in UTF-8.
    """
    try:
        return read_regular(path, most).decode("utf-8")
    except UnicodeDecodeError as error:
        raise OSError(errno.EILSEQ, "it is no text in UTF-8", str(path)) from error


def describe_bytes(count: int) -> str:
    """Return a number of bytes as a person reads it: 4 GiB, 512 KiB."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """Yield a new, locked file beside `target`; it is removed where it is still there after."""
    path, descriptor = _locked_file(target)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _locked_file(target: Path) -> tuple[Path, int]:
    """Return a new file with a random name beside `target`, and the descriptor that locks it."""
    while True:
        path = target.with_name(f".{_stem(target)}.{secrets.token_hex(_TOKEN_BYTES)}.tmp")
        # Exclusive, so that a link that someone put there is not followed.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        if _lock(descriptor) and os.fstat(descriptor).st_nlink:
            return path, descriptor
        os.close(descriptor)  # taken for a leftover before it was locked, and removed


def _lock(descriptor: int, alone: bool = False) -> bool:
    """Lock a file while this process lives; return False where another one has."""
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            pass
    return True


def _remove_unfinished(folder: Path, start: str) -> int:
    """Remove the temporary files in `folder` that begin with `start` and that nobody writes."""
    count = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            written = name.startswith(start) and _TEMPORARY.fullmatch(name[len(start) - 1 :])
            if written and entry.is_file(follow_symlinks=False):
                count += _remove_unlocked(Path(entry.path))
    return count


def _remove_unlocked(path: Path) -> bool:
    """Remove a regular file unless a living process has locked it; return whether it was."""
    if sys.platform == "win32":
        with suppress(OSError):  # one that is open cannot be removed
            path.unlink()
            return True
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return False  # a link, or not ours to judge
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()  # while it is locked, or its writer might have come meanwhile
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
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
