"""Limits on image sizes, checked before decoding."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

_MOST_PIXELS = 178_956_970  # Pillow's own limit, twice its warning threshold
_MOST_DEEP_PIXELS = 2**26  # 4 bytes per channel, converted with copies
_LONGEST_SIDE = 2**16
_FEW_PIXELS = 2**24  # fast to decode in any format
_DENSEST = 8192  # maximum pixels per byte: a white 1-bit mask as PNG


@contextmanager
def without_size_warning() -> Iterator[None]:
    """Silence Pillow's warning above 89 megapixels, which cameras reach: `check_picture_size`
    has the limits, and the warning would show a line of Pillow's source.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def check_picture_size(image: Image.Image, size_bytes: int) -> None:
    """Raise DecompressionBombError if an image is too large, or declares implausibly many pixels.

    Args:
        image: An opened image that is not decoded yet.
        size_bytes: Size of its file.
    """
    width, height = image.size
    pixels = width * height
    most = _MOST_DEEP_PIXELS if is_deep(image) else _MOST_PIXELS
    hollow = pixels > _FEW_PIXELS and pixels > _DENSEST * size_bytes
    if pixels > most or max(width, height) > _LONGEST_SIDE or hollow:
        raise Image.DecompressionBombError(f"{width} x {height} pixels")


def is_deep(image: Image.Image) -> bool:
    """Return whether the image has more than 8 bits per channel."""
    return image.mode.startswith(("I", "F"))
