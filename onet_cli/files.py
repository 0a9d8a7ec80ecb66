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

    The folder is made if need be. When the block fails, the temporary file is removed and `path`
    is as it was before.

    Raises:
        OnetError: the file cannot be written (no right, no space, no such place); an `error`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
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
