"""The photo's colours on the mesh that was made from it.

A vertex that the photo shows has the colour of its pixel. What it does not show is taken from the
mirror image, where the mesh is symmetric about an upright plane, else from the nearest vertices
that it shows. Between the two, where the surface turns away from the camera, colours are blended.
The light of the photo stays in them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from trimesh import Trimesh

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.inpaint import fill_holes
from onet_cli.geometry.nearest import nearest, nearest_few
from onet_cli.geometry.normals import vertex_normals
from onet_cli.geometry.silhouette import nearness
from onet_cli.geometry.smoothing import smooth_values
from onet_cli.geometry.symmetry import mirror_planes
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.photo import resize_images
from onet_cli.shapes.photo_mask import object_on_white

SIDE = 320
"""Edge in pixels of the picture that colours are taken from: two or three pixels a vertex."""

GRAZING = (0.1, 0.4)
"""Cosines between the normal and the ray from which a vertex counts as seen, and as well seen."""

BEHIND = (0.01, 0.03)
"""How far behind what is seen a vertex still counts as seen, fully and at all, unit-cube frame."""

EDGE = 2
"""Pixels along the photo's outline that are mixed with the background."""

EDGE_WEIGHT = 0.02
"""Weight of these pixels: they count where a part is so thin that there are no others."""

WELL_SEEN = 0.5
"""Weight from which a vertex lends others its colour."""

MIRRORED = 0.03
"""Distance of the mirror image from a vertex beyond which it says nothing, unit-cube frame."""

CELLS = 24
"""Cells of the unit cube's edge: what is unseen takes its colour by these, and is then smoothed."""

NEIGHBOURS = 6
ROUNDS = 4
"""Rounds of smoothing along the edges of the mesh, of what is not seen."""

PLANES, LENDERS = 2, 5000
"""The best planes of symmetry that are used, and how many seen vertices lend their colours."""

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class _Seen:
    """Colours (V, 3), 0 to 255, and how well each vertex is seen, (V,), 0 to 1."""

    colours: NDArray[np.float64]
    weight: NDArray[np.float64]


def photo_colours(
    mesh: Trimesh, viewpoint: Viewpoint, image: Tensor, mask: Tensor | None = None
) -> NDArray[np.uint8]:
    """Return the colour (V, 3) of each vertex, sRGB.

    Args:
        mesh: Upright, in the frame of `viewpoint`; closed, oriented outward.
        viewpoint: The photo's camera.
        image: (3, H, W) uint8, the prepared picture: the object on white.
        mask: (H, W) uint8, 255 where the object is; without, it is what is not white.
    """
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces)
    normals = vertex_normals(vertices, faces)
    seen = _look(vertices, faces, normals, viewpoint.camera(SIDE), _interior(image, mask))
    well = np.flatnonzero(seen.weight >= WELL_SEEN)
    if len(well) == 0:  # all of it is out of the picture or on edge
        well = np.array([int(seen.weight.argmax())])
    colours = seen.weight[:, None] * seen.colours
    hold, open_ = seen.weight.copy(), np.flatnonzero(seen.weight < 1)
    well = well[:: -(-len(well) // LENDERS)]
    for plane in mirror_planes(vertices)[:PLANES]:
        images, turned = plane.mirror(vertices[open_]), plane.turn(normals[open_])
        distances, found = nearest(images, vertices[well])
        facing = np.einsum("ij,ij->i", turned, normals[well[found]])
        share = np.clip(2 - 2 * distances / MIRRORED, 0, 1) * np.clip(2 * facing, 0, 1)
        share *= seen.weight[well[found]] * (1 - hold[open_])
        colours[open_] += share[:, None] * seen.colours[well[found]]
        hold[open_] += share
        open_ = open_[hold[open_] < 1 - 1e-3]
    if len(open_):
        colours[open_] += (1 - hold[open_, None]) * _nearest_colours(
            vertices[open_], vertices[well], seen.colours[well]
        )
    smooth = smooth_values(colours, faces, np.clip(hold, 0, 1), ROUNDS)
    rounded: NDArray[np.uint8] = np.rint(np.clip(smooth, 0, 255)).astype(np.uint8)
    return rounded


def _interior(image: Tensor, mask: Tensor | None) -> NDArray[np.float32]:
    """Return the picture (SIDE, SIDE, 3), 0 to 255, without its background.

    The object's colours run on where it ends, so that no white gets onto the mesh's outline.
    """
    picture = resize_images(image[None], SIDE)[0].permute(1, 2, 0).numpy()
    if mask is None:
        found = object_on_white((picture * 255).round().astype(np.uint8))
        if found is None:
            return 255 * picture
        weight = found.astype(np.float32)
    else:
        weight = resize_images(mask[None, None], SIDE)[0, 0].numpy()
    # What is mixed with white is parted from it, as far as the weight tells.
    share = np.maximum(weight, 0.25)[..., None]
    colours = np.clip((picture - (1 - share)) / share, 0, 1)
    known = np.where(_inner(weight > 0.9), 1.0, np.where(weight > 0.5, EDGE_WEIGHT, 0.0))
    return 255 * fill_holes(colours, known)


def _inner(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of `mask` (S, S) that are no nearer than `EDGE` to others or the border."""
    inner = np.pad(mask, EDGE)
    for axis in (0, 1):
        shifted = [np.roll(inner, step, axis) for step in range(-EDGE, EDGE + 1)]
        inner = np.logical_and.reduce(shifted)
    found: NDArray[np.bool_] = inner[EDGE:-EDGE, EDGE:-EDGE]
    return found


def _look(
    vertices: Floats,
    faces: NDArray[np.integer],
    normals: Floats,
    camera: Camera,
    picture: NDArray[np.float32],
) -> _Seen:
    """Return what `picture` shows of each vertex, and how well."""
    x, y, depth = camera.project(vertices).T
    near = nearness(vertices, faces, camera, SIDE)
    column, row = (np.clip(at.astype(np.int64), 0, SIDE - 1) for at in (x, y))
    inside = (x >= 0) & (x < SIDE) & (y >= 0) & (y < SIDE) & (depth > 0)
    behind = depth - 1 / np.maximum(near[row, column], 1e-9)
    world = camera.world.astype(np.float64)
    rays = -world[:, :3].T @ world[:, 3] - vertices
    rays /= np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-9)
    facing = np.einsum("ij,ij->i", rays, normals)
    weight = _ramp(facing, *GRAZING) * (1 - _ramp(behind, *BEHIND)) * inside
    return _Seen(_bilinear(picture, x, y), weight)


def _ramp(values: Floats, low: float, high: float) -> NDArray[np.float64]:
    """Return 0 below `low`, 1 above `high`, and smoothly rising values between."""
    t = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0, 1)
    smooth: NDArray[np.float64] = t * t * (3 - 2 * t)
    return smooth


def _bilinear(picture: NDArray[np.float32], x: Floats, y: Floats) -> NDArray[np.float64]:
    """Return `picture` (S, S, C) at the places `x`, `y` (N,), in pixels."""
    last = len(picture) - 1
    x, y = (np.clip(at - 0.5, 0, last - 1e-6) for at in (x, y))
    column, row = x.astype(np.int64), y.astype(np.int64)
    right, down = (x - column)[:, None], (y - row)[:, None]
    upper = (1 - right) * picture[row, column] + right * picture[row, column + 1]
    lower = (1 - right) * picture[row + 1, column] + right * picture[row + 1, column + 1]
    found: NDArray[np.float64] = (1 - down) * upper + down * lower
    return found


def _nearest_colours(queries: Floats, known: Floats, colours: Floats) -> NDArray[np.float64]:
    """Return the mean colours of the `known` vertices nearest to the cells of `queries` (N, 3)."""
    cells = np.floor(queries * CELLS).astype(np.int64) + CELLS
    _, owners = np.unique(cells @ (1, 4 * CELLS, 16 * CELLS**2), return_inverse=True)
    counts = np.bincount(owners)
    middles = [np.bincount(owners, axis) / counts for axis in queries.T]
    count = min(NEIGHBOURS, len(known))
    distances, found = nearest_few(np.stack(middles, axis=1), known, count, np.inf)
    weight = 1 / (distances.astype(np.float64) + 0.01)
    weight /= weight.sum(axis=1, keepdims=True)
    mixed: NDArray[np.float64] = np.einsum("nk,nkc->nc", weight, colours[found])
    return mixed[owners]
