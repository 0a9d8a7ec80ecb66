"""The two evaluation protocols: what differs between ours and the paper's."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Literal

from onet_cli.evaluation.scores import MeshMetrics

Align = Literal["none", "yaw"]


class Protocol(StrEnum):
    """A fixed way of measuring: two scores compare only where it is the same."""

    STRICT = "strict"
    PAPER = "paper"

    @property
    def rules(self) -> "Rules":
        """What this protocol prescribes."""
        return _RULES[self]


@dataclass(frozen=True)
class Rules:
    """What a protocol prescribes.

    Attributes:
        threshold: probability of the iso-surface; None takes the checkpoint's own.
        resolution: cells per side of the final grid; None leaves it open.
        view: the only view that is reconstructed; None leaves it open.
        joins: whether pieces that the field nearly joins become one (`reconstruction.joined`).
        point_noise: deviation of the Gaussian noise added to float16 points, unit-cube frame.
        empty: the scores of an empty mesh.
        align: the only way of turning predictions; None leaves it open.
        extended: whether outlines, thin parts and the placed IoU are measured.
        counts_unpredicted: whether an object for which reconstruction gave no mesh at all scores
            as an empty one (otherwise it drops out of every mean).
    """

    threshold: float | None
    resolution: int | None
    view: int | None
    joins: bool
    point_noise: float
    empty: MeshMetrics
    counts_unpredicted: bool
    align: Align | None
    extended: bool


_FAR = sqrt(3.0)  # the diagonal of the unit cube: no prediction inside it can lie further off

_RULES = {
    Protocol.STRICT: Rules(
        threshold=None,
        resolution=None,
        view=None,
        joins=True,
        point_noise=0.0,
        empty=MeshMetrics(
            iou=0.0,
            chamfer_l1=_FAR,
            accuracy=_FAR,
            completeness=_FAR,
            normal_consistency=0.0,
            f_score=0.0,
            chamfer_l2=_FAR**2,
            volume_error=1.0,
            area_error=1.0,
            outline_photo=0.0,
            outline_side=0.0,
            outline_behind=0.0,
        ),
        counts_unpredicted=True,
        align=None,
        extended=True,
    ),
    Protocol.PAPER: Rules(
        threshold=0.2,
        resolution=128,
        view=0,
        joins=False,
        point_noise=1e-4,
        empty=MeshMetrics(
            iou=0.0,
            chamfer_l1=None,
            accuracy=_FAR,
            completeness=_FAR,
            normal_consistency=-1.0,
            f_score=0.0,
            volume_error=1.0,
            area_error=1.0,
        ),
        counts_unpredicted=False,
        align="none",
        extended=False,
    ),
}
