"""Preparation of photos for networks: the object is segmented, centred on white, and resized."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.framing import MARGIN
from onet_cli.shapes.photo_border import Cut
from onet_cli.shapes.photo_files import decode_view, full_size, on_white, read_photo
from onet_cli.shapes.photo_find import LEAST_AREA, SHADED_WHITE, Method, find_object
from onet_cli.shapes.photo_options import Background
from onet_cli.shapes.photo_pixels import grow
from onet_cli.shapes.photo_target import Target, read_target
from onet_cli.shapes.photo_warnings import inspect_cut, inspect_light
from onet_cli.shapes.photo_window import Window, look_at

if TYPE_CHECKING:  # torch takes longer to load than a photo to prepare
    import torch

__all__ = [
    "MARGIN",
    "Background",
    "PreparedPhoto",
    "Target",
    "conflict_with_target",
    "decode_view",
    "isolate_object",
    "on_white",
    "prepare_photo",
    "read_photo",
    "read_target",
    "resize_images",
]


SMALLEST = 16
"""Minimum longer side of a picture, in pixels."""

_OPAQUE = 0.125  # minimum alpha of the object's pixels
_BESIDE = 0.01  # margin of white background kept around an object, as a share of the picture


@dataclass(frozen=True)
class PreparedPhoto:
    """A network's input picture, and how it was made.

    `picture` is a square in RGB, `weight` (H, W) the object's mask in the (reduced) photo, 0 to 1,
    None if all of it was kept; `method` how it was found; `warnings` potential problems for the
    mesh, one sentence each. `mask` is `weight` in the frame of `picture`: of its size, 255 on the
    object.
    """

    picture: Image.Image
    weight: NDArray[np.float32] | None
    method: Method
    warnings: tuple[str, ...] = ()
    mask: Image.Image | None = None


def resize_images(images: "torch.Tensor", size: int) -> "torch.Tensor":
    """Return pictures at a network's input size, float32 (B, 3, size, size) in [0, 1].

    The resize of training, evaluation and reconstruction: bilinear, antialiased, ignoring the
    aspect ratio.

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
    target: Target | None = None,
) -> PreparedPhoto:
    """Return a square RGB picture with the object as in the training views: centred, on white.

    The object is given by `mask`; else by opaque pixels; else by a flood fill from a uniform
    border; else by the segmentation network. If none of these finds an object, "auto" keeps the
    whole photo.

    Args:
        photo: RGB or RGBA, as `read_photo` returns it.
        background: "keep" keeps the whole photo, padded with white; "remove" requires an object;
            "rembg" tries a network of rembg first.
        mask: of the photo's shape, as `read_photo` returns it: white pixels are the object, or
            opaque pixels if any is transparent.
        margin: length of the object's longest side as a share of the square.
        target: selects the object, if there are several.

    Raises:
        PhotoError: there is no object, the mask's shape differs, `target` is outside the photo or
            selects nothing or something tiny, or "remove" cannot separate the object from its
            background.
    """
    _check_size(photo)
    size = photo.size
    if target:
        if conflict := conflict_with_target(background, masked=mask is not None):
            raise PhotoError(conflict[0], hint=conflict[1])
        target = target.scaled(full_size(photo), size)
    window = look_at(size, target)
    photo = _cut(photo, window)
    target = window.aim(target, photo.size) if target else None
    if background == "keep" and mask is None:
        return _kept(photo, ())
    found = find_object(photo, background, mask, target)
    cut, method = found.cut, found.method
    if cut is None:
        return _nothing_found(photo, background, target, found.warnings)
    given = method in ("alpha", "mask")
    # Transparent pixels keep their colour: `weight` is their visibility.
    colours = np.asarray(photo.convert("RGB") if given else on_white(photo))
    solid = cut.weight > (_OPAQUE if given else 0.5)
    box = _box_of_target(solid, window) if target else _box(solid)
    cropped = Image.fromarray(_blend(colours, cut)).crop(box)
    said = inspect_cut(solid, box, window.size, certain=cut.certain)
    warnings = said + inspect_light(colours[solid])
    grey = Image.fromarray(np.rint(cut.weight * 255).astype(np.uint8)).crop(box)
    return PreparedPhoto(
        _on_square(cropped, margin),
        window.in_whole(cut.weight),
        method,
        found.warnings + warnings,
        _on_square(grey, margin, "black"),
    )


def _check_size(photo: Image.Image) -> None:
    if max(photo.size) < SMALLEST:
        raise PhotoError(
            f"the photo of {photo.width} x {photo.height} pixels is too small to show an object",
            hint=f"give one of {SMALLEST} pixels at the very least, better 200",
        )


def _cut(photo: Image.Image, window: Window) -> Image.Image:
    """Return the part of `photo` in the `window`, reduced."""
    part = window.cut(photo)
    if min(part.size) < 2:
        raise PhotoError(
            f"the photo of {photo.width} x {photo.height} pixels is too narrow to show an object",
            hint="cut the object out of it",
        )
    return part


def _nothing_found(
    photo: Image.Image, background: Background, target: Target | None, warnings: tuple[str, ...]
) -> PreparedPhoto:
    """Return all of `photo`, or raise PhotoError if an object was required."""
    if target:
        raise PhotoError("no object stands out there", hint="--box, another pixel, or --mask")
    if background == "remove":
        raise PhotoError(
            "the object cannot be told from its background",
            hint="use a plain background, a picture with transparency, --box, --mask, "
            "or --background keep",
        )
    kept = "the background was kept: no object stands out from it"
    return _kept(photo, (*warnings, kept))


def conflict_with_target(background: Background, *, masked: bool) -> tuple[str, str] | None:
    """Return what defines the object apart from --click and --box, and a hint; or None."""
    if masked:
        return "--mask and --click or --box both name the object", "give only one"
    if background == "keep":
        return "--background keep leaves no object to choose", "leave out --click and --box"
    return None


def _kept(photo: Image.Image, warnings: tuple[str, ...]) -> PreparedPhoto:
    picture = on_white(photo)
    light = inspect_light(np.asarray(picture).reshape(-1, 3))
    return PreparedPhoto(_on_square(picture, 1.0), None, "none", warnings + light)


def _blend(colours: NDArray[np.uint8], cut: Cut) -> NDArray[np.uint8]:
    """Return the object of `colours` (H, W, 3) on white."""
    weight = cut.weight[..., None]
    if cut.white:
        # Unchanged: removing a white background would also remove white parts of the object.
        if cut.shaded <= SHADED_WHITE:
            return colours
        reach = max(1, round(_BESIDE * max(cut.weight.shape)))
        return np.where(grow(cut.weight > 0, reach)[..., None], colours, 255).astype(np.uint8)
    if cut.backdrop is None:
        blended = colours * weight + 255 * (1 - weight)
    else:
        # Edge pixels are already mixed with the backdrop: replace it, so that no halo remains.
        mixed = colours + (1 - weight) * (255 - cut.backdrop)
        blended = np.where(weight > 0, mixed, 255)
    whole: NDArray[np.uint8] = np.rint(np.clip(blended, 0, 255)).astype(np.uint8)
    return whole


def _box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the object in `mask` (H, W)."""
    if mask.mean() < LEAST_AREA:
        raise PhotoError(
            "the photo shows no object: it is one even colour or transparent",
            hint="choose a photo of one object, or --background keep",
        )
    return _extent(mask)


def _box_of_target(mask: NDArray[np.bool_], window: Window) -> tuple[int, int, int, int]:
    """Return the box of the selected object, however small."""
    left, top, right, bottom = box = _extent(mask)
    longest = max(right - left, bottom - top)
    if longest < SMALLEST:
        pixels = longest * max(window.size) / max(mask.shape)
        raise PhotoError(
            f"the object there is only {pixels:.0f} pixels large",
            hint="go nearer, or in a large photo give a --box, which is not reduced with it",
        )
    return box


def _extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    # Stray pixels (dust, compression) must not enlarge the box.
    rows = np.flatnonzero(mask.sum(axis=1) > 0.002 * mask.shape[1])
    columns = np.flatnonzero(mask.sum(axis=0) > 0.002 * mask.shape[0])
    if len(rows) == 0 or len(columns) == 0:
        return 0, 0, mask.shape[1], mask.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _on_square(photo: Image.Image, share: float, ground: str = "white") -> Image.Image:
    """Return `photo` centred in a square, its longer side `share` of the square's."""
    side = max(round(max(photo.size) / share), 1)
    square = Image.new(photo.mode, (side, side), ground)
    square.paste(photo, ((side - photo.width) // 2, (side - photo.height) // 2))
    return square
