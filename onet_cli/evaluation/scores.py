"""The numbers that one predicted mesh earns, and their mean over several."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from math import fsum

from onet_cli.errors import InvalidOptionError

PAPER_UNIT = 10.0
"""Raw unit-cube distances times this are in the paper's unit, a tenth of the longest edge."""


@dataclass(frozen=True)
class MeshMetrics:
    """What is measured on a predicted mesh. Distances are unsquared and in the unit-cube frame.

    `iou` of the stored occupancy points; `accuracy`, the mean distance from prediction to truth,
    and `completeness`, from truth to prediction; `chamfer_l1`, the mean of the two;
    `normal_consistency`, the mean absolute dot product of nearest normals; `f_score` at 1 % of the
    longest edge. None stands for a score that is not defined and that means leave out: the
    Chamfer-L1 of an empty mesh in the paper's protocol, the IoU where neither prediction nor
    truth holds a point.
    """

    iou: float | None
    chamfer_l1: float | None
    accuracy: float
    completeness: float
    normal_consistency: float
    f_score: float

    @property
    def chamfer_l1_x10(self) -> float | None:
        """Chamfer-L1 in the paper's unit, a tenth of the longest edge."""
        return None if self.chamfer_l1 is None else self.chamfer_l1 * PAPER_UNIT

    def to_dict(self) -> dict[str, float | None]:
        """Return the scores by name, Chamfer-L1 in both units."""
        return {**asdict(self), "chamfer_l1_x10": self.chamfer_l1_x10}

    @classmethod
    def from_dict(cls, data: dict[str, float | None]) -> "MeshMetrics":
        """Return the scores that `to_dict` wrote.

        Raises:
            InvalidOptionError: a score is missing.
        """
        try:
            return cls(**{field.name: data[field.name] for field in fields(cls)})  # type: ignore[arg-type]
        except KeyError as error:
            raise InvalidOptionError(f"the scores lack {error}") from error


def mean_metrics(metrics: Sequence[MeshMetrics]) -> MeshMetrics:
    """Return the mean of each score over those of `metrics` in which it is defined.

    Raises:
        ValueError: there is nothing to average.
    """
    if not metrics:
        raise ValueError("no scores to average")
    return MeshMetrics(
        **{
            field.name: _mean(getattr(entry, field.name) for entry in metrics)  # type: ignore[arg-type]
            for field in fields(MeshMetrics)
        }
    )


def _mean(values: Iterable[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    # fsum rounds once, so that the order of the objects cannot change a digit.
    return fsum(defined) / len(defined) if defined else None
