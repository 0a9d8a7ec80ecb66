"""Rendering of meshes without a GPU or a display."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.appearance import Appearance
from onet_cli.geometry.camera import Camera
from onet_cli.geometry.lighting import Lighting
from onet_cli.geometry.scene import Scene

__all__ = ["Camera", "on_white", "render"]


def render(
    mesh: Trimesh,
    camera: Camera,
    size: int,
    appearance: Appearance | None = None,
    *,
    lighting: Lighting | None = None,
    samples: int = 3,
) -> NDArray[np.uint8]:
    """Return a picture (size, size, 4) of `mesh`, RGBA with straight alpha, transparent background.

    For several pictures of one mesh create a `Scene`, which documents arguments and errors.
    """
    return Scene(mesh, appearance).render(camera, size, lighting, samples)


def on_white(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `picture` (H, W, 4) with straight alpha composited on white, (H, W, 3)."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.rint(picture[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
