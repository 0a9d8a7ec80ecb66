"""Bootstrap confidence intervals of means over objects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 4000
CONFIDENCE = 0.95
_AT_ONCE = 1_000_000  # samples per block, which bounds the memory


@dataclass(frozen=True)
class Interval:
    """The 95 % percentile bootstrap interval of a mean."""

    low: float
    high: float


def bootstrap_mean(groups: Sequence[NDArray[np.float64]], seed: int = 0) -> Interval | None:
    """Return the interval of the mean of group means, or None if all groups are empty.

    Objects are resampled with replacement within each group. A single group gives a mean over
    objects; a group per category gives the category mean, with fixed categories.

    Args:
        groups: Scores (N,) of the objects of each group; empty groups are ignored.
        seed: Seed of the resampling.

    Source: Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 1979
    (percentile interval).
    """
    filled = [np.asarray(group, dtype=np.float64) for group in groups if len(group)]
    if not filled:
        return None
    rng = np.random.default_rng(seed)
    means = np.mean([_resampled_means(group, rng) for group in filled], axis=0)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _resampled_means(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    rows = max(1, _AT_ONCE // len(values))
    parts = [
        values[rng.integers(len(values), size=(min(rows, RESAMPLES - start), len(values)))].mean(1)
        for start in range(0, RESAMPLES, rows)
    ]
    return np.concatenate(parts)
