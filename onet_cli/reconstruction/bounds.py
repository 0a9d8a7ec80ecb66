"""Upper bounds of a field along the rays of the image: parts are at most so deep.

Beside the bound, another part on the same ray, beyond a minimum of the field, is not changed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import look
from onet_cli.reconstruction.ray_maps import Map, filtered, sample_map, slopes_of

MARGIN = 1.0
"""Height of the bound above the level at the centre, in logits."""

DROP = 0.8
"""Maximum depth below the level to which the field is bounded, in logits; pieces that come apart
can still be joined."""

VALLEY = 0.3
"""Minimum depth of the field between a part and another one on the same ray, in logits."""

FAR = 9.0
LEAST_HALF = 1e-2


@dataclass(frozen=True)
class DepthBounds:
    """Upper bound of a field of the picture's frame.

    Attributes:
        maps: (S, S, 5) per ray of the image: the depth of the centre along the ray, and half of
            the greatest depth around it, in half image edges; the share to which the field is
            bounded, 0 to 1; and between which depths, the farther one negated.
        elevation: of the camera, in radians.
        kappa: its perspective per half image edge.
    """

    maps: Map
    elevation: float
    kappa: float

    def heights(self, points: NDArray[np.floating]) -> Map:
        """Return the bound (N,) above the level at `points` (N, 3) of the network's cube.

        In logits; infinite where the field is not bounded.
        """
        seen, near = look(points.astype(np.float64), self.elevation, self.kappa)
        depth, half, share, behind, ahead = sample_map(self.maps, seen).T
        away = ((near - depth) / np.maximum(half, LEAST_HALF)) ** 2
        bound = np.maximum(MARGIN * (1 - away), -DROP) + 2 * DROP * (1 - share)
        return np.where((share > 0) & (near < ahead) & (-near < behind), bound, np.inf)

    def slopes(self, points: NDArray[np.floating]) -> Map:
        """Return the gradient (N, 3) of the bound at `points` (N, 3) where there is one."""
        return -slopes_of(lambda places: -self.heights(places), points.astype(np.float64))


def reach(
    logits: NDArray[np.floating], depths: Map, own: NDArray[np.float64], level: float
) -> NDArray[np.float64]:
    """Return how far a part at depth `own` (P,) of each ray reaches towards higher depths.

    There, the field has a minimum before another part, which is inside and higher by `VALLEY`;
    `FAR` where there is no other part.

    Args:
        logits: (P, D).
        depths: (D,), ascending.
        own: (P,).
        level: Iso-level (logit).
    """
    beyond = depths > own[:, None]
    values = np.where(beyond, logits, np.inf)
    lowest = np.minimum.accumulate(values, axis=1)
    another = beyond & (values >= np.maximum(lowest + VALLEY, level))
    first = another.argmax(axis=1)
    until = np.where(np.arange(len(depths)) < first[:, None], values, np.inf)
    return np.where(another.any(axis=1), depths[until.argmin(axis=1)], FAR)


def nearest_ends(ends: Map, rays: NDArray[np.bool_], edge: int) -> Map:
    """Return the least of `ends` (S, S) on `rays` in a square of odd `edge` around each ray."""
    return FAR + filtered(np.where(rays, ends - FAR, 0.0), (edge, edge), np.minimum, 0)
