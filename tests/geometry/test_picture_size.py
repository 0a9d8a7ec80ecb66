import pytest
from PIL import Image

from onet_cli.geometry.picture_size import check_picture_size, is_deep

LARGE_FILE = 1 << 40


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
