"""Round objects: vases, lamps, cups and balls become bodies of revolution.

Networks whose codes have a mirror plane say at each of 36 angles whether the object is its own
mirror image there. If it is at nearly all of them, it is round about a vertical axis, and its field
should depend on the radius and the height only. The mean over the angles around the axis has less
noise than the field. What is beside the axis, where the outline shows the radius, counts more than
what is before and behind it, where the depth is uncertain.

Walls that the field has slightly below the level, such as those of a lamp's shade, are raised all
around. Where the photo shows more than the round body on one side of it, such as a handle, the
field stays as it is.

Source: symmetry as a cue for hidden surfaces: Thrun and Wegbreit, "Shape from symmetry", ICCV 2005.
"""

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import project, to_cube
from onet_cli.models.code_layout import has_mirror, symmetry_of
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.gaps import MARGIN
from onet_cli.reconstruction.outline import DEPTHS, NEAREST, SIDE, coverage, places_along
from onet_cli.reconstruction.ray_maps import (
    Map,
    Mask,
    blurred_inside,
    dilated,
    filtered,
    opened,
    sample_map,
)
from onet_cli.reconstruction.revolution import STEP, Axis, Revolution, look_up

LEAST, FULL = 0.6, 0.75
"""Probability of a mirror plane from which an object counts as round, and as surely so."""

SHARE = 0.1
"""Share of the angles whose probability may be lower."""

RADII, HEIGHTS = 45, 101
"""Numbers of radii from 0, and of heights around 0, of a body."""

ANGLES = 16
"""Number of angles around the axis over which the mean is taken."""

EVEN = 0.1
"""Weight of the angles before and behind the axis, relative to those beside it."""

CLIP = 3.0
"""Height above and below the level to which logits are clipped in the mean."""

CLOSE = 5
"""Edge in rays of the window around the mask in which the field is evaluated."""

SOFT = 0.5
"""Standard deviation in rays of the Gaussian window that softens the edge of the mask."""

OUTER = 0.75
"""Share of the outline's radius from which on its wall is searched."""

NARROW = 3
"""Greatest radius of an outline, in steps, whose wall is searched from the axis on: a stem."""

LIMIT = 2.2
"""Maximum raise of a wall, in logits."""

HIDDEN = 0.8
"""How far below the maximum along its ray a wall may be, in logits; others are another height's."""

RUN = 3
"""Minimum number of adjacent heights at which a wall is raised."""

WALL = 0.04
"""Standard deviation of the raise of a wall around its radius, in half image edges."""

FINER = 3
"""Samples of a body along a ray, for each of a field's."""

RIM = 2
"""Rays around the body in which what else the photo shows is its rim."""

AGREES = 0.7
"""Minimum IoU of the mask with the silhouette of the body and the parts beside it."""

GROWN = 3
"""Rays by which parts beside the body are extended to what else there is beside it."""

EDGE = 0.7
"""Standard deviation in rays of the Gaussian window that softens the edge of such parts."""


def find_axis(code: NDArray[np.floating]) -> Axis | None:
    """Return the axis of the object of `code` (1, C) of the picture's frame; None if not round.

    Nor is there one if the code has no mirror planes.
    """
    if not has_mirror(code.shape[1]):
        return None
    logits, centre = (part[0].astype(np.float64) for part in symmetry_of(code))
    probable = float(np.quantile(np.exp(-np.logaddexp(0, -logits)), SHARE))
    trust = min((probable - LEAST) / (FULL - LEAST), 1.0)
    sure = trust > 0 and bool(np.isfinite(centre).all())
    return Axis(float(centre[0]), float(centre[1]), trust) if sure else None


def find_revolution(
    field: OccupancyField, camera: NDArray[np.floating], mask: Mask, axis: Axis
) -> Revolution | None:
    """Return the body of revolution around `axis` that replaces `field`.

    None if it agrees too little with the mask.

    Args:
        field: In the cube of a network of the picture's frame, without any changes.
        camera: (1, 2) elevation in radians and kappa.
        mask: (S, S) object mask in the prepared image.
        axis: The object's axis.
    """
    elevation, kappa = (float(value) for value in camera[0])
    covered = coverage(mask, SIDE)
    places = _places(axis)
    # (2, H, R, 2): to the left and right of the axis.
    beside, _ = project(places[:, :, [ANGLES // 2, 0]].transpose(2, 0, 1, 3), elevation, kappa)
    table = _mean(field, places, _near(covered, beside))
    table = table + _raise(table, covered, beside, _highest(table, axis, camera))
    shown, body = covered > 0.5, _highest(table, axis, camera) >= 0
    parts = _parts(shown & ~body, body, beside[0, :, 0])
    if np.count_nonzero(shown & (body | parts)) < AGREES * np.count_nonzero(shown | body):
        return None
    weights = blurred_inside(np.where(parts, 0.0, axis.trust), EDGE)
    return Revolution(table, weights, axis, elevation, kappa)


def _places(axis: Axis) -> Map:
    """Return places (H, R, A, 3) of the picture's frame: heights, radii, angles from +x to +z."""
    angles = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    radius = STEP * np.arange(RADII)[:, None]
    height = STEP * (np.arange(HEIGHTS) - (HEIGHTS - 1) / 2)[:, None, None]
    x, z = axis.x + radius * np.cos(angles), axis.z + radius * np.sin(angles)
    return np.stack(np.broadcast_arrays(x, height, z), axis=-1)


def _seen(values: Map, seen: NDArray[np.floating]) -> Map:
    """Return `values` (S, S) at projections `seen` (..., 2)."""
    found: Map = sample_map(values[..., None], seen.reshape(-1, 2))
    return found.reshape(seen.shape[:-1])


def _near(covered: Map, beside: NDArray[np.floating]) -> Mask:
    """Return for each height and radius, (H, R), whether the object may be there on either side."""
    around = filtered(covered, (CLOSE, CLOSE), np.maximum, 0)
    left, right = _seen(around, beside) > 0
    near: Mask = left | right
    return near


def _mean(field: OccupancyField, places: Map, near: Mask) -> Map:
    """Return the mean (H, R) over the angles of `field`, above its level, where `near` (H, R)."""
    points = to_cube(places[near].reshape(-1, 3)).astype(np.float32)
    heights = field(points).reshape(-1, ANGLES) - np.float64(field.level)
    weights = EVEN + (1 - EVEN) * np.cos(np.arange(ANGLES) * (2 * np.pi / ANGLES)) ** 2
    table = np.full(near.shape, -CLIP)
    table[near] = np.clip(heights, -CLIP, CLIP) @ (weights / weights.sum())
    return table


def _highest(table: Map, axis: Axis, camera: NDArray[np.floating]) -> Map:
    """Return the maximum (S, S) of a body along each ray of the image."""
    depths = np.linspace(-NEAREST, NEAREST, FINER * DEPTHS)
    highest: Map = look_up(table, places_along(camera, depths), axis).max(axis=1)
    return highest.reshape(SIDE, SIDE)


def _raise(table: Map, covered: Map, beside: NDArray[np.floating], highest: Map) -> Map:
    """Return how much walls are raised, (H, R): where the photo shows them and the body does not.

    Args:
        table: (H, R) the body's logits above the level.
        covered: (S, S) share of each ray that the mask covers.
        beside: (2, H, R, 2) projections to the left and right of the axis.
        highest: (S, S) maxima of the body along rays.
    """
    shown = _seen(blurred_inside(covered, SOFT), beside).min(axis=0) > 0.5
    outline = np.cumprod(shown, axis=1).sum(axis=1) - 1  # the last radius inside, or -1
    radii = np.arange(table.shape[1])
    inner = np.where(outline > NARROW, OUTER * outline, 0)[:, None]
    wall = (radii >= inner) & (radii <= outline[:, None])
    within = np.where(wall, table, -np.inf)
    needed = MARGIN - within.max(axis=1)
    edge = np.maximum(outline - 1, 0)[None, :, None, None]
    shows = _seen(highest, np.take_along_axis(beside, edge, 2)[:, :, 0]).mean(axis=0)
    lacking = (outline >= 0) & (shows < MARGIN) & (needed > 0) & (needed <= LIMIT)
    lacking &= shows - within.max(axis=1) <= HIDDEN
    lacking = opened(lacking[:, None], (RUN, 1))[:, 0]
    apart = STEP * (radii - within.argmax(axis=1)[:, None])
    raised = np.exp(-0.5 * (apart / WALL) ** 2) * np.where(lacking, needed, 0.0)[:, None]
    raised = filtered(raised, (3, 1), np.maximum, 0)
    for _ in range(2):
        raised[1:-1] = (raised[:-2] + 2 * raised[1:-1] + raised[2:]) / 4
    return raised


def _parts(bare: Mask, body: Mask, axis: NDArray[np.floating]) -> Mask:
    """Return the rays (S, S) of parts beside the body, such as a handle.

    They reach beyond the body's rim, and differ from their mirror image across the axis.

    Args:
        bare: (S, S) rays in the mask that miss the body.
        body: (S, S) rays through the body.
        axis: (H, 2) projections of the axis, from below.
    """
    middles = (np.arange(SIDE) + 0.5) * (2 / SIDE) - 1
    across = np.interp(middles, axis[::-1, 1], axis[::-1, 0])
    images = np.floor((2 * across[:, None] - middles + 1) * (SIDE / 2)).astype(np.int64)
    inside = (images >= 0) & (images < SIDE)
    mirrored = np.take_along_axis(bare, np.clip(images, 0, SIDE - 1), 1) & inside
    parts = bare & ~dilated(mirrored, 1) & ~dilated(body, RIM)
    for _ in range(GROWN):
        parts = bare & dilated(parts, 1)
    return dilated(parts, 1)
