"""Segmentation of the object in a photo: the methods and their order."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo_border import Cut, cut_from_even_background
from onet_cli.shapes.photo_files import on_white
from onet_cli.shapes.photo_mask import mask_weight
from onet_cli.shapes.photo_network import MARGIN, box_around, cut_by_network
from onet_cli.shapes.photo_options import Background
from onet_cli.shapes.photo_target import Target, cut_target, keep_target

Method = Literal["alpha", "mask", "border", "network", "rembg", "none"]

LEAST_AREA = 0.001
"""Minimum size of an object, as a share of the picture."""

SHADED, SHADED_WHITE = 0.05, 0.02
"""Area of shadows, as a share of the object's, above which they may contain parts of it."""

_WHOLE = 0.98  # share of opaque pixels above which alpha defines no object: rounded corners
_RATIO_SLACK = 0.03  # maximum difference of the logarithms of the aspect ratios


@dataclass(frozen=True)
class Found:
    """An object, None if it was not found; the method that found it; and warnings."""

    cut: Cut | None
    method: Method
    warnings: tuple[str, ...] = ()


def find_object(
    photo: Image.Image, background: Background, mask: Image.Image | None, target: Target | None
) -> Found:
    """Return the object of `photo`; of several the one selected by `target`."""
    if mask is not None:
        return Found(Cut(_read_mask(mask, photo.size), certain=True), "mask")
    if photo.mode == "RGBA":
        opacity = np.asarray(photo.getchannel("A"), dtype=np.float32) / np.float32(255)
        if (opacity > 0.5).mean() < _WHOLE:
            return _narrowed(Found(Cut(opacity, certain=True), "alpha"), target)
    colours = np.asarray(on_white(photo))
    if background == "rembg":
        found = _by_rembg(colours, target)
        if found.cut is not None:
            return found
        return replace(_by_onet(colours, target), warnings=found.warnings)
    return _by_onet(colours, target)


def _by_rembg(colours: NDArray[np.uint8], target: Target | None) -> Found:
    """Return rembg's result; if there is none, a warning with the reason."""
    from onet_cli.shapes.photo_rembg import cut_by_rembg

    try:
        cut = cut_by_rembg(colours)
    except PhotoError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return Found(None, "rembg", (f"{error}{hint}; onet's own network was used",))
    found = _narrowed(Found(cut, "rembg"), target)
    if found.cut is not None:
        return found
    where = " there" if target else ""
    return Found(None, "rembg", (f"rembg found no object{where}; onet's own network was used",))


def _by_onet(colours: NDArray[np.uint8], target: Target | None) -> Found:
    """Return the object on a uniform background, or the network's."""
    even = cut_from_even_background(colours)
    if target and even is not None:
        # Before any checks: the network may find only another, larger object.
        even = _piece(even, target) if even.certain else None
    if even is None:
        return Found(_by_network(colours, target), "network")
    found = _before_even(colours, even, target)
    return _alone(found, found.cut) if target else found


def _by_network(colours: NDArray[np.uint8], target: Target | None) -> Cut | None:
    return cut_target(colours, target) if target else cut_by_network(colours)


def _piece(even: Cut, target: Target) -> Cut | None:
    """Return the part of the cut `even` selected by `target`, with only the shadows around it."""
    weight = keep_target(even.weight, target)
    if weight is None or even.shadows is None:
        return None
    solid = weight > 0.5
    height, width = solid.shape
    left, top, right, bottom = box_around(solid, MARGIN) or (0, 0, width, height)
    shadows = even.shadows[top:bottom, left:right]
    return replace(even, weight=weight, shaded=float(shadows.sum() / solid.sum()))


def _before_even(colours: NDArray[np.uint8], even: Cut, target: Target | None) -> Found:
    """Return the cut `even`, or the network's if white parts or shadows make it unreliable."""
    doubtful = even.shaded > (SHADED_WHITE if even.white else SHADED)
    large = bool(target) or (even.weight > 0.5).mean() >= LEAST_AREA
    if even.certain and not doubtful and large:
        return Found(even, "border")
    seen = _by_network(colours, target)
    if seen is None:
        return Found(replace(even, certain=False), "border")
    if even.certain and not seen.certain:
        # On white, too much is better than too little: extra white pixels remain white.
        weight = np.maximum(even.weight, seen.weight) if even.white else even.weight
        return Found(replace(even, weight=weight, certain=False), "border")
    return Found(replace(seen, white=even.white, shaded=even.shaded), "network")


def _narrowed(found: Found, target: Target | None) -> Found:
    """Return `found` with only the object selected by `target`."""
    if not target or found.cut is None:
        return found
    weight = keep_target(found.cut.weight, target)
    return _alone(found, None if weight is None else replace(found.cut, weight=weight))


def _alone(found: Found, cut: Cut | None) -> Found:
    """Return `found` with `cut`, one object of several."""
    # With shadows set, `_blend` removes everything else.
    return replace(found, cut=None if cut is None else replace(cut, shaded=1.0))


def _read_mask(mask: Image.Image, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return `mask` as weights (H, W) of a photo of `size`."""
    if abs(np.log(mask.width * size[1] / (mask.height * size[0]))) > _RATIO_SLACK:
        raise PhotoError(
            f"a mask of {mask.width} x {mask.height} pixels does not fit the photo",
            hint="give a mask of the photo's own size",
        )
    return mask_weight(mask, size)
