"""The two evaluation protocols: ours and the paper's."""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import Literal

from onet_cli.evaluation.scores import MeshMetrics

Align = Literal["none", "yaw"]


class Protocol(StrEnum):
    """An evaluation protocol; scores are comparable only within one."""

    STRICT = "strict"
    PAPER = "paper"

    @property
    def rules(self) -> "Rules":
        """The rules of this protocol."""
        return _RULES[self]


@dataclass(frozen=True)
class Rules:
    """The rules of a protocol.

    Attributes:
        threshold: Iso-level (probability); None: the checkpoint's.
        resolution: Cells per side of the final grid; None: any.
        view: The view to reconstruct; None: any.
        joins: Whether pieces that the field nearly connects are joined (`reconstruction.joined`).
        point_noise: Standard deviation of the Gaussian noise added to float16 points, unit-cube
            frame.
        empty: Scores of an empty mesh.
        align: Alignment of predictions; None: any.
        extended: Whether outlines, thin parts and the placed IoU are measured.
        counts_unpredicted: Whether an object without any mesh scores as an empty mesh; otherwise
            it is left out of every mean.
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


_FAR = sqrt(3.0)  # the diagonal of the unit cube, the maximum distance within it

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
