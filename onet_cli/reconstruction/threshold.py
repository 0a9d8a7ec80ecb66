"""Where to cut a field: at the probability where its own network expects the highest IoU.

One threshold for all photos is a compromise. A network that is sure of a shape should be cut near
1/2; of one that it can only guess, more is gained by showing what is likely than is lost where that
is wrong. If the probabilities p hold, the k likeliest of N points have the expected IoU
(sum of their p) / (k + sum of the other p), a ratio of expectations, and the best k is the best
cut. Lewis (SIGIR 1995) cuts lists of documents so, for the F-measure. How well p holds is measured
(`fit_platt`): Platt's correction, logits times a scale plus a shift, for the highest mean IoU.
"""

import itertools
import math
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.reconstruction.field import OccupancyField

POINTS = 4096
LOWEST = 0.5
"""A photo's threshold is at least this share of the checkpoint's: what is empty stays so."""

SCALES = (0.5, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5)
SHIFTS = tuple(float(shift) for shift in np.arange(-2, 1.01, 0.2).round(1))


def adapted_threshold(field: OccupancyField, platt: tuple[float, float], usual: float) -> float:
    """Return the probability at which to cut `field` for the highest expected IoU.

    Args:
        field: The photo's field; it is evaluated at 4 096 points.
        platt: Scale and shift that correct its logits.
        usual: The threshold for photos at large; no less than half of it is returned.
    """
    return best_cut(falling_logits(field), platt, usual)


def falling_logits(field: OccupancyField) -> NDArray[np.float64]:
    """Return the logits (4096,) of `field` at points that fill the cube, the highest first."""
    return np.sort(field(_spread_points()).astype(np.float64))[::-1]


def best_cut(logits: NDArray[np.float64], platt: tuple[float, float], usual: float) -> float:
    """Return what `adapted_threshold` does, of `logits` (N,) from `falling_logits`."""
    best = int(expected_iou(logits[None], *platt)[0].argmax())
    return max(1 / (1 + math.exp(-logits[best])), LOWEST * usual)


def expected_at_level(field: OccupancyField, platt: tuple[float, float]) -> float:
    """Return the IoU to expect of `field` cut where it is, if its corrected probabilities hold."""
    logits = falling_logits(field)
    taken = int(np.count_nonzero(logits >= field.level))
    return float(expected_iou(logits[None], *platt)[0, taken - 1]) if taken else 0.0


def expected_iou(logits: NDArray[np.float64], scale: float, shift: float) -> NDArray[np.float64]:
    """Return what IoU to expect of the k likeliest points.

    Args:
        logits: (B, N), falling along N.
        scale: Corrects the logits, as does
        shift: what is added to them.

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
    """Return the scale and the shift with which the cut gives the highest mean IoU, and that IoU.

    Args:
        logits: (B, N): of B photos at N points spread evenly over the cube.
        occupied: (B, N): whether the points are inside.
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
    """Return points (4096, 3) that fill the cube evenly.

    They lie in no planes, as those of a grid would, between which a board along the axes is lost.
    """
    sequence = torch.quasirandom.SobolEngine(3, scramble=True, seed=0)  # type: ignore[no-untyped-call]
    places = sequence.draw(POINTS)
    spread: NDArray[np.float32] = ((places - 0.5) * CUBE_EDGE).numpy()
    return spread
