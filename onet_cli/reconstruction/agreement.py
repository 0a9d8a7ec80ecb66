"""Agreement of a mesh with its photo, the only score that needs no ground truth.

It compares the silhouette of the mesh, from the camera predicted by the network, with the object
in the photo.
"""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.silhouette import silhouette
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.photo_mask import object_on_white
from onet_cli.shapes.photo_resize import resize_planes

SIZE = 224
"""Edge in pixels of the prepared image, in which both silhouettes are drawn."""

Mask = NDArray[np.bool_]


def agreement(mesh: Trimesh, viewpoint: Viewpoint, mask: Mask | None) -> float | None:
    """Return the IoU of the silhouette of `mesh` with the photo's `mask` (SIZE, SIZE).

    None without a mask.
    """
    if mask is None:
        return None
    outline = mesh_outline(mesh, viewpoint)
    either = np.count_nonzero(outline | mask)
    return float(np.count_nonzero(outline & mask) / either) if either else None


def mesh_outline(mesh: Trimesh, viewpoint: Viewpoint, size: int = SIZE) -> Mask:
    """Return the silhouette (size, size) of `mesh` in the prepared image."""
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    return silhouette(vertices, faces, viewpoint.camera(size), size)


def photo_mask(image: NDArray[np.uint8], mask: NDArray[np.uint8] | None = None) -> Mask | None:
    """Return the object's mask (SIZE, SIZE) in the prepared image.

    Args:
        image: (3, H, W) uint8, the prepared image.
        mask: (H, W) uint8, 255 on the object. By default the object is what is not white in
            `image`, and None is returned if there is no white background.
    """
    if mask is None:
        pixels = (resize_planes(image, SIZE) * 255).round().astype(np.uint8)
        return object_on_white(pixels.transpose(1, 2, 0))
    covered: Mask = resize_planes(mask, SIZE) > 0.5
    return covered


def extent(mask: Mask) -> float | None:
    """Return the share of the bounding box of `mask` (H, W) that it covers; None if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return float(np.count_nonzero(mask) / box)
