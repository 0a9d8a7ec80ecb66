import io
import struct

import numpy as np
import pytest
from PIL import Image

from onet_cli.geometry.picture_size import check_picture_size, is_deep, picture_size

LARGE_FILE = 1 << 40
SOI, EOI = b"\xff\xd8", b"\xff\xd9"


def encoded(kind, mode="RGB", size=(37, 21), **options):
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(data, kind, **options)
    return data.getvalue()


def size_by_pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.size


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"mode": "L"}),
        ("JPEG", {"mode": "CMYK"}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"comment": b"\xff\xc0 is no frame here", "exif": b"Exif\0\0" + bytes(70)}),
        ("JPEG", {"restart_marker_blocks": 2}),
        ("PNG", {}),
        ("PNG", {"mode": "1"}),
        ("PNG", {"mode": "P"}),
        ("PNG", {"mode": "I;16"}),
        ("WEBP", {}),
        ("BMP", {}),
        ("TIFF", {}),
        ("GIF", {"mode": "P"}),
    ],
)
@pytest.mark.parametrize("size", [(37, 21), (1, 300)])
def test_size_in_a_header_is_that_of_pillow(kind, options, size):
    if options.get("mode") == "I;16":
        data = io.BytesIO()
        Image.new("I;16", size).save(data, kind)
        data = data.getvalue()
    else:
        data = encoded(kind, size=size, **options)

    assert picture_size(data) == size_by_pillow(data) == size


def test_fill_bytes_before_a_marker_are_skipped():
    data = encoded("JPEG")
    filled = SOI + b"\xff\xff\xff" + data[2:]

    assert picture_size(filled) == size_by_pillow(filled) == (37, 21)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SOI,
        SOI + EOI,
        SOI + b"\xff\xe0\0\0" * 100,
        SOI + b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 0, 0, 1) + bytes(9) + EOI,
        encoded("JPEG")[:30],
        encoded("PNG")[:20],
        encoded("PNG")[:16] + bytes(8) + encoded("PNG")[24:],
        encoded("PNG")[:17] + b"\x40" + encoded("PNG")[18:],
        b"text",
    ],
    ids=["empty", "start", "end", "loop", "0 pixels", "cut", "cut PNG", "0 by 0", "flip", "text"],
)
def test_a_damaged_header_has_no_size(data):
    assert picture_size(data) is None


class Claimed:
    """What an opened image tells before it is decoded."""

    def __init__(self, width, height, mode="RGB"):
        self.size, self.mode = (width, height), mode


@pytest.mark.parametrize(
    ("image", "size_bytes"),
    [
        (Claimed(16_385, 10_922), LARGE_FILE),  # 178 956 970, what Pillow takes
        (Claimed(1 << 16, 1), LARGE_FILE),
        (Claimed(1, 1 << 16), LARGE_FILE),
        (Claimed(1 << 13, 1 << 13, "I;16"), LARGE_FILE),
        (Claimed(1 << 12, 1 << 12), 1),
        (Claimed(1 << 13, 1 << 12), 1 << 12),
    ],
    ids=["pixels", "width", "height", "deep pixels", "few pixels", "8192 pixels a byte"],
)
def test_what_is_at_a_limit_passes(image, size_bytes):
    check_picture_size(image, size_bytes)


@pytest.mark.parametrize(
    ("image", "size_bytes"),
    [
        (Claimed(178_956_970 // 4096 + 1, 4096), LARGE_FILE),
        (Claimed((1 << 16) + 1, 1), LARGE_FILE),
        (Claimed(1, (1 << 16) + 1), LARGE_FILE),
        (Claimed((1 << 13) + 1, 1 << 13, "I;16"), LARGE_FILE),
        (Claimed((1 << 13) + 1, 1 << 13, "F"), LARGE_FILE),
        (Claimed((1 << 12) + 1, 1 << 12), 1),
        (Claimed(1 << 13, 1 << 12), (1 << 12) - 1),
    ],
    ids=["pixels", "width", "height", "deep", "floats", "few bytes", "more than 8192 a byte"],
)
def test_what_is_past_a_limit_is_refused_with_its_size(image, size_bytes):
    width, height = image.size

    with pytest.raises(Image.DecompressionBombError, match=f"{width} x {height} pixels"):
        check_picture_size(image, size_bytes)


@pytest.mark.parametrize(
    ("mode", "deep"),
    [
        *((mode, False) for mode in ("1", "L", "P", "RGBA")),
        *((mode, True) for mode in ("I", "I;16", "I;16B", "F")),
    ],
)
def test_a_deep_image_has_more_than_8_bits_per_channel(mode, deep):
    assert is_deep(Claimed(1, 1, mode)) == deep
