"""What the kernel `rasterize.shade` reads: a scene, its lights and the camera, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Stage:
    """A scene of F faces ready to be shaded, centred at 0 and of radius 1.

    Attributes:
        vertices: (V, 3).
        faces: (F, 3).
        normals: (F, 3, 3) of the corners.
        uvs: (F, 3, 2), or no rows.
        corner_colours: (F, 3, 3), or no rows.
        material_of_face: (F,).
        materials: (M, 6) linear red, green, blue, opacity, gloss, texture or -1.
        textures: (T, 2) the first of the levels, and their number.
        levels: (L, 3) the first of the texels, width, height.
        texels: (N, 4).
        linear: (256,) decodes sRGB.
        eye: (3,).
        rays: (3, 3) takes (column, row, 1) to the direction from the eye.
        lights: (L, 6) place and colour.
        light_views: (L, 3, 4) takes points to places in the shadows.
        shadows: (L, S, S) 1 / depth.
        axes: (3, 3, A) directions of the ambient light.
        depths: (A, R, R, 2) nearest and farthest surface along each axis.
        radiance: (A, 2, 3) from both ends of each axis.
        margin: how far above the surface shadow rays start.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    normals: NDArray[np.float32]
    uvs: NDArray[np.float32]
    corner_colours: NDArray[np.uint8]
    material_of_face: NDArray[np.int32]
    materials: NDArray[np.float32]
    textures: NDArray[np.int32]
    levels: NDArray[np.int32]
    texels: NDArray[np.uint8]
    linear: NDArray[np.float32]
    eye: NDArray[np.float64]
    rays: NDArray[np.float64]
    lights: NDArray[np.float32]
    light_views: NDArray[np.float64]
    shadows: NDArray[np.float32]
    axes: NDArray[np.float32]
    depths: NDArray[np.uint16]
    radiance: NDArray[np.float32]
    margin: float
