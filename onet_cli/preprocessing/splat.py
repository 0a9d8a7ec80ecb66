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

_SAMPLES_PER_PIXEL = 16  # on average, in its square, of the near side
_WIDEST = 20


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
    seen_normals = seen_normals[seen[:, 2] > 1e-6]
    seen = seen[seen[:, 2] > 1e-6]
    pixels = seen @ camera.T
    places = np.floor(pixels[:, :2] / pixels[:, 2:] * _SUPERSAMPLING).astype(np.int64)
    inside = ((places >= 0) & (places < edge)).all(axis=1)
    places, seen, seen_normals = places[inside], seen[inside], seen_normals[inside]
    # Far to near: where samples share a pixel, the last one written stays.
    order = np.argsort(-seen[:, 2], kind="stable")
    columns, rows = places[order].T
    depth = np.full((edge, edge), np.inf)
    depth[rows, columns] = seen[order, 2]
    canvas = np.full((edge, edge, 3), 255.0)
    canvas[rows, columns] = _shade(seen[order], seen_normals[order])
    canvas = _spread(canvas, depth, _radius(len(seen), int(np.isfinite(depth).sum())))
    small = canvas.reshape(size, _SUPERSAMPLING, size, _SUPERSAMPLING, 3).mean(axis=(1, 3))
    picture: NDArray[np.uint8] = (small + 0.5).astype(np.uint8)
    return picture


def _radius(samples: int, hit: int) -> int:
    """Return how far squares must reach so that hardly a pixel of a near side is in none.

    `samples` fell like rain on `hit` pixels of the picture, half of them on near sides.
    """
    if samples == 0:
        return 0
    covered = float(hit)
    for _ in range(20):  # of `covered` pixels, this share was hit
        covered = hit / -np.expm1(-samples / covered)
    wanted = _SAMPLES_PER_PIXEL * covered / (samples / 2)
    return int(np.ceil((np.sqrt(wanted) - 1) / 2).clip(1, _WIDEST))


def _spread(
    canvas: NDArray[np.float64], depth: NDArray[np.float64], radius: int
) -> NDArray[np.float64]:
    """Return the picture in which every pixel reaches over a square, the nearest on top."""
    for axis in (0, 1):  # a square is a row of columns
        best, colours = depth.copy(), canvas.copy()
        for step in range(-radius, radius + 1):
            there, here = _overlap(step, axis)
            nearer = depth[there] < best[here]
            best[here] = np.where(nearer, depth[there], best[here])
            colours[here] = np.where(nearer[..., None], canvas[there], colours[here])
        depth, canvas = best, colours
    return canvas


def _overlap(step: int, axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return where the picture is read and where written when it moves by `step` along `axis`."""
    there, here = (slice(max(s, 0), min(s, 0) or None) for s in (-step, step))
    every = slice(None)
    return ((there, every), (here, every)) if axis == 0 else ((every, there), (every, here))


def _shade(seen: NDArray[np.float64], normals: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = normals / np.where(lengths > 0, lengths, 1)
    away = (normals * seen).sum(axis=1) / np.linalg.norm(seen, axis=1)
    light = np.clip(normals @ (_LIGHT / np.linalg.norm(_LIGHT)), 0, 1)[:, None]
    colours = np.where(away[:, None] > _GRAZING, BACK, FRONT)
    shaded: NDArray[np.float64] = np.clip(colours * (0.35 + 0.75 * light), 0, 250)
    return shaded
