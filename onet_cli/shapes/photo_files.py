"""Reading picture files of any type as upright 8-bit RGB or RGBA, in bounded memory."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from onet_cli.errors import PhotoError
from onet_cli.files import open_regular
from onet_cli.geometry.picture_size import check_picture_size, is_deep, without_size_warning

ENOUGH = 2048
"""Larger pictures are reduced by integer factors, as long as the longer side keeps this many
pixels."""

_SIZES = "onet_sizes"  # in a picture's info: the size of the file's picture, and as it was read
_LONGEST_REASON = 200
_STRIP = 256  # rows that are converted at a time
_ADVICE = "give a JPEG, PNG or WebP picture"
_DRAWINGS = ("EPS", "WMF")  # Pillow would pass them to other programs
_HEIF = re.compile(rb".{4}ftyp(hei|hev|mif|msf)", re.DOTALL)
_ADDRESS = re.compile(r"(https?|ftps?|file|s3|gs):/|data:", re.IGNORECASE)
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The transposition that makes a picture with this EXIF orientation upright."""

_TURNED = (5, 6, 7, 8)  # orientations that swap width and height


def decode_view(data: bytes) -> NDArray[np.uint8]:
    """Return a stored view as (H, W, 3) RGB; grey is expanded, transparency becomes white.

    Raises:
        PhotoError: the bytes are not a complete picture.
    """
    try:
        with without_size_warning():
            image = Image.open(io.BytesIO(data))
        check_picture_size(image, len(data))
        image.load()  # numpy would take an AttributeError of it for "no picture"
        return np.array(image if image.mode == "RGB" else on_white(to_eight_bits(image)))
    except Exception as error:  # Pillow's decoders fail in ways of their own
        raise PhotoError(f"a stored view cannot be decoded: {_reason(error)}") from error


def refuse_address(text: str) -> None:
    """Raise PhotoError if `text` is a URL; onet opens no connections."""
    if _ADDRESS.match(text):
        short = text if len(text) <= 80 else text[:77] + "..."
        raise PhotoError(f"{short} is an address, not a file", hint="download the picture first")


def read_photo(source: Path | bytes, called: str = "the picture on stdin") -> Image.Image:
    """Return the picture of a file, or of a file's bytes, upright, as 8-bit RGB or RGBA.

    Animations return their first frame, and only files with transparency return RGBA. A picture of
    more than twice `ENOUGH` pixels on a side is reduced; a JPEG is decoded at the reduced size,
    other formats need memory for all their pixels once. `called` is the name in messages of a
    picture given as bytes.

    Raises:
        PhotoError: the file is missing, not a picture, incomplete, or absurdly large.
    """
    name = source.name if isinstance(source, Path) else called
    try:
        opened = _opened(source)
        with without_size_warning(), opened as (file, size_bytes), Image.open(file) as image:
            if image.format in _DRAWINGS:
                raise PhotoError(f"{name} is a drawing, not a photo", hint=_ADVICE)
            check_picture_size(image, size_bytes)
            size = image.size
            image.draft(None, (ENOUGH, ENOUGH))
            image.load()
            orientation = _orientation(image)
            photo = _upright(_reduce(image), orientation)
            full = size[::-1] if orientation in _TURNED else size
            photo.info[_SIZES] = (full, photo.size)
            return photo
    except PhotoError:
        raise
    except FileNotFoundError as error:
        refuse_address(str(source))
        raise PhotoError(f"{source!s} does not exist", hint="check the path") from error
    except IsADirectoryError as error:
        raise PhotoError(f"{source!s} is a folder", hint=_ADVICE) from error
    except UnidentifiedImageError as error:
        raise _unknown(source, name) from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except PermissionError as error:
        raise PhotoError(f"{name} may not be read", hint="check its permissions") from error
    except Exception as error:  # decoders report damage in ways of their own, one for each format
        raise PhotoError(
            f"{name} is damaged or incomplete: {_reason(error)}", hint="export or download it again"
        ) from error


@contextmanager
def _opened(source: Path | bytes) -> Iterator[tuple[IO[bytes], int]]:
    """Yield a picture's file and its size in bytes; a pipe or device is refused."""
    with io.BytesIO(source) if isinstance(source, bytes) else open_regular(source) as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        yield file, size


def _reason(error: Exception) -> str:
    """Return what a decoder said in one line, not too long."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} ..."


def _too_large(name: str) -> PhotoError:
    return PhotoError(f"{name} has too many pixels", hint="make it smaller first")


def full_size(photo: Image.Image) -> tuple[int, int]:
    """Return width and height of the upright picture in the file from which `photo` was read.

    If `photo` has another size by now, its own size is returned: Pillow copies the information to
    crops and resized pictures.
    """
    full: tuple[int, int]
    full, read = photo.info.get(_SIZES, (photo.size, photo.size))
    return full if photo.size == read else photo.size


def _unknown(source: Path | bytes, name: str) -> PhotoError:
    """Return the error for a file that Pillow does not recognise."""
    if isinstance(source, bytes):
        start = source[:12]
    else:
        with open_regular(source) as file:
            start = file.read(12)
    if _HEIF.match(start):
        return PhotoError(
            f"{name} is a HEIC picture, which cannot be read", hint="export it as JPEG"
        )
    return PhotoError(f"{name} is not a picture in a known format", hint=_ADVICE)


def on_white(photo: Image.Image) -> Image.Image:
    """Return `photo` as RGB, transparency blended with white."""
    if photo.mode != "RGBA":
        return photo.convert("RGB")
    canvas = Image.new("RGBA", photo.size, "white")
    return Image.alpha_composite(canvas, photo).convert("RGB")


def to_eight_bits(image: Image.Image, brightest: float | None = None) -> Image.Image:
    """Return `image` of any mode as RGB, or as RGBA where it has transparency.

    `brightest` is the maximum of the whole picture, if `image` is a part of one of more than 8
    bits.
    """
    if is_deep(image):
        image = Image.fromarray(_scale_to_bytes(np.asarray(image), brightest))
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _reduce(image: Image.Image) -> Image.Image:
    """Return `image` in 8 bits, reduced if it is large, converted strip by strip."""
    factor = max(1, max(image.size) // ENOUGH)
    brightest = float(np.max(image.getextrema()[1])) if is_deep(image) else None
    if factor == 1:
        return to_eight_bits(image, brightest)
    width, height = image.size
    parts = []
    for top in range(0, height, factor * _STRIP):
        strip = image.crop((0, top, width, min(top + factor * _STRIP, height)))
        parts.append(to_eight_bits(strip, brightest).reduce(factor))
    whole = Image.new(parts[0].mode, (parts[0].width, sum(part.height for part in parts)))
    for index, part in enumerate(parts):
        whole.paste(part, (0, index * _STRIP))
    return whole


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation of `image`; 1, upright, if it is not a valid one."""
    value = image.getexif().get(_ORIENTATION)
    known: int = value if value in _UPRIGHT else 1  # files also contain 0, 9, 65535 and text
    return known


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = _UPRIGHT.get(orientation)
    return image if turn is None else image.transpose(turn)


def _scale_to_bytes(values: NDArray[np.generic], brightest: float | None) -> NDArray[np.uint8]:
    """Return grey values of more than 8 bits as 8 bits, scaled by their apparent range."""
    wide = np.nan_to_num(values.astype(np.float32))
    highest = float(wide.max(initial=0)) if brightest is None else brightest
    if values.dtype == np.uint16 or highest > 255:
        wide *= 255 / max(highest, 65535)
    elif np.issubdtype(values.dtype, np.floating) and highest <= 1:
        wide *= 255
    return np.rint(np.clip(wide, 0, 255)).astype(np.uint8)
