"""Silhouettes and depth maps of meshes, without shading."""

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import rasterize as kernel
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.mesh import check_faces

SAMPLES = 3
"""Samples along each edge of a pixel, which determine its coverage."""

NEAR_PLANE = 1e-3  # in the frame's unit; anything in front of it is not drawn


def silhouette(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    camera: Camera,
    size: int,
    samples: int = SAMPLES,
) -> NDArray[np.bool_]:
    """Return the pixels (size, size) of which a mesh covers more than half.

    Args:
        vertices: (V, 3) in the frame of `camera`.
        faces: (F, 3).
        camera: made for pictures of `size` pixels.
        size: edge of the picture in pixels.
        samples: each pixel has samples x samples samples.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there.
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
    """Return 1 / depth (size, size) of the visible surface at each pixel's centre, 0 for none.

    The arguments and errors are those of `silhouette`.
    """
    check_faces(np.asarray(faces), len(vertices))
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
