"""Vertex colours from the photo.

A visible vertex has the colour of its pixel. Hidden vertices take the colour of their mirror image,
if the mesh is symmetric about a vertical plane, or else of the nearest visible vertices, preferably
of the same height. Where the surface turns away from the camera, both are blended. The lighting of
the photo is not removed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.inpaint import fill_holes
from onet_cli.geometry.nearest import nearest, nearest_few
from onet_cli.geometry.normals import vertex_normals
from onet_cli.geometry.silhouette import nearness
from onet_cli.geometry.smoothing import smooth_values
from onet_cli.geometry.symmetry import mirror_planes
from onet_cli.reconstruction.viewpoint import Viewpoint
from onet_cli.shapes.photo_mask import object_on_white
from onet_cli.shapes.photo_resize import resize_planes

SIDE = 320
"""Edge in pixels of the image that colours are sampled from: two or three pixels per vertex."""

GRAZING = (0.1, 0.4)
"""Cosines between normal and ray from which a vertex is partly and fully visible."""

BEHIND = (0.01, 0.03)
"""Depths behind the visible surface to which a vertex is fully and partly visible, unit-cube
frame."""

EDGE = 2
"""Width in pixels of the silhouette's edge, which is mixed with the background."""

EDGE_WEIGHT = 0.02
"""Weight of edge pixels, which matter where a part is so thin that it has no others."""

WELL_SEEN = 0.5
"""Minimum weight of a vertex whose colour is used for others."""

MIRRORED = 0.03
"""Maximum distance of a mirror image from a vertex, unit-cube frame."""

CELLS = 24
"""Cells per unit-cube edge in which hidden vertices share a colour before smoothing."""

NEIGHBOURS = 6
UPRIGHT = 3.0
"""Factor by which differences in height count more among nearest vertices: lids, seats and feet go
around an object."""

ROUNDS = 4
"""Iterations of smoothing of hidden vertices along mesh edges."""

PLANES, LENDERS = 2, 5000
"""Maximum number of symmetry planes, and of visible vertices whose colours are used for others."""

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class _Seen:
    """Colours (V, 3), 0 to 255, and the visibility (V,) of each vertex, 0 to 1."""

    colours: NDArray[np.float64]
    weight: NDArray[np.float64]


def photo_colours(
    mesh: Trimesh,
    viewpoint: Viewpoint,
    image: NDArray[np.uint8],
    mask: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Return the colour (V, 3) of each vertex, sRGB.

    Args:
        mesh: Upright, in the frame of `viewpoint`; closed, oriented outward.
        viewpoint: The photo's camera.
        image: (3, H, W) uint8, the prepared image: the object on white.
        mask: (H, W) uint8, 255 on the object; by default what is not white.
    """
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces)
    normals = vertex_normals(vertices, faces)
    seen = _look(vertices, faces, normals, viewpoint.camera(SIDE), _interior(image, mask))
    well = np.flatnonzero(seen.weight >= WELL_SEEN)
    if len(well) == 0:  # all vertices are outside the image or edge-on
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


def _interior(image: NDArray[np.uint8], mask: NDArray[np.uint8] | None) -> NDArray[np.float32]:
    """Return the image (SIDE, SIDE, 3), 0 to 255, without its background.

    The object's colours are extrapolated, so that the mesh has no white at its silhouette.
    """
    picture = resize_planes(image, SIDE).transpose(1, 2, 0)
    if mask is None:
        found = object_on_white((picture * 255).round().astype(np.uint8))
        if found is None:
            return 255 * picture
        weight = found.astype(np.float32)
    else:
        weight = resize_planes(mask, SIDE)
    # Remove the white that is mixed in at the edge, according to the weight.
    share = np.maximum(weight, 0.25)[..., None]
    colours = np.clip((picture - (1 - share)) / share, 0, 1)
    known = np.where(_inner(weight > 0.9), 1.0, np.where(weight > 0.5, EDGE_WEIGHT, 0.0))
    return 255 * fill_holes(colours, known)


def _inner(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Erode `mask` (S, S) by `EDGE` pixels, also from the border."""
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
    """Return the colour of each vertex in `picture`, and its visibility."""
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
    """Return a smooth step from 0 at `low` to 1 at `high`."""
    t = np.clip((np.asarray(values, np.float64) - low) / (high - low), 0, 1)
    smooth: NDArray[np.float64] = t * t * (3 - 2 * t)
    return smooth


def _bilinear(picture: NDArray[np.float32], x: Floats, y: Floats) -> NDArray[np.float64]:
    """Sample `picture` (S, S, C) bilinearly at `x`, `y` (N,), in pixels."""
    last = len(picture) - 1
    x, y = (np.clip(at - 0.5, 0, last - 1e-6) for at in (x, y))
    column, row = x.astype(np.int64), y.astype(np.int64)
    right, down = (x - column)[:, None], (y - row)[:, None]
    upper = (1 - right) * picture[row, column] + right * picture[row, column + 1]
    lower = (1 - right) * picture[row + 1, column] + right * picture[row + 1, column + 1]
    found: NDArray[np.float64] = (1 - down) * upper + down * lower
    return found


def _nearest_colours(queries: Floats, known: Floats, colours: Floats) -> NDArray[np.float64]:
    """Return weighted mean colours of the `known` vertices nearest to the cell of each query.

    Differences in height count `UPRIGHT` times.
    """
    cells = np.floor(queries * CELLS).astype(np.int64) + CELLS
    _, owners = np.unique(cells @ (1, 4 * CELLS, 16 * CELLS**2), return_inverse=True)
    counts = np.bincount(owners)
    middles = [np.bincount(owners, axis) / counts for axis in queries.T]
    count = min(NEIGHBOURS, len(known))
    stretch = np.array([1.0, UPRIGHT, 1.0])
    distances, found = nearest_few(
        np.stack(middles, axis=1) * stretch, known * stretch, count, np.inf
    )
    weight = 1 / (distances.astype(np.float64) + 0.01)
    weight /= weight.sum(axis=1, keepdims=True)
    mixed: NDArray[np.float64] = np.einsum("nk,nkc->nc", weight, colours[found])
    return mixed[owners]
