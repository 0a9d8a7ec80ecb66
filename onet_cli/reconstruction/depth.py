"""Bounds on the depth of what the photo shows, where the network does not know how far away it is.

Uncertain of a depth, a network spreads the probability along the ray, and the mesh is stretched in
the viewing direction. Things are seldom much deeper than they are wide. Where the field is above
the level, but not far above, it is therefore bounded around its centre along the ray to a multiple
of the local width of the mask. Another part on the same ray, beyond a minimum of the field, is not
changed, nor is what the network is sure of, whatever its depth. Nothing is added.
"""

import numpy as np
from numpy.typing import NDArray

from onet_cli.reconstruction.bounds import DepthBounds, nearest_ends, reach
from onet_cli.reconstruction.outline import DEPTHS, NEAREST, SIDE
from onet_cli.reconstruction.ray_maps import Map, Mask, blurred_mean, filtered, opened
from onet_cli.reconstruction.smooth import Profiles

SURE = 1.5
RAMP = 0.5
"""Minimum height of the field above the level along a ray of sure depth, in logits. The bound
disappears over `RAMP` more."""

THICK = 3
"""Edge in rays of the smallest square that fits into a part that is not thin: see `rods`."""

DEEP = 1.5
"""Maximum half depth, relative to half of the local width."""

SPREAD = 0.5
"""Decrease of the logit along a ray that divides the weight of a depth by e."""

WINDOW = 3.0
"""Standard deviation in rays of the Gaussian window that smooths centres."""

BESIDE = 5
"""Edge in rays of the square around a bounded ray in which the field is bounded, outside of the
mask too."""


def find_bounds(
    profiles: Profiles, mask: Mask, level: float, camera: NDArray[np.floating]
) -> DepthBounds | None:
    """Return the bounds on the depth of a field, or None if it is sure of all depths.

    Args:
        profiles: (SIDE, SIDE, DEPTHS) logits of the field along each ray, from far to near.
        mask: (SIDE, SIDE) object mask.
        level: Iso-level (logit).
        camera: (1, 2) elevation in radians and kappa.
    """
    logits = profiles.reshape(SIDE * SIDE, DEPTHS).astype(np.float64)
    highest = logits.max(axis=1)
    unsure = np.clip((level + SURE + RAMP - highest) / RAMP, 0, 1).reshape(SIDE, SIDE)
    share = unsure * opened(mask, (THICK, THICK))
    if not share.any():
        return None
    depths = np.linspace(-NEAREST, NEAREST, DEPTHS)
    centre = _centres(logits, depths, level, mask)
    half = DEEP * blurred_mean(_local_half_width(mask) * (2 / SIDE), mask, 1.0)
    own = centre.reshape(-1)
    ahead = reach(logits, depths, own, level)
    behind = reach(logits[:, ::-1], -depths[::-1], -own, level)
    ends = [nearest_ends(end.reshape(SIDE, SIDE), mask, 3) for end in (behind, ahead)]
    share = np.where(mask, share, filtered(share, (BESIDE, BESIDE), np.maximum, 0))
    elevation, kappa = (float(value) for value in camera[0])
    return DepthBounds(np.stack([centre, half, share, *ends], axis=-1), elevation, kappa)


def _centres(logits: NDArray[np.floating], depths: Map, level: float, mask: Mask) -> Map:
    """Return the smoothed mean depth (SIDE, SIDE) of the field along each ray."""
    highest = logits.max(axis=1, keepdims=True)
    weights = np.exp((logits - highest) / SPREAD).astype(np.float64)
    means = (weights @ depths / weights.sum(axis=1)).reshape(SIDE, SIDE)
    sure = np.exp(np.clip(highest - level, -4.0, 1.0)).reshape(SIDE, SIDE)
    return blurred_mean(means, mask * sure, WINDOW)


def _local_half_width(mask: Mask) -> Map:
    """Return half of the edge in rays of the largest square in `mask` around each ray."""
    found = np.where(mask, 0.5, 0.0)
    for half in range(1, SIDE // 2):
        inside = opened(mask, (2 * half + 1, 2 * half + 1))
        if not inside.any():
            break
        found[inside] = half + 0.5
    return found
