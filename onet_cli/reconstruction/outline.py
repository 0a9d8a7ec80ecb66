"""Threshold selection by the agreement of the field's silhouette with the mask.

A pixel is covered at every threshold up to the maximum logit along its ray. One evaluation along
all rays therefore gives the silhouette at every threshold.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import tilt, to_cube
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.peaks import Peaks

SIDE = 56
"""Rays per image edge, as fine as the local features."""

DEPTHS = 24
NEAREST = 1.2
"""Samples per ray, and their range on both sides of the object's centre, in half image edges."""

CLOSER = 3
"""Additional samples on each side of the maximum, to find thin parts."""

LEAST_IOU = 0.5
"""Minimum IoU of silhouettes for a valid fit; below, the mask may be wrong."""

LEAST_SHARE = 0.01
"""Minimum share of the image that the object covers."""

Mask = NDArray[np.bool_]
Camera = NDArray[np.floating]


class OutlineFit(NamedTuple):
    """The `level` (logit) whose silhouette agrees best with the mask, and their IoU.

    Attributes:
        level: Iso-level (logit).
        iou: IoU of the silhouettes.
        rays: The field along each ray.
        mask: (SIDE, SIDE) object mask.
    """

    level: float
    iou: float
    rays: Peaks
    mask: Mask

    @property
    def valid(self) -> bool:
        """Whether the silhouettes agree well enough for the mask to be right."""
        return self.iou >= LEAST_IOU


def between(level: float, fit: OutlineFit, share: float) -> float:
    """Interpolate from `level` to that of `fit` by `share`, if the fit is valid."""
    return (1 - share) * level + share * fit.level if fit.valid else level


def fit_outline(field: OccupancyField, camera: Camera, mask: Mask) -> OutlineFit | None:
    """Return the level at which the silhouette of `field` agrees best with the mask.

    None if the object is too small.

    Args:
        field: The photo's field, in the cube of a network of the picture's frame.
        camera: (1, 2) elevation in radians and kappa.
        mask: (S, S) object mask in the prepared image.
    """
    mask = shrink(mask, SIDE)
    if mask.mean() < LEAST_SHARE:
        return None
    rays = peaks_along_rays(field, camera)
    logits = rays.highest.reshape(-1)
    order = np.argsort(-logits, kind="stable")
    hits = mask.reshape(-1)[order].cumsum()
    ious = hits / (np.arange(1, len(order) + 1) + mask.sum() - hits)
    best = int(ious.argmax())
    return OutlineFit(float(logits[order[best]]), float(ious[best]), rays, mask)


def shrink(mask: Mask, side: int) -> Mask:
    """Downsample `mask` (S, S) to (side, side), True where more than half is covered."""
    small: Mask = coverage(mask, side) > 0.5
    return small


def coverage(mask: Mask, side: int) -> NDArray[np.float64]:
    """Return the share (side, side) of each cell that `mask` (S, S) covers."""
    size = len(mask)
    starts = np.arange(side) * size // side
    stops = -(-np.arange(1, side + 1) * size // side)
    sums = np.pad(mask, ((1, 0), (1, 0))).astype(np.int64).cumsum(axis=0).cumsum(axis=1)
    rows = sums[stops] - sums[starts]
    covered = rows[:, stops] - rows[:, starts]
    sides = stops - starts
    share: NDArray[np.float64] = covered / np.outer(sides, sides)
    return share


def peaks_along_rays(field: OccupancyField, camera: Camera) -> Peaks:
    """Return the peaks of `field` along each ray of the image."""
    depths = np.linspace(-NEAREST, NEAREST, DEPTHS)
    logits = _along(field, camera, np.broadcast_to(depths, (SIDE * SIDE, DEPTHS)))
    best = depths[logits.argmax(axis=1)]
    step = depths[1] - depths[0]
    offsets = np.linspace(-step, step, 2 * CLOSER + 1)[1::2]
    offsets = offsets[np.abs(offsets) > 1e-9]
    closer = _along(field, camera, best[:, None] + offsets)
    highest = np.maximum(logits.max(axis=1), closer.max(axis=1))
    shape = SIDE, SIDE
    return Peaks(highest.reshape(shape), logits.reshape(*shape, DEPTHS))


def _along(
    field: OccupancyField, camera: Camera, depths: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the logits (SIDE * SIDE, D) at `depths` (SIDE * SIDE, D) of each ray, row-major."""
    places = places_along(camera, depths).reshape(-1, 3)
    logits: NDArray[np.float32] = field(to_cube(places)).reshape(depths.shape)
    return logits


def places_along(camera: Camera, depths: NDArray[np.float64]) -> NDArray[np.floating]:
    """Return places (SIDE * SIDE, D, 3) of the picture's frame at `depths` along each ray.

    Args:
        camera: (1, 2) elevation in radians and kappa.
        depths: (SIDE * SIDE, D) of each ray, row-major; or (D,), of all.
    """
    elevation, kappa = (float(value) for value in camera[0])
    middles = (np.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    across = np.tile(middles, SIDE)[:, None]
    down = np.repeat(middles, SIDE)[:, None]
    shrink = 1 - kappa * depths
    rays = np.stack(np.broadcast_arrays(across * shrink, down * shrink, depths), axis=-1)
    return tilt(rays, elevation)
