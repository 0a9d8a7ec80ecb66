"""All scores of an evaluation, by object, by category and in the mean."""

from dataclasses import asdict, dataclass
from typing import Any

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.scores import MeshMetrics, mean_metrics
from onet_cli.shapes.shape import ShapeId

FORMAT_VERSION = 1
"""Version of the JSON that `EvaluationTable.to_dict` makes and the only one that is read."""


@dataclass(frozen=True)
class EvaluationFacts:
    """Everything that the scores depend on; two tables compare where these agree.

    `threshold` is the probability that was used, `resolution` in cells per side, `mesh_samples`
    the points drawn on each prediction, `f_score_distance` in the unit-cube frame.
    """

    protocol: str
    split: str
    view: int
    threshold: float
    resolution: int
    mesh_samples: int
    f_score_distance: float
    seed: int
    checkpoint_path: str
    checkpoint_sha256: str
    model: str
    data_path: str
    data_format_version: int
    data_source: str
    onet_version: str


@dataclass(frozen=True)
class ObjectResult:
    """One object's scores. `failure` says why its mesh is empty, or is None where it is not."""

    id: ShapeId
    metrics: MeshMetrics
    occupancy_points: int
    surface_points: int
    failure: str | None = None


@dataclass(frozen=True)
class CategoryResult:
    """The mean over the scored objects of one category; `empty` of them had no surface."""

    category: str
    name: str
    objects: int
    empty: int
    metrics: MeshMetrics


@dataclass(frozen=True)
class EvaluationTable:
    """Scores by object and what they sum up to.

    `names` maps category ids to readable names. `unscored` holds the objects that are in no mean,
    with the reason: those that could not be read and, in the paper's protocol, those for which no
    mesh was made at all.
    """

    facts: EvaluationFacts
    objects: tuple[ObjectResult, ...]
    names: dict[str, str]
    unscored: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> int:
        """The number of scored objects without a surface."""
        return _count_empty(self.objects)

    @property
    def categories(self) -> tuple[CategoryResult, ...]:
        """The mean of each category that has a scored object, ordered by id."""
        return tuple(self._category(key) for key in sorted({r.id.category for r in self.objects}))

    @property
    def category_mean(self) -> MeshMetrics:
        """The mean of the categories' means: every category weighs the same, as in the paper.

        Raises:
            ValueError: no object was scored. `instance_mean` raises the same.
        """
        return mean_metrics([category.metrics for category in self.categories])

    @property
    def instance_mean(self) -> MeshMetrics:
        """The mean over objects: every object weighs the same."""
        return mean_metrics([result.metrics for result in self.objects])

    def _category(self, key: str) -> CategoryResult:
        members = [result for result in self.objects if result.id.category == key]
        return CategoryResult(
            category=key,
            name=self.names.get(key, key),
            objects=len(members),
            empty=_count_empty(members),
            metrics=mean_metrics([result.metrics for result in members]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready data; it depends on nothing but the fields."""
        scored = bool(self.objects)
        return {
            "format_version": FORMAT_VERSION,
            **asdict(self.facts),
            "scored": len(self.objects),
            "empty": self.empty,
            "category_mean": self.category_mean.to_dict() if scored else None,
            "instance_mean": self.instance_mean.to_dict() if scored else None,
            "categories": [
                {**asdict(category), "metrics": category.metrics.to_dict()}
                for category in self.categories
            ],
            "objects": [
                {**asdict(result), "id": str(result.id), "metrics": result.metrics.to_dict()}
                for result in self.objects
            ],
            "names": dict(self.names),
            "unscored": [{"id": name, "reason": reason} for name, reason in self.unscored],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "EvaluationTable":
        """Return the table that `to_dict` wrote; means are computed afresh.

        Raises:
            InvalidOptionError: the data are not of this format.
        """
        if data.get("format_version") != FORMAT_VERSION:
            raise InvalidOptionError(
                f"the evaluation has format {data.get('format_version')}, not {FORMAT_VERSION}",
                hint="run `onet evaluate --format json` again",
            )
        try:
            return cls(
                facts=EvaluationFacts(**{k: data[k] for k in EvaluationFacts.__annotations__}),
                objects=tuple(_read_object(entry) for entry in data["objects"]),
                names=dict(data["names"]),
                unscored=tuple((entry["id"], entry["reason"]) for entry in data["unscored"]),
            )
        except (KeyError, TypeError) as error:
            raise InvalidOptionError(f"the evaluation is incomplete: {error}") from error


def _read_object(entry: dict[str, Any]) -> ObjectResult:
    parsed = {
        "id": ShapeId.parse(entry["id"]),
        "metrics": MeshMetrics.from_dict(entry["metrics"]),
    }
    return ObjectResult(**{**entry, **parsed})


def _count_empty(results: tuple[ObjectResult, ...] | list[ObjectResult]) -> int:
    return sum(result.failure is not None for result in results)
