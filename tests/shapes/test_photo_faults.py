"""Damaged and malicious pictures: one line each, whatever the decoder raises."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo_files import decode_view, read_photo
from tests.faults.kept import KEPT

KINDS = ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "TGA", "PPM", "ICO", "PCX", "SGI", "JPEG2000"]


def encoded(kind, mode="RGB", size=(40, 30), **options):
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


def hollow_tiff(width, height, bits=32, floats=True):
    """A TIFF without compression whose one strip has a few rows of all that it claims."""
    data = bytes(4800)
    fields = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1)]
    fields += [(273, 4, 8), (277, 3, 1), (278, 4, 30), (279, 4, len(data))]
    fields += [(339, 3, 3)] if floats else []
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    directory = struct.pack("<H", len(fields)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory


def png_bomb(width, height):
    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in chunks)


def assert_one_line(error):
    assert "\n" not in str(error)
    assert len(str(error)) < 300


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutated_picture_is_read_or_refused_in_one_line(kind):
    whole, rng = encoded(kind), np.random.default_rng(2)
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(0, min(len(data), 400), rng.integers(1, 6)):
            data[place] = rng.integers(0, 256)
        for read in (read_photo, decode_view):
            try:
                read(bytes(data))
            except PhotoError as error:
                assert_one_line(error)


@pytest.mark.parametrize(
    "failure",
    [
        IndexError("index out of range"),
        AssertionError(),
        NotImplementedError("later"),
        AttributeError("'NoneType' object has no attribute 'x'"),
        OverflowError("too\nlarge"),
        ZeroDivisionError(),
        MemoryError(),
        struct.error("unpack"),
        RecursionError("deep"),
        ValueError("x" * 10_000),
    ],
)
def test_whatever_a_decoder_raises_is_one_line(failure, monkeypatch):
    def fail(*_):
        raise failure

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    data = encoded("PNG")

    for read in (read_photo, decode_view):
        with pytest.raises(PhotoError) as caught:
            read(data)
        assert_one_line(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        hollow_tiff(40, 4_325_406),
        hollow_tiff(13_000, 13_000),
        hollow_tiff(13_000, 13_000) + bytes(100_000),
        hollow_tiff(13_000, 13_000, 8, floats=False),
        png_bomb(16_000, 11_000),
        png_bomb(70_000, 100),
        png_bomb(10**6, 10**6),
    ],
)
def test_a_small_file_that_claims_many_pixels_is_refused_unread(data):
    with pytest.raises(PhotoError, match="too many pixels"):
        read_photo(data)
    with pytest.raises(PhotoError):
        decode_view(data)


def test_a_large_white_mask_is_no_bomb():
    stream = io.BytesIO()
    Image.new("1", (6000, 6000), 1).save(stream, "PNG")

    assert read_photo(stream.getvalue()).size == (3000, 3000)


@pytest.mark.parametrize("name", ["photo_9b7bc663.png", "hang.tiff"])
def test_pictures_that_broke_a_command_are_refused(name):
    for read in (lambda: read_photo(KEPT / name), lambda: decode_view((KEPT / name).read_bytes())):
        with pytest.raises(PhotoError) as caught:
            read()
        assert_one_line(caught.value)


def test_a_pipe_or_a_device_is_no_photo(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "endless.png").symlink_to("/dev/zero")

    for name in ("pipe.png", "endless.png"):
        with pytest.raises(PhotoError, match="not a regular file"):
            read_photo(tmp_path / name)
