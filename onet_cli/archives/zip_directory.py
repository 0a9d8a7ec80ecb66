"""The directory of a zip with a million members, in little time and memory.

`zipfile` keeps an object for every member: 800 MB for the official data set. Here only the place of
each member's entry in the directory is kept, by folder; entries are read again when needed.

Source: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, sections 4.3.12 to 4.3.16.
"""

import io
import os
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from onet_cli.archives.zip_member import Entry
from onet_cli.errors import SourceError

_HEADER = struct.Struct("<4s4xHH4xIIIHHH8xI")
_SIGNATURE = b"PK\x01\x02"
_END = struct.Struct("<4s4xHHIIH")
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR = struct.Struct("<4s4xQ4x")
_LOCATOR_SIGNATURE = b"PK\x06\x07"
_END64 = struct.Struct("<4s20xQQQQ")
_END64_SIGNATURE = b"PK\x06\x06"
_LARGEST_COMMENT = 2**16
_UNKNOWN = 2**32 - 1
"""A number that stands in the extra field instead, with 64 bits."""
_UTF8 = 0x800  # flag: the member's name is UTF-8
_STEP = 2**24


class ZipDirectory:
    """The names of a zip by folder, without members that have unsafe paths.

    Raises:
        SourceError: the zip is damaged or truncated.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._children: dict[str, list[str]] = {"": []}
        self._members: dict[str, array[int]] = {}
        try:
            with path.open("rb") as file:
                end = _find_end(file)
                first = 1 if end is None else self._scan(file, *end)
        except (OSError, struct.error, ValueError) as error:
            raise SourceError(
                f"{path} cannot be read as a zip: {error}", hint=INCOMPLETE_HINT
            ) from error
        # In a truncated zip, the last directory found belongs to an npz member.
        if first > 0:
            raise SourceError(
                f"{path} is incomplete: its directory is missing", hint=INCOMPLETE_HINT
            )

    def names(self, folder: str) -> list[str]:
        """Return the names in `folder`, sorted."""
        names = set(self._children.get(folder, ()))
        names.update(path.rpartition("/")[2] for path, _ in self.entries(folder))
        return sorted(names)

    def folders(self, folder: str) -> list[str]:
        """Return the names of the folders in `folder`, sorted."""
        return sorted(self._children.get(folder, ()))

    def entries(self, folder: str) -> Iterator[tuple[str, Entry]]:
        """Yield the paths and entries of the members directly in `folder`."""
        places = self._members.get(folder)
        if places is None:
            return
        with self._path.open("rb") as file:
            for place in places:
                file.seek(place)
                head = file.read(_HEADER.size)
                fields = _HEADER.unpack(head)
                _, flags, *_, name_bytes, extra_bytes, _, _ = fields
                name = _decode(file.read(name_bytes), flags)
                yield name.rstrip("/"), _entry(fields, file.read(extra_bytes))

    def entry(self, path: str) -> Entry | None:
        """Return the entry of a member, or None if there is none."""
        found = None
        for name, entry in self.entries(path.rpartition("/")[0]):
            found = entry if name == path else found  # as in zipfile, the last one counts
        return found

    def _scan(self, file: BinaryIO, start: int, size: int, count: int) -> int:
        """Read the directory; return the smallest offset of a member, 0 if there are none."""
        file.seek(start)
        data, base, place, seen = b"", start, 0, 0
        smallest, parent, places = _UNKNOWN, b"\0", array("Q")
        left = size
        unpack, head = _HEADER.unpack_from, _HEADER.size
        while seen < count:
            if len(data) - place < head + 3 * 2**16 and left > 0:
                base, data = base + place, data[place:] + file.read(min(_STEP, left))
                left, place = start + size - base - len(data), 0
            mark, flags, _, _, _, _, name_bytes, extra, comment, offset = unpack(data, place)
            if mark != _SIGNATURE:
                raise ValueError("its directory is damaged")
            name = data[place + head : place + head + name_bytes]
            folder = name.rstrip(b"/").rpartition(b"/")[0]
            if folder != parent:
                parent, places = folder, self._places(_decode(folder, flags))
            places.append(base + place)
            smallest = min(smallest, offset)
            place += head + name_bytes + extra + comment
            seen += 1
        return smallest if seen else 0

    def _places(self, folder: str) -> "array[int]":
        """Return the places of the members in `folder`, a new folder if it is not known."""
        known = self._members.get(folder)
        if known is not None:
            return known
        parts = folder.split("/") if folder else []
        if any(part in ("", ".", "..") for part in parts):
            return array("Q")
        for depth, part in enumerate(parts):
            inner = "/".join(parts[: depth + 1])
            if inner not in self._children:
                self._children[inner] = []
                self._children["/".join(parts[:depth])].append(part)
        return self._members.setdefault(folder, array("Q"))


def entries_in(data: bytes) -> Iterator[tuple[str, Entry]]:
    """Yield the paths and entries of the members of a small zip in memory.

    Raises:
        ValueError, struct.error: it is damaged.
    """
    end = _find_end(io.BytesIO(data))
    if end is None:
        raise ValueError("its directory is missing")
    place, _, count = end
    for _ in range(count):
        fields = _HEADER.unpack_from(data, place)
        mark, flags, *_, name_bytes, extra_bytes, comment, _ = fields
        if mark != _SIGNATURE:
            raise ValueError("its directory is damaged")
        extra = place + _HEADER.size + name_bytes
        name = data[place + _HEADER.size : extra]
        yield _decode(name, flags), _entry(fields, data[extra : extra + extra_bytes])
        place = extra + extra_bytes + comment


INCOMPLETE_HINT = "the download may be incomplete: check the file size and resume the download"


def _decode(name: bytes, flags: int) -> str:
    # The codec of cp437 is a table in Python; most names are ASCII.
    return name.decode("utf-8" if flags & _UTF8 or name.isascii() else "cp437")


def _entry(fields: tuple[Any, ...], extra: bytes) -> Entry:
    """Return the entry of a header's fields and its extra field, which has what needs 64 bits."""
    _, flags, method, checksum, packed, size, _, _, _, offset = fields
    if _UNKNOWN in (packed, size, offset):
        wide, numbers = _wide_field(extra), []
        for number in (size, packed, offset):
            if number == _UNKNOWN and len(wide) >= 8:
                number, wide = int.from_bytes(wide[:8], "little"), wide[8:]
            numbers.append(number)
        size, packed, offset = numbers
    return Entry(offset, packed, method, flags, checksum, size)


def _wide_field(extra: bytes) -> bytes:
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1:
            return extra[4 : 4 + length]
        extra = extra[4 + length :]
    return b""


def _find_end(file: BinaryIO) -> tuple[int, int, int] | None:
    """Return the place of the directory, its size, and the number of members.

    None if the end is that of another zip, which is a member of this one.

    Raises:
        ValueError: there is no end.
    """
    total = file.seek(0, os.SEEK_END)
    tail_start = max(0, total - _END.size - _LARGEST_COMMENT - _LOCATOR.size - _END64.size)
    file.seek(tail_start)
    tail = file.read()
    end = tail.rfind(_END_SIGNATURE)
    if end < 0 or len(tail) - end < _END.size:
        raise ValueError("it is no zip, or its end is missing")
    _, _, count, size, start, _ = _END.unpack_from(tail, end)
    before = tail_start + end
    locator = end - _LOCATOR.size
    if locator >= 0 and tail.startswith(_LOCATOR_SIGNATURE, locator):
        _, place = _LOCATOR.unpack_from(tail, locator)
        file.seek(place)
        mark, _, count, size, start = _END64.unpack(file.read(_END64.size))
        if mark != _END64_SIGNATURE:
            raise ValueError("its end is damaged")
        before = place
    return (start, size, count) if start + size == before else None
