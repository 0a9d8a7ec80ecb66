"""Pinhole cameras."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHOY_SIZE = 137
CHOY_FOCAL = 149.84375
"""Edge and focal length, in pixels, of the renderings of Choy et al., ECCV 2016."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: its pose and its projection.

    `world` (3, 4) maps points of the unit-cube frame to the camera's (x right, y down, z forward),
    `camera` (3, 3) maps those to homogeneous pixels. Both float32. Pixel (column i, row j) covers
    [i, i + 1) x [j, j + 1).
    """

    world: NDArray[np.float32]
    camera: NDArray[np.float32]

    @classmethod
    def orbit(
        cls,
        azimuth_deg: float,
        elevation_deg: float,
        distance: float,
        size: int,
        focal: float | None = None,
    ) -> "Camera":
        """Return the camera at `distance` from the origin that looks at it, +y up.

        At azimuth 0 it is on the +z axis, at 90 on +x. `focal` is in pixels; by default the field
        of view is that of Choy et al. 2016 at any `size`.
        """
        azimuth, elevation = np.radians(azimuth_deg), np.radians(elevation_deg)
        outward = np.array(
            [
                np.cos(elevation) * np.sin(azimuth),
                np.sin(elevation),
                np.cos(elevation) * np.cos(azimuth),
            ]
        )
        right = np.array([np.cos(azimuth), 0.0, -np.sin(azimuth)])
        down = np.cross(-outward, right)
        world = np.column_stack([np.stack([right, down, -outward]), [0.0, 0.0, distance]])
        f = CHOY_FOCAL / CHOY_SIZE * size if focal is None else focal
        camera = np.array([[f, 0, size / 2], [0, f, size / 2], [0, 0, 1]])
        return cls(world.astype(np.float32), camera.astype(np.float32))

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return pixel x, pixel y and depth, (N, 3), of `points` (N, 3) of the unit-cube frame."""
        seen = self.to_frame(points) @ self.camera.astype(np.float64).T
        return np.column_stack([seen[:, :2] / seen[:, 2:], seen[:, 2]])

    def to_frame(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return `points` (N, 3) of the unit-cube frame in the camera's frame."""
        world = self.world.astype(np.float64)
        turned: NDArray[np.float64] = np.asarray(points, np.float64) @ world[:, :3].T + world[:, 3]
        return turned


def fit_distance(
    points: NDArray[np.floating], fill: float, focal: float, limit: float = 0.97
) -> float:
    """Return the distance at which `points` (V, 3), in a camera's axes, appear `fill` wide.

    `focal` and `fill` are in edges of the picture. The distance is longer if a point would
    otherwise leave the central `limit` of the picture, and the camera stays in front of all points.

    Raises:
        ValueError: `points` are not (V, 3), or none.
    """
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"points must be (V, 3), not {points.shape}")
    across, ahead = points[:, :2], points[:, 2:]
    nearest = 1.05 * float(np.linalg.norm(points, axis=1).max())
    distance = max(2.0 * focal / fill, nearest)
    for _ in range(12):
        # The size is about inversely proportional to the distance, so this ratio converges to 1.
        seen = focal * across / (ahead + distance)
        low, high = seen.min(axis=0), seen.max(axis=0)
        size = max((high - low).max() / fill, 2 * max(high.max(), -low.min()) / limit)
        distance = max(distance * float(size), nearest)
        if abs(size - 1) < 1e-4:
            break
    return distance


def outline(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return at most 300 of `points` (N, 3) with about the same extent in any direction.

    The difference is at most 2 % of the longest extent, of a ball 1 %.
    """
    all_points = np.asarray(points, dtype=np.float64)
    if len(all_points) <= len(_DIRECTIONS):
        return all_points
    furthest = {int(np.argmax(all_points @ direction)) for direction in _DIRECTIONS}
    return all_points[sorted(furthest)]


def _spread(count: int) -> NDArray[np.float64]:
    """Return `count` evenly distributed directions, a Fibonacci lattice."""
    index = np.arange(count)
    height, angle = 1 - (2 * index + 1) / count, index * np.pi * (3 - 5**0.5)
    level = np.sqrt(1 - height**2)
    return np.stack([level * np.cos(angle), height, level * np.sin(angle)], axis=1)


_DIRECTIONS = _spread(300)
