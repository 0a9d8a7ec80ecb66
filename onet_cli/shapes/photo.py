"""Pictures: decoding them, finding the object in them, and the one resize."""

import io
import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from onet_cli.errors import PhotoError

Background = Literal["auto", "keep", "remove"]

MARGIN = 0.82
"""Share of the square picture that the object's longest side takes, as in the training views."""

_WORKING_SIDE = 1024  # larger photos are reduced first: networks see a few hundred pixels
_OPAQUE = 32  # alpha (of 255) from which a pixel belongs to the object
_EVEN = 24  # largest colour distance (of 255) that an even border shows
_LEAST_AREA = 0.001  # share of the picture below which a spot is no object
_ADVICE = "give a JPEG, PNG or WebP picture"


def decode_view(data: bytes) -> NDArray[np.uint8]:
    """Return a stored view as (H, W, 3) RGB; grey is repeated, transparency becomes white.

    Raises:
        PhotoError: the bytes are no whole picture.
    """
    try:
        image = Image.open(io.BytesIO(data))
        return np.array(image if image.mode == "RGB" else on_white(_to_eight_bits(image)))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PhotoError(f"a stored view cannot be decoded: {error}") from error


def resize_images(images: torch.Tensor, size: int) -> torch.Tensor:
    """Return pictures at the edge that a network takes, float32 (B, 3, size, size) in [0, 1].

    The one resize of training, evaluation and reconstruction: bilinear, antialiased, and without
    regard to the aspect ratio.

    Args:
        images: uint8 (B, 3, H, W) RGB.
        size: pixels.
    """
    unit = images.to(torch.float32) / 255
    if unit.shape[-2:] == (size, size):
        return unit
    return torch.nn.functional.interpolate(
        unit, size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )


def read_photo(source: Path | bytes) -> Image.Image:
    """Return the picture of a file, or of a file's bytes, upright, as 8-bit RGB or RGBA.

    Of an animation it is the first frame. RGBA comes back only where the file has transparency.

    Raises:
        PhotoError: the file is missing, no picture, incomplete, or absurdly large.
    """
    name = source.name if isinstance(source, Path) else "the picture on stdin"
    try:
        with warnings.catch_warnings():
            # Pillow warns from 89 megapixels on, which cameras reach, and refuses twice that.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(source if isinstance(source, Path) else io.BytesIO(source))
            with image:
                image.load()
                return _to_eight_bits(ImageOps.exif_transpose(image))
    except FileNotFoundError as error:
        raise PhotoError(f"{source!s} does not exist", hint="check the path") from error
    except IsADirectoryError as error:
        raise PhotoError(f"{source!s} is a folder", hint=_ADVICE) from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"{name} is not a picture in a known format", hint=_ADVICE) from error
    except Image.DecompressionBombError as error:
        raise PhotoError(f"{name} has too many pixels", hint="make it smaller first") from error
    except PermissionError as error:
        raise PhotoError(f"{name} may not be read", hint="check its permissions") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        # Decoders report damage with all of these.
        raise PhotoError(
            f"{name} is damaged or incomplete: {error}", hint="export or download it again"
        ) from error


def prepare_photo(
    photo: Image.Image, background: Background = "auto", margin: float = MARGIN
) -> Image.Image:
    """Return a square RGB picture with the object as in the training views: centred, on white.

    The object is what is not transparent or, in an opaque photo, what differs from the colour of an
    even border. In a photo whose border is not even "auto" keeps everything.

    Args:
        photo: RGB or RGBA, as `read_photo` returns it.
        background: "keep" leaves the photo as it is, padded with white; "remove" insists.
        margin: share of the square that the object's longest side takes.

    Raises:
        PhotoError: there is no object, or "remove" cannot tell it from the background.
    """
    photo = photo.copy()
    photo.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BILINEAR)
    if photo.mode == "RGBA" and np.asarray(photo.getchannel("A")).min() == 255:
        photo = photo.convert("RGB")  # the alpha says nothing
    if background == "keep":
        return _on_square(on_white(photo), 1.0)
    weight = _object_weight(photo)
    if weight is None:
        if background == "remove":
            raise PhotoError(
                "the object cannot be told from its background",
                hint="use a plain background or a picture with transparency, or --background keep",
            )
        return _on_square(on_white(photo), 1.0)
    mask = weight > 0.5 if photo.mode == "RGB" else weight * 255 >= _OPAQUE
    colours = np.asarray(photo.convert("RGB"), dtype=np.float32)
    blended = colours * weight[..., None] + 255 * (1 - weight[..., None])
    cut = Image.fromarray(np.rint(blended).astype(np.uint8)).crop(_box(mask))
    return _on_square(cut, margin)


def on_white(photo: Image.Image) -> Image.Image:
    """Return `photo` as RGB, transparency blended with white."""
    if photo.mode != "RGBA":
        return photo.convert("RGB")
    canvas = Image.new("RGBA", photo.size, "white")
    return Image.alpha_composite(canvas, photo).convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return `image` of any mode as RGB, or as RGBA where it has transparency."""
    if image.mode.startswith(("I", "F")):
        image = Image.fromarray(_scale_to_bytes(np.asarray(image)))
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _scale_to_bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Return grey values of more than 8 bits as 8 bits, by the range that they seem to use."""
    wide = np.nan_to_num(values.astype(np.float64))
    highest = float(wide.max(initial=0))
    if values.dtype == np.uint16 or highest > 255:
        wide = wide * 255 / max(highest, 65535)
    elif np.issubdtype(values.dtype, np.floating) and highest <= 1:
        wide = wide * 255
    return np.rint(np.clip(wide, 0, 255)).astype(np.uint8)


def _object_weight(photo: Image.Image) -> NDArray[np.float32] | None:
    """Return per pixel (H, W) how much it belongs to the object, 0 to 1; None if undecidable."""
    if photo.mode == "RGBA":
        opacity = np.asarray(photo.getchannel("A"), dtype=np.float32)
        return np.divide(opacity, 255, dtype=np.float32)
    colours = np.asarray(photo.convert("RGB"), dtype=np.float32)
    border = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    middle = np.median(border, axis=0)
    spread = float(np.percentile(np.abs(border - middle).max(axis=1), 90))
    if spread > _EVEN:
        return None
    # Pixels as near as the border's own noise are background; the step to the object is soft.
    tolerance = 2 * spread + 10
    distance = np.abs(colours - middle).max(axis=2)
    weight: NDArray[np.float32] = np.clip(2 * distance / tolerance - 1, 0, 1).astype(np.float32)
    return weight


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the object in `mask` (H, W)."""
    if mask.mean() < _LEAST_AREA:
        raise PhotoError(
            "the photo shows no object: it is one even colour or transparent",
            hint="choose a photo of one object, or --background keep",
        )
    # A few stray pixels (dust, compression) must not widen the box.
    rows = np.flatnonzero(mask.sum(axis=1) > 0.002 * mask.shape[1])
    columns = np.flatnonzero(mask.sum(axis=0) > 0.002 * mask.shape[0])
    if len(rows) == 0 or len(columns) == 0:
        return 0, 0, mask.shape[1], mask.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _on_square(photo: Image.Image, share: float) -> Image.Image:
    """Return `photo` in the middle of a white square of which its longer side takes `share`."""
    side = max(round(max(photo.size) / share), 1)
    square = Image.new("RGB", (side, side), "white")
    square.paste(photo, ((side - photo.width) // 2, (side - photo.height) // 2))
    return square
