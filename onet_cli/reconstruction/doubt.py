"""Whether a mesh is likely to be bad, as far as that can be told without the truth.

Several signs go together with bad meshes, none of them reliably. A logistic model of them is fitted
to meshes of validation views, whose truth is known (`reconstruction.calibrate`), and warns beyond
the limit at which it would have warned of a tenth of the meshes that are not bad.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from onet_cli.models.calibration import Doubt

BAD_IOU = 0.2
"""A mesh is bad if its IoU with the truth is less than this at the best turn about +y."""

FALSE_ALARMS = 0.1
"""Share of the other meshes that may be warned of."""

FEWEST = 12
"""Bad meshes, and others, from which on a model is fitted."""

FOLDS = 8
"""Parts of the objects, each judged by a model fitted to the others."""

PENALTY = 30.0
"""Of large weights, in views: those of one object are no independent evidence."""

LOW_AGREEMENT = 0.75
ADVICE = "try --click or --mask, another --threshold, or another photo"


@dataclass(frozen=True)
class Signs:
    """What may tell a bad mesh; None where it is not known.

    `agreement` with the photo's outline; `lowest_tenth` of the vertices' confidence; the
    `out_of_distribution` score of the photo's code; `expected_iou` by the probabilities of the
    network itself; `thickness`, the volume over the area of the surface, unit-cube frame: thin
    things are misplaced by little.
    """

    agreement: float | None
    lowest_tenth: float | None
    out_of_distribution: float | None
    expected_iou: float | None
    thickness: float | None


NAMES = tuple(field.name for field in fields(Signs))


def probability(doubt: Doubt, signs: Signs) -> float:
    """Return the probability that a mesh with these `signs` is bad."""
    return 1 / (1 + math.exp(-_logit(doubt, signs)))


def is_doubtful(doubt: Doubt, signs: Signs) -> bool:
    """Return whether a mesh with these `signs` is one to warn of."""
    return _logit(doubt, signs) > doubt.limit


def describe(signs: Signs) -> str:
    """Return the warning about a mesh that is doubtful: why, and what to try."""
    reasons = []
    if signs.agreement is not None and signs.agreement < LOW_AGREEMENT:
        reasons.append(f"its outline agrees with the photo's by {100 * signs.agreement:.0f} % only")
    if signs.out_of_distribution is not None and signs.out_of_distribution > 1:
        reasons.append("the photo is unlike those that the network was trained on")
    why = f" ({' and '.join(reasons)})" if reasons else ""
    # Where it covers what the photo shows, the photo is no help: what is wrong lies along the ray.
    seen = signs.agreement is not None and signs.agreement >= LOW_AGREEMENT
    return f"the mesh is likely to be wrong{' in depth' if seen else ''}{why}: {ADVICE}"


def fit_doubt(
    signs: Sequence[Signs], bad: NDArray[np.bool_], groups: Sequence[str]
) -> Doubt | None:
    """Return a logistic model of `signs` of N meshes, None if too few are `bad` (N,) or are not.

    Args:
        signs: of each mesh. One that is not known anywhere is left out.
        bad: which of the meshes are.
        groups: of each mesh, its object: what the model finds is measured on objects that it was
            not fitted to, and so is its limit.
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
        if not math.isnan(value):  # of what is not known nothing is concluded
            total += weight * (value - mean) / scale
    return total


def _value(name: str, value: float | None) -> float:
    """Return a sign as the model takes it, NaN where it is not known."""
    if value is None:
        return math.nan
    # Ratios: twice as far, or half as thick, is a step.
    return math.log(max(value, 1e-6)) if name in ("out_of_distribution", "thickness") else value
