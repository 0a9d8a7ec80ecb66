"""Smoothing of a field across neighbouring rays of the image.

What a network says along a ray, the ray's profile, depends on the pixels around it. Where it is
unsure of the depth, the texture of the photo therefore appears as relief: digits on the face of a
clock, ripples on a ball. Profiles of neighbouring rays that are similar are averaged, those that
differ, on both sides of an edge, are not.

Source: bilateral filtering, Tomasi and Manduchi, ICCV 1998, of profiles in place of colours.
"""

import numpy as np
from numpy.typing import NDArray

from onet_cli.reconstruction.ray_maps import Mask, blurred, blurred_mean

REACH = 2
"""Half edge in rays of the window."""

SPREAD = 1.5
"""Standard deviation of the weights by distance, in rays."""

CONTRAST = 0.6
"""Standard deviation of the weights by difference: root mean square of the profiles', in logits."""

CLIP = 2.5
"""Height above and below the level to which profiles are compared, in logits."""

BEYOND = 1.0
"""Standard deviation in rays of the Gaussian window that continues profiles beyond the mask."""

LEAST_WEIGHT = 0.02
"""Minimum weight of the mask in that window."""

SOLID, STEP = 0.5, 0.2
"""Height above the level of what half hides what is behind it, and width of the step, in logits."""

Profiles = NDArray[np.float32]
"""Logits along each ray of the image, from far to near, (S, S, D)."""


def smooth_profiles(profiles: Profiles, mask: Mask, level: float) -> Profiles:
    """Return `profiles` with those in `mask` (S, S) averaged with similar ones around them.

    Args:
        profiles: (S, S, D) logits.
        mask: (S, S) object mask.
        level: Iso-level (logit).
    """
    steps = range(-REACH, REACH + 1)
    after = [(down, across) for down in steps for across in steps if (down, across) > (0, 0)]
    compared = np.clip(profiles - np.float32(level), -CLIP, CLIP)
    total, weights = profiles.copy(), np.ones(mask.shape, np.float32)
    for step in after:
        here, there = _overlap(step, len(mask))
        apart = compared[here] - compared[there]
        squares = np.einsum("yxd,yxd->yx", apart, apart) / profiles.shape[2]
        near = (step[0] ** 2 + step[1] ** 2) / SPREAD**2
        weight = np.exp(-0.5 * (near + squares / CONTRAST**2)) * (mask[here] & mask[there])
        for one, other in ((here, there), (there, here)):
            total[one] += weight[..., None] * profiles[other]
            weights[one] += weight
    smoothed: Profiles = total / weights[..., None]
    return smoothed


def in_front(profiles: Profiles, level: float) -> NDArray[np.float64]:
    """Return the weights (S, S, D) of what is in front: how much of each sample is not hidden.

    What is behind the visible surface does not follow the texture of the photo, and may be thin.
    A sample hides those behind it as the density of a volume does, in a smooth step of height.
    """
    height = (profiles.astype(np.float64) - level - SOLID) / STEP
    seen: NDArray[np.float64] = np.exp(-np.logaddexp(0, height))
    weights = np.ones_like(seen)
    np.cumprod(seen[..., :0:-1], axis=2, out=weights[..., -2::-1])
    return weights


def continued(profiles: Profiles, mask: Mask) -> Profiles:
    """Return `profiles` (S, S, D) with those just outside of `mask` continued from inside."""
    near = ~mask & (blurred(mask.astype(np.float64), BEYOND) > LEAST_WEIGHT)
    layers = np.moveaxis(profiles.astype(np.float64), 2, 0)
    means = np.moveaxis(blurred_mean(layers, mask, BEYOND), 0, 2)
    found: Profiles = np.where(near[..., None], means, profiles).astype(np.float32)
    return found


def _overlap(step: tuple[int, int], side: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return where rays are that have one `step` further, and where the latter are."""
    here = tuple(slice(max(0, -each), side - max(0, each)) for each in step)
    there = tuple(slice(max(0, each), side + min(0, each)) for each in step)
    return here, there
