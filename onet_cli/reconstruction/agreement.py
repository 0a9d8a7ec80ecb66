"""How well a mesh agrees with its photo: the one score that needs no truth.

The outline of the mesh, drawn by the camera that the network takes the photo to have, is held
against the object in the photo.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from trimesh import Trimesh

from onet_cli.geometry.silhouette import silhouette
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.photo import resize_images
from onet_cli.shapes.photo_mask import object_on_white

SIZE = 224
"""Edge in pixels of the prepared picture, in which both outlines are drawn."""

Mask = NDArray[np.bool_]


def agreement(mesh: Trimesh, viewpoint: Viewpoint, mask: Mask | None) -> float | None:
    """Return the IoU of the outline of `mesh` with the photo's `mask` (SIZE, SIZE).

    None where there is no mask to compare with.
    """
    if mask is None:
        return None
    outline = mesh_outline(mesh, viewpoint)
    either = np.count_nonzero(outline | mask)
    return float(np.count_nonzero(outline & mask) / either) if either else None


def mesh_outline(mesh: Trimesh, viewpoint: Viewpoint, size: int = SIZE) -> Mask:
    """Return what `mesh` covers of the prepared picture, (size, size)."""
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    return silhouette(vertices, faces, viewpoint.camera(size), size)


def photo_mask(image: Tensor, mask: Tensor | None = None) -> Mask | None:
    """Return what the object covers of the prepared picture, (SIZE, SIZE).

    Args:
        image: (3, H, W) uint8, the prepared picture.
        mask: (H, W) uint8, 255 where the object is; without, it is what `image` shows on white,
            and None is returned where it shows nothing so.
    """
    if mask is None:
        small = resize_images(image[None], SIZE)[0]
        pixels = (small * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
        return object_on_white(pixels)
    covered: Mask = (resize_images(mask[None, None], SIZE)[0, 0] > 0.5).numpy()
    return covered
