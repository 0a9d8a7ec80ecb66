"""Variation of scores over the views of an object, and by azimuth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from onet_cli.evaluation.table import ObjectResult

SECTORS = 8


@dataclass(frozen=True)
class SectorScore:
    """Mean IoU of the views in a sector of azimuths; `centre_deg` 0 is the front, +z, 90 is +x."""

    centre_deg: float
    views: int
    iou: float


@dataclass(frozen=True)
class ViewSpread:
    """Variation of IoU over the views of an object, averaged over objects.

    `deviation` is the standard deviation over an object's views, `worst` and `best` are the means
    of each object's minimum and maximum.
    """

    objects: int
    deviation: float
    worst: float
    best: float
    sectors: tuple[SectorScore, ...]


def spread_over_views(objects: Sequence[ObjectResult]) -> ViewSpread | None:
    """Return the variation over views, or None if no object has several scored views."""
    groups: dict[str, list[float]] = {}
    for result in objects:
        if result.metrics.iou is not None:
            groups.setdefault(str(result.id), []).append(result.metrics.iou)
    several = [np.array(ious) for ious in groups.values() if len(ious) > 1]
    if not several:
        return None
    return ViewSpread(
        objects=len(several),
        deviation=float(np.mean([ious.std() for ious in several])),
        worst=float(np.mean([ious.min() for ious in several])),
        best=float(np.mean([ious.max() for ious in several])),
        sectors=_sectors(objects),
    )


def _sectors(objects: Sequence[ObjectResult]) -> tuple[SectorScore, ...]:
    found: dict[int, list[float]] = {}
    width = 360 / SECTORS
    for result in objects:
        if result.azimuth_deg is not None and result.metrics.iou is not None:
            sector = round(result.azimuth_deg / width) % SECTORS
            found.setdefault(sector, []).append(result.metrics.iou)
    return tuple(
        SectorScore(sector * width, len(ious), float(np.mean(ious)))
        for sector, ious in sorted(found.items())
    )
