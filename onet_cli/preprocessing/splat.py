"""A picture of a surface from its samples alone: enough to see what was stored of a shape."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.shape import SurfaceSamples

FRONT = np.array([172.0, 184.0, 200.0])
BACK = np.array([214.0, 60.0, 50.0])
"""Seen from inside, which a closed surface never shows: such places are red."""

_LIGHT = np.array([-0.35, -0.75, -0.56])  # in the camera's frame: from the left, above, in front
_SUPERSAMPLING = 2
_GRAZING = 0.2
"""Cosine up to which a surface counts as seen edge-on, where squares of both sides mix."""


def draw_samples(
    surface: SurfaceSamples,
    world: NDArray[np.floating],
    camera: NDArray[np.floating],
    size: int,
) -> NDArray[np.uint8]:
    """Return a picture (size, size, 3) of surface samples, shaded, on white.

    Each sample is a square that is as large as their density demands; the nearest is seen.

    Args:
        surface: samples in the unit cube, with outward normals.
        world: (3, 4), unit cube to camera (x right, y down, z forward).
        camera: (3, 3), camera to pixels of a picture of this `size`.
        size: edge in pixels.
    """
    edge = size * _SUPERSAMPLING
    seen = surface.points.astype(np.float64) @ world[:, :3].T + world[:, 3]
    seen_normals = surface.normals.astype(np.float64) @ world[:, :3].T
    in_front = seen[:, 2] > 1e-6
    seen, seen_normals = seen[in_front], seen_normals[in_front]
    pixels = seen @ camera.T
    corners = np.floor(pixels[:, :2] / pixels[:, 2:] * _SUPERSAMPLING).astype(np.int64)
    # Written far to near: where squares overlap, the last one written stays.
    order = np.argsort(-seen[:, 2], kind="stable")
    colours = _shade(seen, seen_normals)[order]
    canvas = np.full((edge, edge, 3), 255.0)
    radius = max(1, round(edge / np.sqrt(max(len(seen), 1))))
    steps = np.arange(-radius, radius + 1)
    offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(1, -1, 2)
    squares = corners[order][:, None] + offsets
    visible = ((squares >= 0) & (squares < edge)).all(axis=2)
    owners = np.nonzero(visible)[0]
    columns, rows = squares[visible].T
    canvas[rows, columns] = colours[owners]
    small = canvas.reshape(size, _SUPERSAMPLING, size, _SUPERSAMPLING, 3).mean(axis=(1, 3))
    picture: NDArray[np.uint8] = (small + 0.5).astype(np.uint8)
    return picture


def _shade(seen: NDArray[np.float64], normals: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = normals / np.where(lengths > 0, lengths, 1)
    away = (normals * seen).sum(axis=1, keepdims=True) / np.linalg.norm(seen, axis=1, keepdims=True)
    from_behind = away > _GRAZING
    light = np.clip(normals @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)[:, None]
    shaded: NDArray[np.float64] = np.where(from_behind, BACK, FRONT) * (0.35 + 0.75 * light)
    return np.clip(shaded, 0, 255)
