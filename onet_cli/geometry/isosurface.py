"""From a grid of logits to a closed triangle mesh, by marching cubes."""

import numpy as np
import trimesh
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from onet_cli.errors import EmptySurfaceError, InvalidGeometryError
from onet_cli.geometry.mesh import make_mesh
from onet_cli.geometry.normalize import CUBE_EDGE

CLOSEST = 2.0**-12
"""Least distance between a vertex and the ends of its grid edge, in lengths of that edge."""

_LARGEST = 1e24  # beyond it, the padding would overflow float32


def extract_surface(
    values: NDArray[np.float32], level: float, edge: float = CUBE_EDGE
) -> trimesh.Trimesh:
    """Return the closed surface, oriented outward, around the grid points from `level` up.

    What lies beyond the grid is outside, so a shape that reaches the cube's face is closed there.
    A grid point at `level`, or so near it that triangles would collapse, is moved off it, which
    moves the surface by less than `CLOSEST` of a cell where the field is smooth.

    Args:
        values: (R+1, R+1, R+1) logits at the grid points, higher inside.
        level: logit at which the surface lies.
        edge: edge of the centred cube that the grid spans, in the unit-cube frame.

    Raises:
        EmptySurfaceError: no value reaches `level`.
        InvalidGeometryError: `values` is no cube of numbers.

    Source: Lewiner et al., Journal of Graphics Tools 2003, as scikit-image implements it.
    """
    values = np.asarray(values, dtype=np.float32)
    if values.ndim != 3 or len(set(values.shape)) != 1 or len(values) < 2:
        raise InvalidGeometryError(f"values must be (R+1, R+1, R+1), not {values.shape}")
    level = float(np.float32(level))
    highest = float(values.max())
    if np.isnan(highest):
        raise InvalidGeometryError("a value of the grid is not a number")
    if highest < level:
        raise EmptySurfaceError(
            f"the field is nowhere above {level:.4g}: its highest value is {highest:.4g}",
            hint="lower the level",
        )
    padded = _pad(_move_off_zero(np.clip(values - np.float32(level), -_LARGEST, _LARGEST)))
    vertices, faces, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        padded, 0.0, gradient_direction="ascent"
    )
    resolution = len(values) - 1
    # The padding shifted every index by one.
    return make_mesh(edge * ((vertices.astype(np.float64) - 1) / resolution - 0.5), faces)


def _move_off_zero(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Change in place, and return, `values` (S, S, S) where they nearly vanish.

    Each keeps its sign (0 becomes positive) and gets at least `CLOSEST` of the magnitude
    of every neighbour of the other sign, so that no surface vertex falls on a grid point.
    """
    last = len(values) - 1
    threshold = CLOSEST * float(np.abs(values).max())
    points = np.argwhere(np.abs(values) < threshold) if threshold > 0 else np.argwhere(values == 0)
    here = values[tuple(points.T)]
    inside = here >= 0
    floor = np.full(len(points), max(CLOSEST * threshold, 1e-30), dtype=np.float32)
    for axis in range(3):
        for step in (-1, 1):
            beside = points.copy()
            beside[:, axis] = np.clip(beside[:, axis] + step, 0, last)
            there = values[tuple(beside.T)]
            opposite = (there >= 0) != inside
            floor = np.where(opposite, np.maximum(floor, CLOSEST * np.abs(there)), floor)
    moved = np.maximum(np.abs(here), floor)
    values[tuple(points.T)] = np.where(inside, moved, -moved)
    return values


def _pad(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return `values` (S, S, S) in a layer of outside that puts the surface at the cube's face."""
    padded = np.pad(values, 1, mode="edge")
    for axis in range(3):
        for side in (0, -1):
            layer = np.moveaxis(padded, axis, 0)[side]
            layer[...] = -np.abs(layer) / np.float32(CLOSEST)
    return padded
