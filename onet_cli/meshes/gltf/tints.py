"""glTF colours: textures times colours."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.texture import as_srgb, srgb_to_linear
from onet_cli.meshes.textures import Picture

MOST_TINTS = 64
"""Maximum tinted copies of one texture in a primitive."""

Colours = NDArray[np.float64]


def tinted(picture: Picture, tint: Colours, linear: bool) -> Picture:
    """Return `picture` times `tint` (3,), multiplied in linear light if `linear`."""
    if (tint == 1).all():
        return picture
    light = srgb_to_linear().astype(np.float64) if linear else np.arange(256) / 255
    result = picture.copy()
    for channel, share in enumerate(tint):
        result[..., channel] = as_srgb(light * share, linear)[picture[..., channel]]
    return result


def with_alpha(picture: Picture, mode: str, factor: float, cutoff: float) -> Picture:
    """Return `picture` with its alpha channel according to the material's alpha mode."""
    if picture.shape[2] == 3 or mode not in ("MASK", "BLEND"):
        return np.ascontiguousarray(picture[..., :3])
    if mode == "BLEND":
        return picture
    result = picture.copy()
    result[..., 3] = np.where(picture[..., 3] * factor >= 255 * cutoff, 255, 0)
    return result


def group_colours(colours: Colours) -> tuple[Colours, NDArray[np.intp], bool]:
    """Quantise face colours, means of the corner `colours` (F, 3, 3), to `MOST_TINTS` at most.

    Returns:
        (K, 3) colours, (F,) the index of each face's colour, and whether that is exact: False if
        the corners of a face differ, or there are too many colours.
    """
    means = colours.mean(axis=1)
    exact = bool(np.abs(colours - means[:, None]).max(initial=0) < 1 / 64)
    for levels in (255, 31, 15, 7, 3):
        steps = np.rint(means * levels).astype(np.int64)
        _, first, group = np.unique(steps, axis=0, return_index=True, return_inverse=True)
        if len(first) <= MOST_TINTS:
            break
        exact = False
    group = group.ravel()
    counts = np.bincount(group)[:, None]
    sums = np.stack([np.bincount(group, means[:, c]) for c in range(3)], axis=1)
    return sums / counts, group, exact
