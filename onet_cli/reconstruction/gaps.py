"""Closing of gaps: surfaces that the photo shows and the field has slightly below the level.

Where a network is unsure how far away a surface is, as with the shade of a lamp or the back of a
chair, the probability spreads along the ray and may be below the level at every depth. The mesh
then has a hole where the photo shows the object. Along such rays the field is raised by a constant
that lifts a peak above the level, so that the surface appears at the depth where the field is most
certain of it. Of peaks that are nearly as high, it is the one nearest to the camera, as that is
what the photo shows; higher ones behind it appear too. Thin parts are left to `rods`. Further than
a ray from the mask nothing changes, and nothing is removed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import look
from onet_cli.reconstruction.peaks import Peaks
from onet_cli.reconstruction.ray_maps import Map, Mask, opened, sample_map, slopes_of

THICK = 3
"""Edge in rays of the smallest square that fits into a part that is not thin."""

MARGIN = 0.2
"""Height of the peak along a raised ray above the level, in logits."""

LIMIT = 2.5
"""Maximum raise, in logits; where more is needed, the field has no surface and is left alone."""


@dataclass(frozen=True)
class Gaps:
    """Raise of a field of the picture's frame.

    Attributes:
        raised: (S, S) per ray of the image, in logits; 0 where nothing is missing. Where the
            maximum is above the level by less than `MARGIN`, it decreases to 0.
        elevation: of the camera, in radians.
        kappa: its perspective per half image edge.
        share: of the mask, in which the maximum was below the level.
    """

    raised: Map
    elevation: float
    kappa: float
    share: float

    def raises(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the raise (N,) at `points` (N, 3) of the network's cube, in logits."""
        seen, _ = look(points.astype(np.float64), self.elevation, self.kappa)
        return sample_map(self.raised[..., None], seen)[:, 0]

    def slopes(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the gradient (N, 3) of `raises` at `points` (N, 3)."""
        return slopes_of(self.raises, points.astype(np.float64))


def find_gaps(rays: Peaks, level: float, camera: NDArray[np.floating], mask: Mask) -> Gaps | None:
    """Return the raise that closes the gaps of a field in the mask, or None if there are none.

    Args:
        rays: The field along each ray of the image.
        level: Iso-level (logit).
        camera: (1, 2) elevation in radians and kappa.
        mask: (S, S) object mask.
    """
    highest, front = (peak.astype(np.float64) - level for peak in (rays.highest, rays.front))
    possible = opened(mask, (THICK, THICK)) & (MARGIN - front <= LIMIT)
    weight = np.where(possible, np.clip(1 - highest / MARGIN, 0, 1), 0.0)
    raised = weight * np.maximum(MARGIN - front, 0)
    if not raised.any():
        return None
    elevation, kappa = (float(value) for value in camera[0])
    share = np.count_nonzero(possible & (highest < 0)) / np.count_nonzero(mask)
    return Gaps(raised, elevation, kappa, share)
