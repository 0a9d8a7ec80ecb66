"""Point splatting of surface samples, to check stored shapes visually."""

import numpy as np
from numpy.typing import NDArray

from onet_cli.shapes.shape import SurfaceSamples

FRONT = np.array([172.0, 184.0, 200.0])
BACK = np.array([214.0, 60.0, 50.0])
"""Red, for back faces, which a closed surface never shows."""

_LIGHT = np.array([-0.35, -0.75, -0.56])  # in the camera's frame: from the left, above, in front
_SUPERSAMPLING = 2
_GRAZING = 0.2
"""Cosine up to which a surface is edge-on, where splats of both sides mix."""

_SAMPLES_PER_PIXEL = 16  # mean number of front samples in the splat around a pixel
_WIDEST = 20


def draw_samples(
    surface: SurfaceSamples,
    world: NDArray[np.floating],
    camera: NDArray[np.floating],
    size: int,
) -> NDArray[np.uint8]:
    """Return an image (size, size, 3) of shaded surface samples on white.

    Each sample is a square splat, sized by the sample density; the nearest splat is visible.

    Args:
        surface: samples in the unit cube, with outward normals.
        world: (3, 4), unit cube to camera (x right, y down, z forward).
        camera: (3, 3), camera intrinsics for an image of this `size`.
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
    # Painter's algorithm: far to near, so that the nearest sample of a pixel is written last.
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
    """Return the splat radius that leaves almost no uncovered pixels on front faces.

    `samples` random samples fell on `hit` pixels of the image, half of them on front faces.
    """
    if samples == 0:
        return 0
    covered = float(hit)
    for _ in range(20):  # fixed point: the expected number of hit pixels equals `hit`
        covered = hit / -np.expm1(-samples / covered)
    wanted = _SAMPLES_PER_PIXEL * covered / (samples / 2)
    return int(np.ceil((np.sqrt(wanted) - 1) / 2).clip(1, _WIDEST))


def _spread(
    canvas: NDArray[np.float64], depth: NDArray[np.float64], radius: int
) -> NDArray[np.float64]:
    """Spread every pixel over a square splat, the nearest on top."""
    for axis in (0, 1):  # a square is separable
        best, colours = depth.copy(), canvas.copy()
        for step in range(-radius, radius + 1):
            there, here = _overlap(step, axis)
            nearer = depth[there] < best[here]
            best[here] = np.where(nearer, depth[there], best[here])
            colours[here] = np.where(nearer[..., None], canvas[there], colours[here])
        depth, canvas = best, colours
    return canvas


def _overlap(step: int, axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the source and target slices of a shift by `step` along `axis`."""
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
