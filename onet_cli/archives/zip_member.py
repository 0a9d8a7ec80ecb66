"""One member of a zip: its place and sizes, and its bytes.

They are inflated by libdeflate in two thirds of the time of zlib: reading the official data set is
mostly inflation.

Source: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, sections 4.3.7 and 4.4.
"""

import struct
import zipfile
from typing import NamedTuple

from deflate import DeflateError, crc32, deflate_decompress

from onet_cli.errors import SourceError
from onet_cli.files import MAX_ARRAY_BYTES, describe_bytes

LOCAL_HEADER = struct.Struct("<4s22sHH")
_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1
_MOST_INFLATED = 1032
"""Bytes that one of deflate can stand for; more is never allocated."""


class Entry(NamedTuple):
    """Location, sizes, compression and checksum of a zip member, from the zip's directory."""

    offset: int
    packed_bytes: int
    method: int
    flags: int
    checksum: int
    bytes: int


def packed_start(data: bytes | memoryview, name: str) -> int:
    """Return where the packed bytes begin in `data`, which begins with a member's local header.

    Raises:
        SourceError: there is no such header.
    """
    if len(data) < LOCAL_HEADER.size or bytes(data[:4]) != _SIGNATURE:
        raise SourceError(f"{name} is damaged: its local header is missing")
    _, _, name_bytes, extra_bytes = LOCAL_HEADER.unpack_from(data)
    return LOCAL_HEADER.size + int(name_bytes) + int(extra_bytes)


def unpack(packed: memoryview, entry: Entry, name: str) -> bytes | bytearray | memoryview:
    """Return the bytes of a member, after checking its size and checksum; `name` is for messages.

    What is stored without compression is not copied.

    Raises:
        SourceError: it is damaged, too large, encrypted or compressed by an unsupported method.
    """
    check_member_size(name, max(entry.bytes, entry.packed_bytes))
    if entry.flags & _ENCRYPTED or entry.method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SourceError(f"{name} is encrypted, or compressed by an unsupported method")
    data: memoryview | bytearray = packed
    if entry.method == zipfile.ZIP_DEFLATED:
        if entry.bytes > _MOST_INFLATED * len(packed):
            raise SourceError(f"{name} is damaged: it cannot unpack to {entry.bytes} bytes")
        try:
            # One byte too many, as no room at all would be no error; the checksum detects it.
            data = deflate_decompress(packed, entry.bytes + 1)
        except DeflateError as error:
            raise SourceError(f"{name} is damaged: it cannot be inflated") from error
    if len(data) != entry.bytes or crc32(data) != entry.checksum:
        raise SourceError(f"{name} is damaged: its checksum is wrong")
    return data


def check_member_size(path: str, size: int) -> None:
    """Raise SourceError if an archive or its member unpacks to more than `MAX_ARRAY_BYTES`."""
    if size > MAX_ARRAY_BYTES:
        most = describe_bytes(MAX_ARRAY_BYTES)
        raise SourceError(f"{path} unpacks to {describe_bytes(size)}; the limit is {most}")
