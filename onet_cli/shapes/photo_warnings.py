"""Warnings about photos that may degrade the mesh."""

import numpy as np
from numpy.typing import NDArray

SMALL = 64
"""Minimum longer side of an object, in pixels; networks see it at about 180."""

_CUT_SIDE = 0.03  # share of a picture's side that a complete object may touch
_DARK = 26  # of 255: brightness that few pixels of a dark picture exceed
_BLOWN = 253
_BLOWN_SHARE = 0.5  # of an object without visible detail
_FULL = 0.04  # share of pixels that may be brighter in a dark picture


def inspect_cut(
    solid: NDArray[np.bool_],
    box: tuple[int, int, int, int],
    given: tuple[int, int],
    *,
    certain: bool,
) -> tuple[str, ...]:
    """Return warnings about the object `solid` (H, W) in `box`, of a photo of the size `given`."""
    found = []
    sides = {"top": solid[0], "bottom": solid[-1], "left": solid[:, 0], "right": solid[:, -1]}
    touched = [name for name, side in sides.items() if side.mean() > _CUT_SIDE]
    if touched:
        found.append(f"the object is cut off at the {' and '.join(touched)} of the photo")
    longest = max(box[2] - box[0], box[3] - box[1]) * max(given) / max(solid.shape)
    if longest < SMALL:
        found.append(f"the object is tiny: {longest:.0f} pixels")
    if not certain:
        found.append("the background is uncertain: see in the preview what was cut out")
    return tuple(found)


def inspect_light(colours: NDArray[np.uint8]) -> tuple[str, ...]:
    """Return warnings about the light on the object's pixels (N, 3)."""
    brightest, darkest = colours.max(axis=1), colours.min(axis=1)
    if (brightest > _DARK).mean() < _FULL:
        return ("the photo is very dark",)
    if (darkest >= _BLOWN).mean() > _BLOWN_SHARE:
        return ("the photo is blown out: most of the object is plain white",)
    return ()
