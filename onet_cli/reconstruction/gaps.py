"""Closing of gaps: surfaces that the photo shows and the field has slightly below the level.

Where a network is unsure how far away a surface is, as with the shade of a lamp or the back of a
chair, the probability spreads along the ray and may be below the level at every depth. The mesh
then has a hole where the photo shows the object. Profiles of such rays are raised by a constant
that lifts a peak above the level, so that the surface appears at the depth where the field is most
certain of it. Of peaks that are nearly as high, it is the one nearest to the camera, as that is
what the photo shows; higher ones behind it appear too. Thin parts are left to `rods`, and gaps
narrower than 3 rays, such as along the edge of the mask, are left alone.
"""

from typing import NamedTuple

import numpy as np

from onet_cli.reconstruction.peaks import front_peak
from onet_cli.reconstruction.ray_maps import Map, Mask, blurred_inside, dilated, filtered, opened
from onet_cli.reconstruction.smooth import Profiles

THICK = 3
"""Edge in rays of the smallest square that fits into a part that is not thin, and into a gap."""

MARGIN = 0.2
"""Height of the peak along a raised ray above the level, in logits."""

LIMIT = 2.5
"""Maximum raise, in logits; where more is needed, the field has no surface and is left alone."""

WINDOW = 1.0
"""Standard deviation in rays of the Gaussian window that smooths the raise."""


class Gaps(NamedTuple):
    """Gaps of a field.

    Attributes:
        raised: (S, S) raise that closes them per ray of the image, in logits; it decreases to 0
            beside them.
        share: of the mask, in which the maximum is below the level.
    """

    raised: Map
    share: float


def find_gaps(profiles: Profiles, highest: Map, mask: Mask, level: float) -> Gaps:
    """Return the gaps of a field in the mask.

    Args:
        profiles: (S, S, D) logits along each ray of the image, from far to near.
        highest: (S, S) maxima along the rays, sampled more densely.
        mask: (S, S) object mask.
        level: Iso-level (logit).
    """
    highest = highest - level
    peaks = front_peak(profiles)[..., None]
    front = np.take_along_axis(profiles, peaks, 2)[..., 0].astype(np.float64) - level
    possible = opened(mask, (THICK, THICK)) & (MARGIN - front <= LIMIT)
    weight = np.where(possible, np.clip(1 - highest / MARGIN, 0, 1), 0.0)
    lacking = weight * np.maximum(MARGIN - front, 0)
    wide = opened(lacking > 0, (THICK, THICK))
    around = np.where(dilated(wide, 1), lacking, 0.0)
    raised = blurred_inside(filtered(around, (3, 3), np.maximum, 0), WINDOW)
    share = np.count_nonzero(possible & (highest < 0)) / np.count_nonzero(mask)
    return Gaps(raised, share)
