"""Photos as networks want them: the object found, centred on white; and the one resize."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo_border import Cut, cut_from_even_background
from onet_cli.shapes.photo_files import decode_view, on_white, read_photo
from onet_cli.shapes.photo_warnings import inspect_cut, inspect_light

if TYPE_CHECKING:  # torch takes longer to load than a photo to prepare
    import torch

__all__ = [
    "MARGIN",
    "Background",
    "PreparedPhoto",
    "decode_view",
    "isolate_object",
    "on_white",
    "prepare_photo",
    "read_photo",
    "resize_images",
]

Background = Literal["auto", "keep", "remove"]
Method = Literal["alpha", "mask", "border", "segments", "rembg", "none"]

MARGIN = 0.82
"""Share of the square picture that the object's longest side takes, as in the training views."""

SMALLEST = 16
"""Pixels of the longer side below which a picture shows nothing."""

_WORKING_SIDE = 768  # larger photos are reduced first: networks see a few hundred pixels
_OPAQUE = 0.125  # alpha from which a pixel belongs to the object
_WHOLE = 0.98  # share of opaque pixels from which alpha tells no object: rounded corners
_LEAST_AREA = 0.001  # share of the picture below which a spot is no object
_SHAPE_SLACK = 0.03  # by how much the aspect ratios of photo and mask may differ


@dataclass(frozen=True)
class PreparedPhoto:
    """What a network is shown, and how it came about.

    `picture` is a square in RGB, `weight` (H, W) says from 0 to 1 what of the (reduced) photo was
    taken for the object, None where all of it was kept; `method` how that was found; `warnings`
    what may make the mesh worse than it could be, a sentence each. `mask` is `weight` in the frame
    of `picture`: of its size, 255 where the object is.
    """

    picture: Image.Image
    weight: NDArray[np.float32] | None
    method: Method
    warnings: tuple[str, ...] = ()
    mask: Image.Image | None = None


def resize_images(images: "torch.Tensor", size: int) -> "torch.Tensor":
    """Return pictures at the edge that a network takes, float32 (B, 3, size, size) in [0, 1].

    The one resize of training, evaluation and reconstruction: bilinear, antialiased, and without
    regard to the aspect ratio.

    Args:
        images: uint8 (B, 3, H, W) RGB.
        size: pixels.
    """
    import torch

    unit = images.to(torch.float32) / 255
    if unit.shape[-2:] == (size, size):
        return unit
    return torch.nn.functional.interpolate(
        unit, size=(size, size), mode="bilinear", antialias=True, align_corners=False
    )


def prepare_photo(
    photo: Image.Image, background: Background = "auto", margin: float = MARGIN
) -> Image.Image:
    """Return the picture of `isolate_object`."""
    return isolate_object(photo, background, margin=margin).picture


def isolate_object(
    photo: Image.Image,
    background: Background = "auto",
    mask: Image.Image | None = None,
    margin: float = MARGIN,
) -> PreparedPhoto:
    """Return a square RGB picture with the object as in the training views: centred, on white.

    The object is what `mask` says; else what is not transparent; else what a flood from an even
    border leaves; else what stands out from the regions at the border. Where nothing does, "auto"
    keeps the photo as it is.

    Args:
        photo: RGB or RGBA, as `read_photo` returns it.
        background: "keep" leaves the photo as it is, padded with white; "remove" insists.
        mask: of the photo's shape, as `read_photo` returns it: white, or what is not transparent,
            is the object.
        margin: share of the square that the object's longest side takes.

    Raises:
        PhotoError: there is no object, the mask does not fit, or "remove" cannot tell the object
            from its background.
    """
    if max(photo.size) < SMALLEST:
        raise PhotoError(
            f"the photo of {photo.width} x {photo.height} pixels is too small to show an object",
            hint=f"give one of {SMALLEST} pixels at the very least, better 200",
        )
    given, photo = photo.size, photo.copy()
    photo.thumbnail((_WORKING_SIDE, _WORKING_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    if min(photo.size) < 2:
        raise PhotoError(
            f"the photo of {given[0]} x {given[1]} pixels is too narrow to show an object",
            hint="cut the object out of it",
        )
    colours = np.asarray(photo.convert("RGB"))
    if background == "keep" and mask is None:
        return _kept(photo, ())
    cut, method = _find_object(photo, mask)
    if cut is None:
        if background == "remove":
            raise PhotoError(
                "the object cannot be told from its background",
                hint="use a plain background, a picture with transparency, --mask, "
                "or --background keep",
            )
        return _kept(photo, ("the background was kept: no object stands out from it",))
    solid = cut.weight > (_OPAQUE if method in ("alpha", "mask") else 0.5)
    box = _box(solid)
    cropped = Image.fromarray(_blend(colours, cut)).crop(box)
    # What stands out may be clear, and yet not what is meant.
    certain = cut.certain and method != "segments"
    warnings = inspect_cut(solid, box, given, certain=certain) + inspect_light(colours[solid])
    grey = Image.fromarray(np.rint(cut.weight * 255).astype(np.uint8)).crop(box)
    mask = _on_square(grey, margin, "black")
    return PreparedPhoto(_on_square(cropped, margin), cut.weight, method, warnings, mask)


def _kept(photo: Image.Image, warnings: tuple[str, ...]) -> PreparedPhoto:
    picture = on_white(photo)
    light = inspect_light(np.asarray(picture).reshape(-1, 3))
    return PreparedPhoto(_on_square(picture, 1.0), None, "none", warnings + light)


def _find_object(photo: Image.Image, mask: Image.Image | None) -> tuple[Cut | None, Method]:
    """Return the object and the way it was found; None if it cannot be told."""
    if mask is not None:
        return Cut(_read_mask(mask, photo.size), certain=True), "mask"
    if photo.mode == "RGBA":
        opacity = np.asarray(photo.getchannel("A"), dtype=np.float32) / np.float32(255)
        if (opacity > 0.5).mean() < _WHOLE:
            return Cut(opacity, certain=True), "alpha"
    colours = np.asarray(on_white(photo))
    even = cut_from_even_background(colours)
    if even is not None and even.certain:
        return even, "border"
    # From here on an import takes longer than the work on an even background.
    from onet_cli.shapes.photo_segments import cut_by_rembg, cut_from_any_background

    found = cut_by_rembg(colours)
    if found is not None:
        return found, "rembg"
    found = cut_from_any_background(colours)
    if even is not None and (found is None or not found.certain):
        return even, "border"
    return found, "segments"


def _read_mask(mask: Image.Image, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return `mask` as weights (H, W) of a photo of `size`."""
    if abs(np.log(mask.width * size[1] / (mask.height * size[0]))) > _SHAPE_SLACK:
        raise PhotoError(
            f"a mask of {mask.width} x {mask.height} pixels does not fit the photo",
            hint="give a mask of the photo's own size",
        )
    grey = mask.getchannel("A") if mask.mode == "RGBA" else mask.convert("L")
    small = grey.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def _blend(colours: NDArray[np.uint8], cut: Cut) -> NDArray[np.uint8]:
    """Return the object of `colours` (H, W, 3) on white."""
    weight = cut.weight[..., None]
    if cut.backdrop is None:
        blended = colours * weight + 255 * (1 - weight)
    else:
        # Pixels along the edge are mixed with the backdrop already: exchange it, no halo stays.
        mixed = colours + (1 - weight) * (255 - cut.backdrop)
        blended = np.where(weight > 0, mixed, 255)
    whole: NDArray[np.uint8] = np.rint(np.clip(blended, 0, 255)).astype(np.uint8)
    return whole


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


def _on_square(photo: Image.Image, share: float, ground: str = "white") -> Image.Image:
    """Return `photo` in the middle of a square of which its longer side takes `share`."""
    side = max(round(max(photo.size) / share), 1)
    square = Image.new(photo.mode, (side, side), ground)
    square.paste(photo, ((side - photo.width) // 2, (side - photo.height) // 2))
    return square
