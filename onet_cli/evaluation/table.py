"""Results of an evaluation: scores by object and category, and means."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from onet_cli.errors import InvalidOptionError, StoreError
from onet_cli.evaluation.intervals import Interval, bootstrap_mean
from onet_cli.evaluation.scores import MeshMetrics, mean_metrics
from onet_cli.evaluation.typed import check_types
from onet_cli.shapes.shape import ShapeId

FORMAT_VERSION = 3
"""Version of the JSON of `EvaluationTable.to_dict`."""

_READ_VERSIONS = (2, FORMAT_VERSION)
_ADDED_FACTS = ("align", "placing")  # missing in format 2


@dataclass(frozen=True)
class EvaluationFacts:
    """Everything that the scores depend on; tables are comparable if these agree.

    `threshold` is a probability, adapted to each photo if `adaptive`; `resolution` is in cells per
    side, `mesh_samples` the number of points sampled on each prediction, `f_score_distances` in the
    unit-cube frame; `view` is a number, `random` or `all`. `checkpoint_sha256` and `data_sha256`
    identify network and data. `align` is `none`, or `yaw` if predictions were rotated for the best
    IoU; `placing` describes how meshes are placed in the unit-cube frame.
    """

    protocol: str
    split: str
    view: int | str
    threshold: float | None
    resolution: int
    mesh_samples: int
    f_score_distances: tuple[float, ...]
    seed: int
    checkpoint_path: str
    checkpoint_sha256: str
    model: str
    data_path: str
    data_format_version: int
    data_source: str
    data_sha256: str
    onet_version: str
    adaptive: bool = False
    align: str = "none"
    placing: str = ""


@dataclass(frozen=True)
class ObjectResult:
    """Scores of one object from one view.

    `azimuth_deg` is the azimuth of the view (0: from +z, 90: from +x), or None if unknown;
    `failure` the reason for an empty mesh, else None; `turn_deg` the rotation of the prediction
    about +y.
    """

    id: ShapeId
    metrics: MeshMetrics
    occupancy_points: int
    surface_points: int
    failure: str | None = None
    view: int = 0
    azimuth_deg: float | None = None
    turn_deg: float = 0.0


@dataclass(frozen=True)
class CategoryResult:
    """The mean over the scored objects of one category.

    `objects` counts each object once, independent of the number of its views; `empty` counts
    predictions without a surface.
    """

    category: str
    name: str
    objects: int
    empty: int
    metrics: MeshMetrics


@dataclass(frozen=True)
class EvaluationTable:
    """Scores by object and their means.

    `names` maps category ids to readable names. `unscored` lists objects that are in no mean, with
    reasons: those that cannot be read and, in the paper's protocol, those without any mesh.
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
        """The mean of the category means, with equal weights, as in the paper.

        Raises:
            ValueError: no object was scored; also raised by `instance_mean`.
        """
        return mean_metrics([category.metrics for category in self.categories])

    @property
    def instance_mean(self) -> MeshMetrics:
        """The mean over objects, with equal weights."""
        return mean_metrics([result.metrics for result in self.objects])

    @property
    def object_count(self) -> int:
        """The number of distinct scored objects."""
        return len({result.id for result in self.objects})

    def interval(self, score: str, by_category: bool) -> Interval | None:
        """Return the 95 % interval of the category mean or instance mean of a score.

        Objects are resampled; views of an object are averaged first, as they are not independent.
        None if no category, or the instance mean, has at least two objects.
        """
        values: dict[ShapeId, list[float]] = {}
        for result in self.objects:
            if (value := getattr(result.metrics, score)) is not None:
                values.setdefault(result.id, []).append(value)
        groups: dict[str, list[float]] = {}
        for shape_id, found in values.items():
            key = shape_id.category if by_category else ""
            groups.setdefault(key, []).append(float(np.mean(found)))
        if all(len(found) < 2 for found in groups.values()):
            return None
        return bootstrap_mean([np.array(groups[key]) for key in sorted(groups)])

    def category_interval(self, category: str, score: str) -> Interval | None:
        """Return the 95 % interval of the mean of a score over one category."""
        members = tuple(result for result in self.objects if result.id.category == category)
        return replace(self, objects=members).interval(score, by_category=False)

    def intervals(self, by_category: bool) -> dict[str, list[float] | None]:
        """Return the intervals of all scalar scores by name, JSON-ready."""
        names = [field.name for field in fields(MeshMetrics) if field.name != "f_curve"]
        found = {name: self.interval(name, by_category) for name in names}
        return {
            name: None if interval is None else [interval.low, interval.high]
            for name, interval in found.items()
        }

    def _category(self, key: str) -> CategoryResult:
        members = [result for result in self.objects if result.id.category == key]
        return CategoryResult(
            category=key,
            name=self.names.get(key, key),
            objects=len({result.id for result in members}),
            empty=_count_empty(members),
            metrics=mean_metrics([result.metrics for result in members]),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready data, determined by the fields."""
        scored = bool(self.objects)
        return {
            "format_version": FORMAT_VERSION,
            **asdict(self.facts),
            "scored": self.object_count,
            "empty": self.empty,
            "category_mean": self.category_mean.to_dict() if scored else None,
            "category_mean_interval": self.intervals(by_category=True),
            "instance_mean": self.instance_mean.to_dict() if scored else None,
            "instance_mean_interval": self.intervals(by_category=False),
            "categories": [
                {**asdict(category), "metrics": category.metrics.to_dict()}
                for category in self.categories
            ],
            "objects": [write_object(result) for result in self.objects],
            "names": dict(self.names),
            "unscored": [{"id": name, "reason": reason} for name, reason in self.unscored],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "EvaluationTable":
        """Return the table from `to_dict`, of this format or 2; means are recomputed.

        Raises:
            InvalidOptionError: the data are not of these formats.
        """
        if data.get("format_version") not in _READ_VERSIONS:
            raise InvalidOptionError(
                f"the evaluation has format {data.get('format_version')}, not {FORMAT_VERSION}",
                hint="run `onet evaluate --format json` again",
            )
        try:
            names = EvaluationFacts.__annotations__
            facts = {key: data[key] for key in names if key in data or key not in _ADDED_FACTS}
            facts["f_score_distances"] = tuple(facts["f_score_distances"])
            known = EvaluationFacts(**facts)
            check_types(known)
            table = cls(
                facts=known,
                objects=tuple(read_object(entry) for entry in data["objects"]),
                names=dict(data["names"]),
                unscored=tuple(
                    (str(entry["id"]), str(entry["reason"])) for entry in data["unscored"]
                ),
            )
        except (KeyError, TypeError, ValueError, AttributeError, StoreError) as error:
            raise InvalidOptionError(f"the evaluation is incomplete: {error}") from error
        if not all(isinstance(text, str) for pair in table.names.items() for text in pair):
            raise InvalidOptionError("the evaluation is incomplete: a name is not a string")
        return table


def write_object(result: ObjectResult) -> dict[str, Any]:
    """Return the scores of one object as JSON-ready data."""
    return {**asdict(result), "id": str(result.id), "metrics": result.metrics.to_dict()}


def read_object(entry: dict[str, Any]) -> ObjectResult:
    """Return the scores from `write_object`.

    Raises:
        KeyError, TypeError: a value is missing or of the wrong type.
        OnetError: its id or scores are incomplete.
    """
    parsed = {
        "id": ShapeId.parse(entry["id"]),
        "metrics": MeshMetrics.from_dict(entry["metrics"]),
    }
    result = ObjectResult(**{**entry, **parsed})
    check_types(result)
    check_types(result.metrics)
    return result


def _count_empty(results: tuple[ObjectResult, ...] | list[ObjectResult]) -> int:
    return sum(result.failure is not None for result in results)
