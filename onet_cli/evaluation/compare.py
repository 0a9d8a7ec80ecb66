"""Paired comparison of two evaluations of the same objects."""

from dataclasses import dataclass

import numpy as np

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.intervals import Interval, bootstrap_mean
from onet_cli.evaluation.scores import SHOWN
from onet_cli.evaluation.table import EvaluationTable
from onet_cli.shapes.shape import ShapeId

_MUST_AGREE = (
    "protocol",
    "split",
    "view",
    "resolution",
    "mesh_samples",
    "seed",
    "align",
    "placing",
    "data_sha256",
)


@dataclass(frozen=True)
class Difference:
    """Mean difference of a score between the second and the first evaluation, over objects.

    `interval` is the 95 % bootstrap interval of `second - first`, paired by object; `better` and
    `worse` count objects.
    """

    score: str
    first: float
    second: float
    interval: Interval
    better: int
    worse: int
    objects: int

    @property
    def decided(self) -> bool:
        """Whether the interval excludes zero."""
        return self.interval.low > 0 or self.interval.high < 0


@dataclass(frozen=True)
class Comparison:
    """All differences, and `warnings` about differing settings."""

    first: str
    second: str
    differences: tuple[Difference, ...]
    warnings: tuple[str, ...]


def compare_tables(first: EvaluationTable, second: EvaluationTable) -> Comparison:
    """Compare `second` with `first` on the objects scored in both.

    Raises:
        InvalidOptionError: they have no common object.
    """
    found = [_difference(first, second, score) for score in SHOWN]
    differences = tuple(difference for difference in found if difference is not None)
    if not differences:
        raise InvalidOptionError("the two evaluations have no common scored object")
    return Comparison(first.facts.model, second.facts.model, differences, _warnings(first, second))


def scores_by_object(table: EvaluationTable, score: str) -> dict[ShapeId, float]:
    """Return the mean of a score over the views of each object, ignoring None."""
    values: dict[ShapeId, list[float]] = {}
    for result in table.objects:
        if (value := getattr(result.metrics, score)) is not None:
            values.setdefault(result.id, []).append(value)
    return {shape_id: float(np.mean(found)) for shape_id, found in values.items()}


def _difference(first: EvaluationTable, second: EvaluationTable, score: str) -> Difference | None:
    a, b = scores_by_object(first, score), scores_by_object(second, score)
    common = sorted(a.keys() & b.keys())
    if not common:
        return None
    before, after = np.array([a[i] for i in common]), np.array([b[i] for i in common])
    gain = (after - before) * SHOWN[score].better
    interval = bootstrap_mean([after - before])
    assert interval is not None
    return Difference(
        score=score,
        first=float(before.mean()),
        second=float(after.mean()),
        interval=interval,
        better=int((gain > 0).sum()),
        worse=int((gain < 0).sum()),
        objects=len(common),
    )


def _warnings(first: EvaluationTable, second: EvaluationTable) -> tuple[str, ...]:
    found = [
        f"{name}: {getattr(first.facts, name)} and {getattr(second.facts, name)}"
        for name in _MUST_AGREE
        if getattr(first.facts, name) != getattr(second.facts, name)
        # Older files do not record the placing.
        and "" not in (getattr(first.facts, name), getattr(second.facts, name))
    ]
    ids = ({result.id for result in table.objects} for table in (first, second))
    alone = len(set.symmetric_difference(*ids))
    if alone:
        found.append(f"{alone} objects are in only one of them and left out")
    return tuple(found)
