"""How many pixels a picture may have, told before they are decoded."""

from PIL import Image

_MOST_PIXELS = 178_956_970  # Pillow's own limit, twice what it warns from
_MOST_DEEP_PIXELS = 2**26  # of 4 bytes each, which are converted with copies
_LONGEST_SIDE = 2**16
_FEW_PIXELS = 2**24  # so many are quick, whatever they are packed in
_DENSEST = 8192  # pixels a byte: a white mask of one bit a pixel as PNG


def check_picture_size(image: Image.Image, size_bytes: int) -> None:
    """Raise DecompressionBombError where a picture claims more pixels than its bytes can hold.

    Args:
        image: a picture that is opened and not yet decoded.
        size_bytes: of its file.
    """
    width, height = image.size
    pixels = width * height
    most = _MOST_DEEP_PIXELS if is_deep(image) else _MOST_PIXELS
    hollow = pixels > _FEW_PIXELS and pixels > _DENSEST * size_bytes
    if pixels > most or max(width, height) > _LONGEST_SIDE or hollow:
        raise Image.DecompressionBombError(f"{width} x {height} pixels")


def is_deep(image: Image.Image) -> bool:
    """Return whether the picture has more than 8 bits a channel."""
    return image.mode.startswith(("I", "F"))
