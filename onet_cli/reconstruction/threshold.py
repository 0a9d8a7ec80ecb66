"""Adaptive threshold: the probability with the highest expected IoU for a field.

One threshold for all photos is a compromise. With confident predictions the best threshold is near
1/2; with uncertain ones a lower threshold gives a higher IoU. If the probabilities p are
calibrated, the k most probable of N points have the expected IoU (sum of their p) / (k + sum of
the other p), a ratio of expectations, and the best k gives the threshold. Lewis (SIGIR 1995)
selects documents likewise, for the F-measure. Probabilities are calibrated by Platt scaling, logits
times a scale plus a shift, fitted for the highest mean IoU (`fit_platt`).
"""

import itertools
import math
from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.reconstruction.field import OccupancyField

POINTS = 4096
LOWEST = 0.5
"""Minimum adapted threshold relative to the checkpoint's, so that empty fields stay empty."""

SOBOL_BITS = 30
SOBOL_SHIFTS = (510142454, 636217781, 530942997)
SOBOL_DIRECTIONS = (
    (
        918856996,
        331048501,
        216562334,
        87793114,
        53236376,
        23607624,
        15344655,
        6335924,
        3225542,
        1671196,
        614291,
        390545,
    ),
    (
        790084098,
        983638853,
        633663655,
        917358947,
        762586144,
        958617502,
        657488794,
        905051131,
        791173179,
        981955733,
        636611391,
        914655401,
    ),
    (
        689960504,
        837095404,
        337710697,
        776546570,
        1058261706,
        480305914,
        720039965,
        816129270,
        373165279,
        762065936,
        1054795809,
        517725083,
    ),
)
"""A scrambled Sobol sequence of 2^12 points: shifts and direction numbers of the coordinates, those
that torch.quasirandom.SobolEngine draws with seed 0. Sobol, USSR Comput. Math. 1967; Owen, 1995."""

SCALES = (0.5, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5)
SHIFTS = tuple(float(shift) for shift in np.arange(-2, 1.01, 0.2).round(1))


def adapted_threshold(field: OccupancyField, platt: tuple[float, float], usual: float) -> float:
    """Return the threshold (a probability) with the highest expected IoU for `field`.

    Args:
        field: The photo's field; it is evaluated at 4 096 points.
        platt: Scale and shift of Platt scaling.
        usual: The checkpoint's threshold; at least half of it is returned.
    """
    return best_cut(falling_logits(field), platt, usual)


def falling_logits(field: OccupancyField) -> NDArray[np.float64]:
    """Return the logits (4096,) of `field` at points that fill the cube, descending."""
    return np.sort(field(_spread_points()).astype(np.float64))[::-1]


def best_cut(logits: NDArray[np.float64], platt: tuple[float, float], usual: float) -> float:
    """Return the adapted threshold for `logits` (N,) from `falling_logits`."""
    best = int(expected_iou(logits[None], *platt)[0].argmax())
    return max(1 / (1 + math.exp(-logits[best])), LOWEST * usual)


def expected_at_level(field: OccupancyField, platt: tuple[float, float]) -> float:
    """Return the expected IoU of `field` at its threshold, with calibrated probabilities."""
    logits = falling_logits(field)
    taken = int(np.count_nonzero(logits >= field.level))
    return float(expected_iou(logits[None], *platt)[0, taken - 1]) if taken else 0.0


def consistency(fields: Iterable[OccupancyField]) -> float | None:
    """Return the mean IoU of the first of `fields` with each other at 4 096 points.

    None if there is only one field or no point is inside any.
    """
    inside = [field(_spread_points()) >= field.level for field in fields]
    if len(inside) < 2:
        return None
    pairs = [(inside[0] & other, inside[0] | other) for other in inside[1:]]
    ious = [both.sum() / either.sum() for both, either in pairs if either.any()]
    return float(np.mean(ious)) if ious else None


def expected_iou(logits: NDArray[np.float64], scale: float, shift: float) -> NDArray[np.float64]:
    """Return the expected IoU of the k most probable points.

    Args:
        logits: (B, N), descending along N.
        scale: Platt scaling: factor on the logits.
        shift: Platt scaling: added to the scaled logits.

    Returns:
        (B, N): for k = 1 to N.
    """
    probabilities = 1 / (1 + np.exp(-(scale * logits + shift)))
    inside = probabilities.cumsum(axis=1)
    outside = inside[:, -1:] - inside
    expected: NDArray[np.float64] = inside / (np.arange(1, logits.shape[1] + 1) + outside)
    return expected


def fit_platt(
    logits: NDArray[np.floating], occupied: NDArray[np.bool_]
) -> tuple[tuple[float, float], float]:
    """Return the scale and shift of Platt scaling with the highest mean IoU, and that IoU.

    Args:
        logits: (B, N) of B photos at N points spread evenly over the cube.
        occupied: (B, N) whether the points are inside.
    """
    order = np.argsort(-logits, axis=1)
    falling = np.take_along_axis(logits, order, axis=1).astype(np.float64)
    hits = np.take_along_axis(occupied, order, axis=1).cumsum(axis=1)
    either = np.arange(1, logits.shape[1] + 1) + hits[:, -1:] - hits
    ious = hits / either

    def mean_iou(platt: tuple[float, float]) -> float:
        best = expected_iou(falling, *platt).argmax(axis=1)
        return float(np.take_along_axis(ious, best[:, None], axis=1).mean())

    platt = max(itertools.product(SCALES, SHIFTS), key=mean_iou)
    return platt, mean_iou(platt)


@cache
def _spread_points() -> NDArray[np.float32]:
    """Return quasi-random points (4096, 3) that fill the cube evenly.

    Unlike grid points, they do not lie in planes, between which an axis-aligned board is missed.
    """
    numbers = np.arange(POINTS)
    gray = numbers ^ (numbers >> 1)
    words = np.broadcast_to(np.array(SOBOL_SHIFTS), (POINTS, 3)).copy()
    for bit, directions in enumerate(zip(*SOBOL_DIRECTIONS, strict=True)):
        words ^= ((gray >> bit) & 1)[:, None] * np.array(directions)
    places = words.astype(np.float32) * np.float32(2.0**-SOBOL_BITS)
    return ((places - np.float32(0.5)) * np.float32(CUBE_EDGE)).astype(np.float32)
