"""The picture's frame for arrays; `models.frame` explains it, and has the same for tensors."""

import math

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.normalize import CUBE_EDGE

REACH = 1.25
"""Scale of the compression of heights and depths, in half edges of the picture."""

FARTHEST = 0.995
"""Share of the cube's half edge to which positions are clamped: infinity is at 1."""

LEAST_DEPTH = 0.1
"""Distance from the camera, over that of the cube's centre, to which points are clamped."""

_HALF = CUBE_EDGE / 2

Points = NDArray[np.floating]


def tilt(places: Points, elevation: float) -> Points:
    """Return `places` (..., 3) of the picture's frame in the frame of the rays, or the reverse.

    The rotation by `elevation`, in radians, combined with the flip of the y axis is its own
    inverse.
    """
    cosine, sine = math.cos(elevation), math.sin(elevation)
    y, z = places[..., 1], places[..., 2]
    return np.stack([places[..., 0], z * sine - y * cosine, y * sine + z * cosine], axis=-1)


def to_cube(places: Points) -> Points:
    """Return `places` (..., 3) of the picture's frame in the cube that a network fills."""
    x, rest = places[..., :1], places[..., 1:] / REACH
    squeezed = rest / np.sqrt(np.sqrt(1 + np.square(np.square(rest))))
    cube: Points = _HALF * np.concatenate([x, squeezed], axis=-1)
    return cube


def from_cube(points: Points) -> Points:
    """Return `points` (..., 3) of a network's cube in the picture's frame: undoes `to_cube`."""
    x, rest = points[..., :1] / _HALF, points[..., 1:] / _HALF
    rest = np.clip(rest, -FARTHEST, FARTHEST)
    stretched = REACH * rest / np.sqrt(np.sqrt(1 - np.square(np.square(rest))))
    return np.concatenate([x, stretched], axis=-1)


def stretch(points: Points) -> Points:
    """Return the derivatives (N, 3) of `from_cube` at `points` (N, 3), by their own coordinates.

    They are 0 where a coordinate is clamped.
    """
    rest = points / _HALF
    inside = np.abs(rest) < FARTHEST
    slopes: Points = inside * _stretch(np.clip(rest, -FARTHEST, FARTHEST))
    slopes[:, 0] = 1 / _HALF
    return slopes


def shrinkage(cube: Points) -> Points:
    """Return the derivatives (N, 3) of `to_cube` where it gives `cube` (N, 3)."""
    rest = np.minimum(np.abs(cube / _HALF).astype(np.float64), 1 - 1e-9)
    slopes: Points = 1 / _stretch(rest)
    slopes[:, 0] = _HALF
    return slopes


def _stretch(rest: Points) -> Points:
    return REACH / _HALF / (1 - np.square(np.square(rest))) ** 1.25


def look(points: Points, elevation: float, kappa: float) -> tuple[Points, Points]:
    """Return the projections of `points` (N, 3) of a network's cube, and their nearness.

    Projections are (N, 2), -1 to 1 across the picture, y down; nearness is z along the rays, (N,).

    Args:
        points: in the cube of `to_cube`.
        elevation: in radians.
        kappa: perspective per half edge of the picture.
    """
    return project(from_cube(points), elevation, kappa)


def project(places: Points, elevation: float, kappa: float) -> tuple[Points, Points]:
    """Return what `look` does, of `places` (..., 3) of the picture's frame."""
    rays = tilt(places, elevation)
    near = rays[..., 2]
    # A point behind the camera is not visible; a projection far to the side will do.
    depth = np.maximum(1 - kappa * near, LEAST_DEPTH)
    return rays[..., :2] / depth[..., None], near
