"""Files that a mesh file refers to by name, restricted to its source."""

import posixpath
import re
from typing import Protocol


class MeshFiles(Protocol):
    """The files of a source, by relative slash-separated names inside it."""

    def read(self, name: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            KeyError, OSError: there is no such file, or it cannot be read.
        """


def referred_names(name: str, reference: str) -> list[str]:
    """Return candidate names for the file that `name` refers to as `reference`, best first.

    Backslashes become slashes. A reference outside the source, such as an absolute path, is
    searched for next to `name`.
    """
    reference = reference.strip().strip('"').replace("\\", "/")
    beside = posixpath.join(posixpath.dirname(name), posixpath.basename(reference))
    candidates = [beside]
    if not re.match(r"/|[A-Za-z]:|\w+://", reference):
        candidates.insert(0, posixpath.join(posixpath.dirname(name), reference))
    return [name for name in dict.fromkeys(map(posixpath.normpath, candidates)) if _is_inside(name)]


def read_referred(files: MeshFiles, name: str, reference: str) -> bytes | None:
    """Return the bytes of the file that `name` refers to as `reference`, or None if missing."""
    for candidate in referred_names(name, reference):
        try:
            return files.read(candidate)
        except (KeyError, OSError):
            continue
    return None


def _is_inside(name: str) -> bool:
    return not (name.startswith(("/", "../")) or name in (".", "..") or "\0" in name)
