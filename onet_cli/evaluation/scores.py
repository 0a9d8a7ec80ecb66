"""The numbers that one predicted mesh earns, and their mean over several."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from math import fsum
from typing import Any

from onet_cli.errors import InvalidOptionError

PAPER_UNIT = 10.0
"""Raw unit-cube distances times this are in the paper's unit, a tenth of the longest edge."""


F_SCORE_DISTANCES = (0.005, 0.01, 0.02, 0.05)
"""Distances within which an F-score counts a point as found, in shares of the longest edge."""

F_SCORE_DISTANCE = 0.01
"""The one of them that stands for the curve in tables."""


@dataclass(frozen=True)
class Shown:
    """How a score is shown.

    Attributes:
        title: on pages.
        heading: above a column of a terminal's table, broken where that saves width.
        label: in a column of scores.
        unit: what raw values are multiplied by, in the tables of one evaluation.
        better: +1 where higher is better, -1 where lower is.
        extended: whether it is shown in a second table, where it is known.
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
"""The scores of tables, pages and comparisons, in their order."""

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
"""What JSON of format 2 lacks."""


@dataclass(frozen=True)
class MeshMetrics:
    """What is measured on a predicted mesh. Distances are in the unit-cube frame.

    `iou` of the stored occupancy points tested against the mesh, `network_iou` of the same points
    asked of the network; `accuracy`, the mean unsquared distance from prediction to truth, and
    `completeness`, from truth to prediction; `chamfer_l1`, the mean of the two, and `chamfer_l2`,
    the same of squared distances; `normal_consistency`, the mean absolute dot product of nearest
    normals; `f_score` at 1 % of the longest edge and `f_curve` at each of `F_SCORE_DISTANCES`;
    `volume_error` and `area_error`, the relative differences to the truth's volume and area;
    `closed`, 1 where every edge has two faces; `components`, how many pieces; `largest_share`, the
    largest piece's share of their volumes. Beyond the paper's: `placed_iou` of the mesh at the size
    and place that the truth's camera gives, for networks of the picture's frame; `outline_photo`,
    `outline_side` and `outline_behind`, the IoU of outlines from the photo's direction, from
    90 degrees beside it and from behind; `thin_recall`, `thin_precision` and `thin_f` of thin parts
    such as legs, where the truth has any; `agreement` of the mesh's outline with the picture, by
    the camera that the network guesses, for networks of the picture's frame. None stands for a
    score that is not defined and that means leave out, such as the Chamfer-L1 of an empty mesh in
    the paper's protocol.
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
        """Return one of `SHOWN` in the unit of tables, None where it is not defined."""
        value: float | None = getattr(self, score)
        return None if value is None else value * SHOWN[score].unit

    def to_dict(self) -> dict[str, Any]:
        """Return the scores by name, Chamfer-L1 in both units."""
        return {**asdict(self), "chamfer_l1_x10": self.chamfer_l1_x10}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "MeshMetrics":
        """Return the scores that `to_dict` wrote; those that older formats lack are None.

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
            raise InvalidOptionError(f"the scores lack {error}") from error


def mean_metrics(metrics: Sequence[MeshMetrics]) -> MeshMetrics:
    """Return the mean of each score over those of `metrics` in which it is defined.

    Raises:
        ValueError: there is nothing to average.
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
    # fsum rounds once, so that the order of the objects cannot change a digit.
    return fsum(defined) / len(defined) if defined else None
