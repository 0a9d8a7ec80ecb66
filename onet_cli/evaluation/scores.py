"""Scores of a predicted mesh, and their means."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from math import fsum
from typing import Any

from onet_cli.errors import InvalidOptionError

PAPER_UNIT = 10.0
"""Factor from raw unit-cube distances to the paper's unit, a tenth of the longest edge."""


F_SCORE_DISTANCES = (0.005, 0.01, 0.02, 0.05)
"""Distance thresholds of F-scores, as shares of the longest edge."""

F_SCORE_DISTANCE = 0.01
"""Distance threshold of the F-score in tables."""


@dataclass(frozen=True)
class Shown:
    """Presentation of a score.

    Attributes:
        title: Name on HTML pages.
        heading: Column heading of terminal tables, with line breaks to save width.
        label: Row label in comparisons.
        unit: Factor on raw values in the tables of one evaluation.
        better: +1 if higher is better, -1 if lower is.
        extended: Whether it is shown in a second table, if defined.
    """

    title: str
    heading: str
    label: str
    unit: float = 1.0
    better: int = 1
    extended: bool = False


SHOWN = {
    "iou": Shown("IoU", "IoU", "IoU"),
    "chamfer_l1": Shown("Chamfer-L1", "Chamfer-\nL1", "Chamfer-L1", PAPER_UNIT, -1),
    "accuracy": Shown("accuracy", "acc.", "acc.", PAPER_UNIT, -1),
    "completeness": Shown("completeness", "compl.", "compl.", PAPER_UNIT, -1),
    "normal_consistency": Shown("normals", "normals", "normals"),
    "f_score": Shown("F-score", "F-\nscore", "F-score"),
    "placed_iou": Shown("placed IoU", "placed\nIoU", "placed IoU", extended=True),
    "outline_photo": Shown("outline, photo", "outline,\nphoto", "out. photo", extended=True),
    "outline_side": Shown("outline, side", "outline,\nside", "out. side", extended=True),
    "outline_behind": Shown("outline, behind", "outline,\nbehind", "out. behind", extended=True),
    "thin_f": Shown("thin parts, F", "thin\nparts, F", "thin F", extended=True),
    "agreement": Shown("agreement", "agreement", "agreement", extended=True),
}
"""Scores of tables, pages and comparisons, in order."""

MAIN = tuple(score for score, shown in SHOWN.items() if not shown.extended)
EXTENDED = tuple(score for score, shown in SHOWN.items() if shown.extended)

_ADDED = (
    "placed_iou",
    "outline_photo",
    "outline_side",
    "outline_behind",
    "thin_recall",
    "thin_precision",
    "thin_f",
    "agreement",
)
"""Scores that JSON of format 2 does not have."""


@dataclass(frozen=True)
class MeshMetrics:
    """Scores of a predicted mesh. Distances are in the unit-cube frame.

    `iou` is measured at the stored occupancy points against the mesh, `network_iou` at the same
    points with the network's own occupancy. `accuracy` is the mean unsquared distance from
    prediction to ground truth, `completeness` from ground truth to prediction, `chamfer_l1` their
    mean, and `chamfer_l2` the same for squared distances. `normal_consistency` is the mean absolute
    dot product of nearest normals. `f_score` is at 1 % of the longest edge, `f_curve` at each of
    `F_SCORE_DISTANCES`. `volume_error` and `area_error` are relative differences. `closed` is 1 if
    every edge has two faces, `components` the number of components, and `largest_share` the share
    of the largest in the volume. Scores that are not in the paper: `placed_iou` of the mesh with
    the scale and position given by the true camera, for networks of the picture's frame;
    `outline_photo`, `outline_side` and `outline_behind`, the IoU of silhouettes from the photo's
    direction, at 90 degrees and from behind; `thin_recall`, `thin_precision` and `thin_f` of thin
    parts such as legs, if the ground truth has any; `agreement` of the mesh's silhouette with the
    image, by the predicted camera, for networks of the picture's frame. None stands for an
    undefined score, which means ignore, such as the Chamfer-L1 of an empty mesh in the paper's
    protocol.
    """

    iou: float | None
    chamfer_l1: float | None
    accuracy: float
    completeness: float
    normal_consistency: float
    f_score: float
    network_iou: float | None = None
    chamfer_l2: float | None = None
    f_curve: tuple[float, ...] = (0.0,) * len(F_SCORE_DISTANCES)
    volume_error: float | None = None
    area_error: float | None = None
    closed: float = 0.0
    components: float = 0.0
    largest_share: float = 0.0
    placed_iou: float | None = None
    outline_photo: float | None = None
    outline_side: float | None = None
    outline_behind: float | None = None
    thin_recall: float | None = None
    thin_precision: float | None = None
    thin_f: float | None = None
    agreement: float | None = None

    @property
    def chamfer_l1_x10(self) -> float | None:
        """Chamfer-L1 in the paper's unit, a tenth of the longest edge."""
        return None if self.chamfer_l1 is None else self.chamfer_l1 * PAPER_UNIT

    def shown(self, score: str) -> float | None:
        """Return one of `SHOWN` in the unit of tables, or None if undefined."""
        value: float | None = getattr(self, score)
        return None if value is None else value * SHOWN[score].unit

    def to_dict(self) -> dict[str, Any]:
        """Return the scores by name, with Chamfer-L1 in both units."""
        return {**asdict(self), "chamfer_l1_x10": self.chamfer_l1_x10}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "MeshMetrics":
        """Return the scores from `to_dict`; those missing in older formats are None.

        Raises:
            InvalidOptionError: a score is missing.
        """
        try:
            names = [field.name for field in fields(cls)]
            values = {name: data[name] for name in names if name in data or name not in _ADDED}
            values["f_curve"] = tuple(values["f_curve"])
            if len(values["f_curve"]) != len(F_SCORE_DISTANCES):
                raise KeyError("f_curve")
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise InvalidOptionError(f"a score is missing or invalid: {error}") from error


def mean_metrics(metrics: Sequence[MeshMetrics]) -> MeshMetrics:
    """Return the mean of each score over the `metrics` in which it is defined.

    Raises:
        ValueError: `metrics` is empty.
    """
    if not metrics:
        raise ValueError("no scores to average")
    means: dict[str, Any] = {
        field.name: _mean(getattr(entry, field.name) for entry in metrics)
        for field in fields(MeshMetrics)
        if field.name != "f_curve"
    }
    curves = zip(*(entry.f_curve for entry in metrics), strict=True)
    return MeshMetrics(**means, f_curve=tuple(fsum(at) / len(metrics) for at in curves))


def _mean(values: Iterable[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    # fsum rounds once, so that the result does not depend on the order.
    return fsum(defined) / len(defined) if defined else None
