"""Files that are whole or absent, whatever happens while they are written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from onet_cli.errors import OnetError

TEMPORARY = ".*.tmp"
"""The pattern of the names that unfinished files have."""


@contextmanager
def whole_file(path: Path, error: type[OnetError] = OnetError) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which takes its place when the block ends well.

    The folder is made if need be, and a link to a file stays a link. When the block fails, the
    temporary file is removed and `path` is as it was before.

    Raises:
        OnetError: the file cannot be written (no right, no space, no such place, or what is there
            is a folder or a device); an `error`.
    """
    target = path.resolve()
    temporary = target.parent / f".{target.name}.{os.getpid()}.tmp"
    try:
        # A file may not take the place of /dev/null or of a folder.
        if target.exists() and not target.is_file():
            raise error(f"{path} cannot be written: it is no regular file")
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(target)
    except OSError as problem:
        reason = problem.strerror or problem
        raise error(f"{path} cannot be written: {reason}") from problem
    finally:
        # Where the folder is a file or the name too long, even this fails; nothing is left there.
        with suppress(OSError):
            temporary.unlink()


def write_text(path: Path, text: str, error: type[OnetError] = OnetError) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all.

    Raises:
        OnetError: as `whole_file`.
    """
    with whole_file(path, error) as temporary:
        temporary.write_text(text, encoding="utf-8")
