"""Changes of a field along the rays of the image: smoothed surfaces and closed gaps.

The field is sampled along each ray (`outline`). From these profiles follow smooth ones (`smooth`)
and a raise where they have gaps (`gaps`). Inside the object, the field is moved by what smoothing
changes, interpolated between rays and depths. Over gaps, it is raised to the smooth and raised
profiles themselves, but not beyond the outline of the mask: in between two rays, the field varies
more than profiles do, and the mesh would have teeth. Nothing is cut off where the mask ends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.reconstruction.gaps import find_gaps
from onet_cli.reconstruction.outline import DEPTHS, NEAREST, SIDE, OutlineFit, coverage
from onet_cli.reconstruction.profile_change import ProfileChange
from onet_cli.reconstruction.ray_maps import Mask, blurred_inside, opened
from onet_cli.reconstruction.smooth import Profiles, continued, in_front, smooth_profiles

SOFT = 0.7
"""Standard deviation in rays of the Gaussian window that softens the edge of the mask."""

BROAD = 5
"""Edge in rays of the smallest square that fits into a part that is smoothed."""

INNER = 0.4
"""Coverage by the mask, above one half, from which on the field is smoothed fully."""

STEEP = 8.0
"""Greatest height to which the field is raised where the mask covers fully, and depth below the
level where it covers nothing and away from gaps, in logits: pieces are joined across less
(`joined`)."""

RAMP = 0.01
"""Raise of a gap, in logits, at which it is filled fully."""

NOWHERE = -1e4


@dataclass(frozen=True)
class ChangedProfiles:
    """The profiles of a field (S, S, D), and the change that leads to them, if there is one.

    `share` is that of the mask in which the field was below the level; None if not searched.
    """

    profiles: Profiles
    change: ProfileChange | None = None
    share: float | None = None


def change_profiles(
    fit: OutlineFit,
    level: float,
    camera: NDArray[np.floating],
    mask: Mask,
    *,
    smooth: bool,
    gaps: bool,
) -> ChangedProfiles:
    """Return the profiles of a field, smoothed and with gaps closed, each if requested.

    Args:
        fit: What `fit_outline` returned for the field.
        level: Iso-level (logit).
        camera: (1, 2) elevation in radians and kappa.
        mask: (S, S) object mask in the prepared image.
        smooth: Smooth across neighbouring rays.
        gaps: Close gaps.
    """
    own = fit.rays.samples
    if not (smooth or gaps):
        return ChangedProfiles(own)
    covered = blurred_inside(coverage(mask, SIDE), SOFT)
    smoothed = smooth_profiles(own, fit.mask, level) if smooth else own
    inner = opened(fit.mask, (BROAD, BROAD)) * np.clip((covered - 0.5) / INNER, 0, 1)
    volume = np.zeros((SIDE, SIDE, DEPTHS, 3), np.float32)
    volume[..., 0] = inner[..., None] * in_front(smoothed, level) * (smoothed - own)
    volume[..., 1] = NOWHERE
    share = None
    if gaps:
        highest = fit.rays.highest + (smoothed.max(axis=2) - own.max(axis=2)).astype(np.float64)
        found = find_gaps(smoothed, highest, fit.mask, level)
        volume[..., 1] = continued(smoothed, fit.mask) + found.raised[..., None]
        height = STEEP * np.minimum(2 * covered - 1, found.raised / RAMP - 1)
        volume[..., 2] = height[..., None]
        share = found.share
    profiles = np.maximum(own + volume[..., 0], np.minimum(volume[..., 1], level + volume[..., 2]))
    elevation, kappa = (float(value) for value in camera[0])
    return ChangedProfiles(profiles, ProfileChange(volume, elevation, kappa, NEAREST), share)
