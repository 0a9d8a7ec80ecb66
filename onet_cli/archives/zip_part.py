"""Selected members of a zip, read without the archive's directory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import FileIO
from pathlib import Path

from onet_cli.archives.zip_member import LOCAL_HEADER, Entry, packed_start, unpack
from onet_cli.errors import SourceError

_EXTRA_BYTES = 64


@dataclass(frozen=True)
class ZipPart:
    """The members of one folder of a zip, cheap to pickle for a worker process.

    The directory of the full data set has over a million entries; a worker process needs only
    the thirty files of its shape. `entries` maps full paths.
    """

    path: Path
    entries: dict[str, Entry]

    def list(self, folder: str) -> Sequence[str]:
        """Return the names in `folder`, sorted."""
        return sorted({below.split("/")[0] for below in self._below(folder)})

    def folders(self, folder: str) -> Sequence[str]:
        """Return the names of the folders in `folder`, sorted."""
        return sorted({below.split("/")[0] for below in self._below(folder) if "/" in below})

    def part(self, folder: str) -> "ZipPart":
        """Return the members below `folder`."""
        start = f"{folder.strip('/')}/"
        return ZipPart(self.path, {k: v for k, v in self.entries.items() if k.startswith(start)})

    def read(self, path: str) -> bytes | None:
        """Return a member's bytes after checking its checksum, or None if there is none.

        Raises:
            SourceError: the member is damaged, encrypted or compressed by an unsupported method.
        """
        entry = self.entries.get(path)
        if entry is None:
            return None
        try:
            return bytes(unpack(self._packed(path, entry), entry, path))
        except OSError as error:
            raise SourceError(f"{path} is damaged: {error}") from error

    def _below(self, folder: str) -> Sequence[str]:
        start = f"{folder.strip('/')}/" if folder.strip("/") else ""
        return [path[len(start) :] for path in self.entries if path.startswith(start)]

    def _packed(self, path: str, entry: Entry) -> memoryview:
        # One read, unless the extra field is longer, which the directory does not tell.
        wanted = LOCAL_HEADER.size + len(path.encode()) + _EXTRA_BYTES + entry.packed_bytes
        file = self._file
        file.seek(entry.offset)
        data = file.read(wanted) or b""
        start = packed_start(data, path)
        if start + entry.packed_bytes > len(data):
            file.seek(entry.offset + start)
            data, start = file.read(entry.packed_bytes) or b"", 0
        return memoryview(data)[start : start + entry.packed_bytes]

    @cached_property
    def _file(self) -> FileIO:
        """The zip, opened once for all members; closed with this object."""
        return self.path.open("rb", buffering=0)

    def __reduce__(self) -> tuple[type["ZipPart"], tuple[Path, dict[str, Entry]]]:
        """Leave the open file out of pickles."""
        return ZipPart, (self.path, self.entries)
