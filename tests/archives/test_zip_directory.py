"""The directory of a zip, beside that of Python's zipfile."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from onet_cli.archives.members import ZipMembers
from onet_cli.archives.zip_directory import ZipDirectory, entries_in
from onet_cli.archives.zip_member import Entry
from onet_cli.errors import SourceError

NAMES = ["top.txt", "a/b/c/1.bin", "a/b/2.bin", "a/b/c/3.bin", "straße/größe.txt", "a/d/", "x/y"]


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in NAMES:
            file.writestr(name, b"" if name.endswith("/") else name.encode() * 50)
    return path


def entry_of(info):
    """Return the entry of a member that zipfile describes."""
    sizes = info.header_offset, info.compress_size
    return Entry(*sizes, info.compress_type, info.flag_bits, info.CRC, info.file_size)


def as_zip64(path, change=lambda end: end):
    """Rewrite the end of a zip as that of one with more than 65535 members."""
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    count, size, start = struct.unpack_from("<HII", data, end + 10)
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, start)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    plain = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, *[65535] * 2, *[2**32 - 1] * 2, 0)
    path.write_bytes(data[:end] + change(wide) + locator + plain)


def wide_entry(data):
    """Return a zip of one member with the sizes and offset of its entry as numbers of 64 bits."""
    place, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    head, name = bytearray(data[place : place + 46]), data[place + 46 : end]
    packed, size, offset = (
        *struct.unpack_from("<II", head, 20),
        *struct.unpack_from("<I", head, 42),
    )
    struct.pack_into("<II", head, 20, *[2**32 - 1] * 2)
    struct.pack_into("<I", head, 42, 2**32 - 1)
    struct.pack_into("<H", head, 30, 28)
    extra = struct.pack("<HHQQQ", 1, 24, size, packed, offset)
    tail = bytearray(data[end:])
    struct.pack_into("<I", tail, 12, 46 + len(name) + 28)
    return data[:place] + head + name + extra + tail


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_entries_of_a_zip_in_memory_are_those_of_zipfile(method):
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", method) as file:
        file.writestr("a.npy", b"abc" * 100)
    plain = stored.getvalue()

    for data in (plain, wide_entry(plain)):
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            known = {info.filename: entry_of(info) for info in file.infolist()}
        assert dict(entries_in(data)) == known


@pytest.mark.parametrize("wide", [False, True])
def test_entries_are_those_of_zipfile(archive, wide):
    with zipfile.ZipFile(archive) as file:
        known = {info.filename.rstrip("/"): entry_of(info) for info in file.infolist()}
    if wide:
        as_zip64(archive)

    directory = ZipDirectory(archive)

    for name, entry in known.items():
        assert directory.entry(name) == entry
    assert directory.names("") == ["a", "straße", "top.txt", "x"]
    assert directory.names("a/b") == ["2.bin", "c"]
    assert directory.folders("a") == ["b"]
    assert directory.names("a") == ["b", "d"]
    assert directory.names("nowhere") == []
    assert directory.entry("a/b") is None


def test_members_are_read_and_sent_to_workers(archive):
    members = ZipMembers(archive)

    assert members.read("a/b/2.bin") == b"a/b/2.bin" * 50
    part = members.part("a/b")
    assert sorted(part.entries) == ["a/b/2.bin", "a/b/c/1.bin", "a/b/c/3.bin"]
    assert part.read("a/b/c/3.bin") == members.read("a/b/c/3.bin")


@pytest.mark.parametrize("extra_bytes", [0, 64, 65, 60_000])
def test_members_are_read_whose_local_header_has_an_extra_field(tmp_path, extra_bytes):
    path, data = tmp_path / "wide.zip", bytes(range(256)) * 8
    with zipfile.ZipFile(path, "w") as file:
        info = zipfile.ZipInfo("a/b")
        info.extra = struct.pack("<HH", 9, extra_bytes) + bytes(extra_bytes)
        file.writestr(info, data)
        file.writestr("a/c", b"next")

    assert ZipMembers(path).read("a/b") == data
    assert ZipMembers(path).read("a/c") == b"next"


def test_the_last_of_two_members_of_a_name_counts(tmp_path):
    path = tmp_path / "twice.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a/b", "first")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("a/b", "second")

    assert ZipMembers(path).read("a/b") == b"second"


def test_names_that_lead_outside_are_left_out(tmp_path):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("good/1", "../up/2", "/root/3", "good/../4/5", "good//6"):
            file.writestr(name, "x")

    directory = ZipDirectory(path)

    assert directory.names("") == ["good"]
    assert directory.names("good") == ["1"]


def test_numbers_of_64_bits_are_read_from_the_extra_field(archive, tmp_path):
    large = tmp_path / "large.zip"
    extra = struct.pack("<HHQ", 1, 8, 2**33) + b"\x09\x00\x00\x00"
    facts = struct.pack("<HHHHHIIIHH", 45, 0, 0, 0, 33, 7, 5, 2**32 - 1, 3, len(extra))
    entry = b"PK\x01\x02\x2d\x03" + facts + struct.pack("<HHHII", 0, 0, 0, 0, 0) + b"a/b" + extra
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), 0, 0)
    large.write_bytes(entry + end)

    assert ZipDirectory(large).entry("a/b") == Entry(0, 5, 0, 0, 7, 2**33)


def test_a_damaged_directory_is_refused(archive):
    data = bytearray(archive.read_bytes())
    (start,) = struct.unpack_from("<I", data, data.rindex(b"PK\x05\x06") + 16)
    data[start] ^= 255
    archive.write_bytes(data)

    with pytest.raises(SourceError, match="directory is damaged"):
        ZipDirectory(archive)


def test_a_damaged_end_is_refused(archive):
    as_zip64(archive, lambda end: b"XX" + end[2:])

    with pytest.raises(SourceError, match="end is damaged"):
        ZipDirectory(archive)


def test_no_zip_at_all_is_refused(tmp_path):
    (tmp_path / "no.zip").write_bytes(b"nothing of the kind")

    with pytest.raises(SourceError, match="it is no zip"):
        ZipDirectory(Path(tmp_path / "no.zip"))
