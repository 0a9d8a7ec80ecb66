"""What a camera sees of a mesh, without shading: its outline, and how near it is."""

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import rasterize as kernel
from onet_cli.geometry.camera import Camera

SAMPLES = 3
"""Samples along each edge of a pixel, by which it is told how much of it is covered."""

NEAR_PLANE = 1e-3  # in the frame's unit; what lies before it is not drawn


def silhouette(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    camera: Camera,
    size: int,
    samples: int = SAMPLES,
) -> NDArray[np.bool_]:
    """Return the pixels (size, size) more than half of which a mesh covers.

    Args:
        vertices: (V, 3) in the frame of `camera`.
        faces: (F, 3).
        camera: made for pictures of `size` pixels.
        size: edge of the picture in pixels.
        samples: each pixel is asked at samples x samples places.
    """
    finer = Camera(
        camera.world, np.diag([samples, samples, 1.0]).astype(np.float32) @ camera.camera
    )
    hit = nearness(vertices, faces, finer, size * samples) > 0
    share = hit.reshape(size, samples, size, samples).mean(axis=(1, 3))
    covered: NDArray[np.bool_] = share > 0.5
    return covered


def nearness(
    vertices: NDArray[np.floating], faces: NDArray[np.integer], camera: Camera, size: int
) -> NDArray[np.float32]:
    """Return 1 / depth (size, size) of what is seen at the middle of each pixel, 0 for nothing.

    The arguments are those of `silhouette`.
    """
    frame = camera.to_frame(vertices) @ camera.camera.astype(np.float64).T
    near, owners = np.zeros((size, size), np.float32), np.empty((size, size), np.int32)
    ceiling = np.full((size, size), np.inf, np.float32)
    kernel.draw_perspective(
        np.ascontiguousarray(frame),
        np.ascontiguousarray(faces, np.int32),
        np.arange(len(faces), dtype=np.int32),
        NEAR_PLANE,
        near,
        owners,
        ceiling,
    )
    return near
