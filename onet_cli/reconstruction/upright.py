"""Transform between the cube of a network of the picture's frame and upright meshes.

`models.frame` explains the frames. `Standing` maps a photo's mesh to the unit cube of its own
bounding box, upright and with the camera at azimuth 0.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import from_cube, to_cube

Points = NDArray[np.floating]


@dataclass(frozen=True)
class Standing:
    """Transform between the picture's frame and the unit cube of the mesh file.

    `centre` (3,) and `edge`, in half image edges, are the centre and the longest edge of the
    bounding box with the smallest footprint among rotations about +y.
    """

    centre: tuple[float, float, float]
    edge: float

    @classmethod
    def of(cls, vertices: Points) -> "Standing":
        """Return the transform of the mesh with `vertices` (V, 3) in the network's cube."""
        places = to_picture(vertices)
        low, high = places[:, 1].min(), places[:, 1].max()
        (x, z), width = footprint(places[:, [0, 2]])
        return cls((x, float(low + high) / 2, z), max(width, float(high - low), 1e-6))

    def to_unit(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the network's cube to the file's unit cube."""
        found: NDArray[np.float64] = (to_picture(points) - self.centre) / self.edge
        return found

    def to_network(self, points: Points) -> NDArray[np.float64]:
        """Map `points` (N, 3) from the file's unit cube to the network's cube."""
        places = np.asarray(points, np.float64) * self.edge + self.centre
        return to_cube(places).astype(np.float64)


ANGLES = 90
"""Angles tried per round, in steps of 1 degree, then of about 1/50 degree."""

DIRECTIONS = 16
"""Directions whose outermost places exclude most others from the convex hull."""


def footprint(places: NDArray[np.float64]) -> tuple[tuple[float, float], float]:
    """Return the centre and the longer side of the minimum-area rectangle around `places` (N, 2).

    Its rotation is found to about 1/50 degree.
    """
    outer, best, step = _outer(places), 0.0, np.radians(90.0) / ANGLES
    for number in range(2):
        around = np.arange(ANGLES) if number == 0 else np.arange(ANGLES) - ANGLES // 2
        angles = best + around * step
        best = float(angles[np.argmin(_sides(outer, angles).prod(axis=1))])
        step /= ANGLES / 2
    cosine, sine = np.cos(best), np.sin(best)
    axes = np.array([[cosine, sine], [-sine, cosine]])
    along = places @ axes.T
    low, high = along.min(axis=0), along.max(axis=0)
    x, z = (low + high) / 2 @ axes
    return (float(x), float(z)), float((high - low).max())


def _outer(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return those of `places` (N, 2) that may be corners of their convex hull, mostly few.

    Places inside the polygon of the outermost ones in some directions cannot be corners (Akl &
    Toussaint, Information Processing Letters 1978).
    """
    around = np.arange(DIRECTIONS) * (2 * np.pi / DIRECTIONS)
    outermost = np.argmax(places @ np.stack([np.cos(around), np.sin(around)]), axis=0)
    starts = places[outermost]
    sides = np.roll(starts, -1, axis=0) - starts
    inside = np.full(len(places), bool(sides.any()))
    for (x, z), (side_x, side_z) in zip(starts, sides, strict=True):
        if side_x or side_z:
            inside &= side_x * (places[:, 1] - z) > side_z * (places[:, 0] - x)
    outer: NDArray[np.float64] = places[~inside]
    return outer


def _sides(places: NDArray[np.float64], angles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sides (A, 2) of bounding rectangles of `places` (N, 2) at `angles` (A,)."""
    axes = np.stack([angles, angles + np.pi / 2])
    along = places @ np.stack([np.cos(axes), np.sin(axes)]).reshape(2, -1)
    sides: NDArray[np.float64] = np.ptp(along, axis=0).reshape(2, -1).T
    return sides


def to_picture(points: Points) -> NDArray[np.float64]:
    """Map `points` (N, 3) from the network's cube to the picture's frame."""
    return from_cube(np.asarray(points, np.float64)).astype(np.float64)
