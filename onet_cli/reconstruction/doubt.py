"""Prediction of bad meshes without ground truth.

Several indicators correlate with bad meshes, none of them reliably. A logistic regression on them
is fitted to meshes of validation views with ground truth (`reconstruction.trials`). Its decision
threshold has a false-alarm rate of one tenth.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from onet_cli.models.calibration import Doubt

BAD_IOU = 0.2
"""A mesh is bad if its IoU with the ground truth is below this at the best rotation about +y."""

FALSE_ALARMS = 0.1
"""False-alarm rate: share of the other meshes with a warning."""

FEWEST = 12
"""Minimum number of bad meshes, and of others, for a fit."""

FOLDS = 8
"""Number of cross-validation folds over objects."""

PENALTY = 5.0
"""L2 penalty on weights, in units of views, as views of one object are not independent."""

LOGARITHMIC = "out_of_distribution", "thickness"
"""Signs that enter the model as logarithms."""

LOW_AGREEMENT = 0.75
ADVICE = "try --click or --mask, another --threshold, or another photo"
ADVICE_IN_DEPTH = "look at it from beside; a photo from another side may help"


@dataclass(frozen=True)
class Signs:
    """Indicators of a bad mesh; None if unknown.

    `agreement` with the photo's silhouette; `lowest_tenth`, the 10th percentile of the vertices'
    confidence; the `out_of_distribution` score of the photo; `expected_iou` according to the
    network's own probabilities; `thickness`, volume over surface area in the unit-cube frame:
    small displacements misplace thin objects; `consistency` of the fields of differently scaled
    copies of the photo; the predicted `perspective` per half image edge: depth is harder to see
    the stronger it is; the `extent` of the object's mask, the share of its bounding box that it
    covers, which is small for thin or branched objects; the share of the mask that has `gaps`, as
    the field is below the level there; the `height` of the mesh over its longest edge: at equal
    thickness, flat meshes are bad more often.
    """

    agreement: float | None
    lowest_tenth: float | None
    out_of_distribution: float | None
    expected_iou: float | None
    thickness: float | None
    consistency: float | None = None
    perspective: float | None = None
    extent: float | None = None
    gaps: float | None = None
    height: float | None = None


NAMES = tuple(field.name for field in fields(Signs))


def probability(doubt: Doubt, signs: Signs) -> float:
    """Return the probability that a mesh with these `signs` is bad."""
    return 1 / (1 + math.exp(-_logit(doubt, signs)))


def is_doubtful(doubt: Doubt, signs: Signs) -> bool:
    """Return whether a mesh with these `signs` gets a warning."""
    return _logit(doubt, signs) > doubt.limit


def describe(signs: Signs) -> str:
    """Return the warning about a doubtful mesh: reasons and advice."""
    reasons = []
    if signs.agreement is not None and signs.agreement < LOW_AGREEMENT:
        reasons.append(f"its outline has an IoU of {signs.agreement:.2f} with the photo's")
    if signs.out_of_distribution is not None and signs.out_of_distribution > 1:
        reasons.append("the photo is unlike the training images")
    why = f" ({' and '.join(reasons)})" if reasons else ""
    # If the silhouettes agree, the error is along the rays.
    if signs.agreement is not None and signs.agreement >= LOW_AGREEMENT:
        return f"the mesh is likely to be wrong in depth{why}: {ADVICE_IN_DEPTH}"
    return f"the mesh is likely to be wrong{why}: {ADVICE}"


def fit_doubt(
    signs: Sequence[Signs], bad: NDArray[np.bool_], groups: Sequence[str]
) -> Doubt | None:
    """Fit a logistic regression to `signs` of N meshes; None if too few are `bad` (N,) or not bad.

    Args:
        signs: Indicators of each mesh. An indicator that is unknown everywhere is left out.
        bad: Whether each mesh is bad.
        groups: The object of each mesh. Decision threshold and rates are cross-validated over
            objects.
    """
    if min(np.count_nonzero(bad), np.count_nonzero(~bad)) < FEWEST:
        return None
    table = np.array([[_value(name, getattr(row, name)) for name in NAMES] for row in signs])
    known = ~np.isnan(table).all(axis=0)
    names = tuple(name for name, use in zip(NAMES, known, strict=True) if use)
    table = table[:, known]
    means, scales = np.nanmean(table, axis=0), np.maximum(np.nanstd(table, axis=0), 1e-6)
    scaled = np.nan_to_num((table - means) / scales)
    _, owners = np.unique(np.array(groups), return_inverse=True)
    judged = np.empty(len(bad))
    for fold in range(FOLDS):
        own = owners % FOLDS == fold
        if own.any():
            weights = _fit_logistic(scaled[~own], bad[~own])
            judged[own] = scaled[own] @ weights[:-1] + weights[-1]
    limit = float(np.quantile(judged[~bad], 1 - FALSE_ALARMS, method="higher"))
    weights = _fit_logistic(scaled, bad)
    return Doubt(
        names,
        means=tuple(map(float, means)),
        scales=tuple(map(float, scales)),
        weights=tuple(map(float, weights[:-1])),
        bias=float(weights[-1]),
        limit=limit,
        caught=float((judged[bad] > limit).mean()),
        false_alarms=float((judged[~bad] > limit).mean()),
    )


def _fit_logistic(rows: NDArray[np.float64], target: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the weights (K + 1,) of `rows` (N, K) and the bias, by Newton's method."""
    rows = np.column_stack([rows, np.ones(len(rows))])
    penalty = PENALTY * np.append(np.ones(rows.shape[1] - 1), 0.0)
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (target - chance) - penalty * weights
        bend = rows.T @ (rows * (chance * (1 - chance))[:, None]) + np.diag(penalty + 1e-6)
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _logit(doubt: Doubt, signs: Signs) -> float:
    known, total = asdict(signs), doubt.bias
    for name, mean, scale, weight in zip(
        doubt.signs, doubt.means, doubt.scales, doubt.weights, strict=True
    ):
        value = _value(name, known[name])
        if not math.isnan(value):  # unknown indicators have no effect
            total += weight * (value - mean) / scale
    return total


def _value(name: str, value: float | None) -> float:
    """Return an indicator as a model input, NaN if unknown."""
    if value is None:
        return math.nan
    return math.log(max(value, 1e-6)) if name in LOGARITHMIC else value
