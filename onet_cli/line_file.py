"""A file that grows by lines while a command works, from which a stopped run goes on."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from onet_cli.errors import OnetError
from onet_cli.files import open_alone, read_regular


class LineFile:
    """The file at `path`, locked while it is written; each line is visible at once.

    Raises:
        OnetError: the file cannot be written, or another process is writing it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO = open_alone(path)

    def write(self, line: str) -> None:
        """Append `line`.

        Raises:
            OnetError: the file cannot be written.
        """
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            raise OnetError(
                f"{self._path} cannot be written: {error.strerror}",
                hint="free some space and run the same command again to continue",
            ) from error

    def close(self, remove: bool) -> None:
        """Close the file, and `remove` it if that is wanted."""
        if remove and sys.platform != "win32":
            with suppress(OSError):  # while it is locked, so that it is not another process's
                self._path.unlink(missing_ok=True)
        with suppress(OSError):  # a full disk, which was reported already
            self._file.close()
        if remove and sys.platform == "win32":
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def read_lines(path: Path) -> tuple[str, list[str]]:
    """Return the first line of such a file, and the other complete ones.

    Raises:
        OnetError: it cannot be read.
    """
    try:
        text = read_regular(path).decode("utf-8", errors="replace")
    except OSError as error:
        raise OnetError(f"{path} cannot be read: {error.strerror}") from error
    head, *lines = text.split("\n")
    return head, lines[:-1]  # the part after the last line end is incomplete
