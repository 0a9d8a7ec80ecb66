"""Selected members of a zip, read without the archive's directory."""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from onet_cli.errors import SourceError
from onet_cli.files import MAX_ARRAY_BYTES, describe_bytes

_LOCAL_HEADER = struct.Struct("<4s22sHH")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1
_EXTRA_BYTES = 64


class Entry(NamedTuple):
    """Location, sizes, compression and checksum of a zip member, from the zip's directory."""

    offset: int
    packed_bytes: int
    method: int
    flags: int
    checksum: int
    bytes: int

    @classmethod
    def of(cls, info: zipfile.ZipInfo) -> "Entry":
        """Return the entry of a member."""
        return cls(
            info.header_offset,
            info.compress_size,
            info.compress_type,
            info.flag_bits,
            info.CRC,
            info.file_size,
        )


@dataclass(frozen=True)
class ZipPart:
    """The members of one folder of a zip, cheap to pickle for a worker process.

    The directory of the full data set has over a million entries; a worker process needs only
    the thirty files of its shape. `entries` maps full paths.

    Source: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, sections 4.3.6 and 4.3.7.
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
            check_member_size(path, max(entry.bytes, entry.packed_bytes))
            data = _unpack(self._packed(path, entry), entry.method, entry.bytes)
        except (OSError, zlib.error) as error:
            raise SourceError(f"{path} is damaged: {error}") from error
        if data is None or entry.flags & _ENCRYPTED:
            raise SourceError(f"{path} is encrypted, or compressed by an unsupported method")
        if zlib.crc32(data) != entry.checksum:
            raise SourceError(f"{path} is damaged: its checksum is wrong")
        return data

    def _below(self, folder: str) -> Sequence[str]:
        start = f"{folder.strip('/')}/" if folder.strip("/") else ""
        return [path[len(start) :] for path in self.entries if path.startswith(start)]

    def _packed(self, path: str, entry: Entry) -> memoryview:
        # One read, unless the extra field is longer, which the directory does not tell.
        wanted = _LOCAL_HEADER.size + len(path.encode()) + _EXTRA_BYTES + entry.packed_bytes
        with self.path.open("rb", buffering=0) as file:
            file.seek(entry.offset)
            data = file.read(wanted) or b""
            if len(data) < _LOCAL_HEADER.size or not data.startswith(_SIGNATURE):
                raise SourceError(f"{path} is damaged: its local header is missing")
            _, _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(data)
            start = _LOCAL_HEADER.size + name_bytes + extra_bytes
            if start + entry.packed_bytes > len(data):
                file.seek(entry.offset + start)
                data, start = file.read(entry.packed_bytes) or b"", 0
        return memoryview(data)[start : start + entry.packed_bytes]


def check_member_size(path: str, size: int) -> None:
    """Raise SourceError if an archive member unpacks to more than `MAX_ARRAY_BYTES`."""
    if size > MAX_ARRAY_BYTES:
        most = describe_bytes(MAX_ARRAY_BYTES)
        raise SourceError(f"{path} unpacks to {describe_bytes(size)}; the limit is {most}")


def _unpack(packed: memoryview, method: int, size: int) -> bytes | None:
    """Return the `size` decompressed bytes, or None if `method` is not supported."""
    if method == zipfile.ZIP_STORED:
        return bytes(packed)
    if method != zipfile.ZIP_DEFLATED:
        return None
    # Allow one byte too many, so that the checksum detects surplus data.
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size + 1)
