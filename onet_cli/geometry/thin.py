"""Thin parts of a surface: rods such as legs, detected from the samples around each point."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.nearest import nearest, nearest_few
from onet_cli.geometry.sampling import every_nth

RADIUS = 0.1
"""Radius of a point's neighbourhood, in unit-cube units."""

SLENDER = 0.025
"""A point is thin if the second largest deviation of its neighbourhood is below this."""

FOUND = 0.03
"""Distance within which a thin point counts as found, in unit-cube units."""

LEAST_SHARE = 0.02
"""Share of thin points below which a surface has no thin parts."""

CLOUD, QUERIES, TARGETS = 4_000, 1_000, 20_000
"""Numbers of surface samples: for neighbourhoods, of tested points, and for matching."""

NEIGHBOURS, FEWEST = 192, 6
"""Maximum samples in a neighbourhood, and minimum to determine its shape."""


@dataclass(frozen=True)
class ThinParts:
    """Agreement of thin parts: recall and precision of thin points, and their harmonic mean.

    `recall` is the share of the truth's that lie near the prediction, `precision` the share of the
    prediction's that lie near the truth; 0 if there are none.
    """

    recall: float
    precision: float

    @property
    def f_score(self) -> float:
        """The harmonic mean, 0 where both are 0."""
        both = self.recall + self.precision
        return 2 * self.recall * self.precision / both if both else 0.0


def is_thin(queries: NDArray[np.floating], cloud: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which of the points `queries` (N, 3) of a surface are on a thin part of it, (N,).

    A point is thin if the second largest principal standard deviation of the samples within
    `RADIUS` is below `SLENDER`: a rod is long in one direction only. For a round rod of radius r it
    is r / sqrt(2), for a square one of width w it is w / sqrt(6), for a strip w / sqrt(12). In a
    plate it is RADIUS / 2, at its edge 0.26 RADIUS.

    Args:
        queries: points on the surface, unit-cube frame.
        cloud: (M, 3) samples of the surface; of more than `NEIGHBOURS` in a neighbourhood every
            second, fourth ... is used.

    Raises:
        EmptySurfaceError: `cloud` has no points.
    """
    while True:
        distances, indices = nearest_few(queries, cloud, NEIGHBOURS, RADIUS)
        # A full row was cut off before the radius and would describe a smaller neighbourhood.
        if not np.isfinite(distances[:, -1]).any():
            break
        cloud = cloud[::2]
    known = np.isfinite(distances)
    # Relative to the point itself, so that squares lose no precision; missing ones have no weight.
    ways = np.asarray(cloud, np.float64)[indices] - np.asarray(queries, np.float64)[:, None]
    ways *= known[..., None]
    count = known.sum(axis=1)
    mean = ways.sum(axis=1) / np.maximum(count, 1)[:, None]
    squares = np.matmul(ways.transpose(0, 2, 1), ways) / np.maximum(count, 1)[:, None, None]
    variances = np.linalg.eigvalsh(squares - mean[:, :, None] * mean[:, None, :])
    thin: NDArray[np.bool_] = (variances[:, 1] < SLENDER**2) & (count >= FEWEST)
    return thin


def thin_points(surface: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the thin points (T, 3) among at most `QUERIES` of the samples `surface` (N, 3).

    None, (0, 3), if their share is below `LEAST_SHARE`: corners of plates may look thin too. The
    samples are taken at regular steps, so that those in the order of faces remain uniform.
    """
    if len(surface) == 0:
        return surface
    queries = every_nth(surface, QUERIES)
    thin = queries[is_thin(queries, every_nth(surface, CLOUD))]
    return thin if len(thin) >= LEAST_SHARE * len(queries) else thin[:0]


def compare_thin(predicted: NDArray[np.floating], target: NDArray[np.floating]) -> ThinParts | None:
    """Return the agreement of two surfaces' thin parts, None if the true one has none.

    Args:
        predicted: (N, 3) samples of the predicted surface, unit-cube frame; N = 0 if it is empty.
        target: (M, 3) samples of the true surface.

    Source: our own; precision and recall as in Tatarchenko et al., CVPR 2019.
    """
    true = thin_points(target)
    if len(true) == 0:
        return None
    return ThinParts(_share_near(true, predicted), _share_near(thin_points(predicted), target))


def _share_near(points: NDArray[np.floating], surface: NDArray[np.floating]) -> float:
    """Return the share of `points` (T, 3) within `FOUND` of `surface` (N, 3); 0 without any."""
    if len(points) == 0 or len(surface) == 0:
        return 0.0
    return float(np.mean(nearest(points, every_nth(surface, TARGETS))[0] <= FOUND))
