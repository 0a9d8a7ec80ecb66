"""Occlusion: depth maps of a scene for ambient light and for its lamps.

All in the scene's frame: centred at 0, radius 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import rasterize as kernel
from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.mesh import check_faces

AXES = 32
RESOLUTION = 128
SHADOW_RESOLUTIONS = (256, 512, 1024)
LAST = 65535
_GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


@dataclass(frozen=True)
class AmbientDepths:
    """Depth maps of the scene along `axes`, both ways, for ambient occlusion.

    `axes` (3, 3, A): two directions across each view and the direction along it. `depths` (A, R,
    R, 2): the largest and the smallest height along the axis in each cell, -1..1 as 0..65535; 0
    and 65535 where there is nothing.
    """

    axes: NDArray[np.float32]
    depths: NDArray[np.uint16]

    @classmethod
    def of(cls, vertices: NDArray[np.float64], faces: NDArray[np.int32]) -> "AmbientDepths":
        """Return the depths of `faces` (F, 3) over `vertices` (V, 3) in the ball of radius 1."""
        axes = spread_axes(AXES)
        depths = np.empty((AXES, RESOLUTION, RESOLUTION, 2), np.uint16)
        depths[...] = 0, LAST
        scale = np.array([RESOLUTION, RESOLUTION, LAST]) / 2
        for frame, views in zip(axes, depths, strict=True):
            kernel.draw_depths((vertices @ frame.T + 1) * scale, faces, views)
        return cls(np.ascontiguousarray(axes.transpose(1, 2, 0), np.float32), depths)

    def directions(self) -> NDArray[np.float32]:
        """Return the light directions (A, 2, 3): along each axis and against it."""
        along = self.axes[2].T
        return np.stack([along, -along], axis=1)


def spread_axes(count: int) -> NDArray[np.float64]:
    """Return `count` frames (A, 3, 3) whose third rows are uniform over the upper half space.

    Four interleaved Fibonacci lattices, one after another: every quarter is uniform too.
    """
    index = np.arange(count)
    quarter, place = np.divmod(index, count // 4)
    height, angle = (4 * place + quarter + 0.5) / count, index * _GOLDEN_ANGLE
    level = np.sqrt(1 - height**2)
    along = np.stack([level * np.cos(angle), height, level * np.sin(angle)], axis=1)
    return np.stack([_frame(direction) for direction in along])


def light_view(place: NDArray[np.float64], resolution: int) -> NDArray[np.float64]:
    """Return the (3, 4) matrix of the view from a light at `place` (3,) over the ball of radius 1.

    It maps points to column, row (times depth) and depth.
    """
    distance = float(np.linalg.norm(place))
    frame = _frame(-place / distance)
    half = np.arcsin(1 / distance)
    focal = (resolution / 2 - 2) / np.tan(half)
    lens = np.array([[focal, 0, resolution / 2], [0, focal, resolution / 2], [0, 0, 1]])
    view: NDArray[np.float64] = lens @ np.column_stack([frame, -frame @ place])
    return view


def shadow_resolution(size: int) -> int:
    """Return the edge of the shadow maps for pictures of `size` pixels: about two texels each."""
    fine = (edge for edge in SHADOW_RESOLUTIONS if 2 * size <= 1.1 * edge)
    return next(fine, SHADOW_RESOLUTIONS[-1])


def shadow_maps(
    views: NDArray[np.float64],
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    chosen: NDArray[np.int32],
    resolution: int,
) -> NDArray[np.float32]:
    """Return 1 / depth (L, S, S) of the `chosen` of `faces` in the lights' `views` (L, 3, 4).

    0 where there is nothing.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there, or `chosen` a face.
    """
    check_faces(faces, len(vertices))
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(faces)):
        raise InvalidGeometryError("a chosen face is not there")
    shape = (resolution, resolution)
    nearness, owners = np.zeros((len(views), *shape), np.float32), np.empty(shape, np.int32)
    ceiling = np.full(shape, np.inf, np.float32)
    for view, seen in zip(views, nearness, strict=True):
        points = np.ascontiguousarray(vertices @ view[:, :3].T + view[:, 3])
        kernel.draw_perspective(points, faces, chosen, 1e-3, seen, owners, ceiling)
    return nearness


def _frame(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a right-handed frame (3, 3) whose third row is the unit vector `along`."""
    helper = np.eye(3)[np.argmin(np.abs(along))]
    across = np.cross(helper, along)
    across /= np.linalg.norm(across)
    return np.stack([across, np.cross(along, across), along])
