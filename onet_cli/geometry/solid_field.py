"""A signed field around polygon soup: space visible from outside is outside, the rest is solid.

1. Exact distances from the triangles are measured at the grid points around them. Points closer
than 1.5 cells form the band, which closes gaps narrower than 3 cells. 2. Points beyond the band
that are visible in at least two of some 330 views are exterior. Views from below count only in
hollows lined by the front sides of faces: a lampshade stays open, while a sofa without a bottom is
filled, since its faces show their backs there. 3. The solid is everything that no ball can reach
whose centre is exterior and which touches no triangle. This removes the band down to the triangles,
within a few hundredths of a cell, and bridges what the balls cannot enter: narrow gaps and closed
openings. 4. Sheets thinner than 1.2 cells, which includes those without thickness, and wires
thinner than 1.6 cells are thickened on both sides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import carve as kernel
from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.mesh import check_faces
from onet_cli.geometry.visibility import Cells, seen_twice, view_directions

BAND = 1.5
"""Half the thickness of the band, in cells: gaps narrower than twice this are closed."""

REACH = 3
"""Maximum distance from the triangles that is measured, in cells."""

SHEET, WIRE = 1.2, 1.6
"""Minimum thickness of the solid in cells. Sheets below 1 and wires below sqrt(2) cells would fall
between the points of the grid."""

VIEWS = 320
LOWEST_VIEW = -0.12
"""Views from below this height on the unit sphere only count where faces show their front."""

SNAP = 0.25
"""Error, in cells, of the distance from the union of balls: centres are grid points, and the best
ball propagates only between neighbours. Points closer to the triangles are treated as on them."""

_MOST_BEHIND = 0.1
_MARGIN = 5.5  # cells around the mesh: more than REACH, and off the grid points of flat sides
_SMOOTHINGS = 3


@dataclass(frozen=True)
class Band:
    """The grid around a mesh, and the distance of its points from the triangles.

    `vertices` (V, 3) and `faces` (F, 3) are the mesh in cells from the grid's first point.
    `distance` (X, Y, Z) is exact below `REACH` cells and `REACH` beyond; there `nearest`, the
    closest face, is -1.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    distance: NDArray[np.float32]
    nearest: NDArray[np.int32]


_MOST_POINTS = 2**31  # the kernels count points in 32 bits
MOST_MEASURED = 2**32
"""Maximum distances between a grid point and a face: one or two minutes. Twenty million small faces
have fewer, a hundred thousand that each span the mesh more."""


@dataclass(frozen=True)
class SolidField:
    """A field over a grid: positive inside the solid, in cells, true distances near its surface.

    `values` (X, Y, Z) are clipped to +-`REACH`. `exterior` is 1 at the visible points. `raised`
    counts the points next to the surface at which a part was too thin, and `near` all points next
    to the surface.
    """

    values: NDArray[np.float32]
    exterior: Cells
    raised: int
    near: int


def grid_origin(vertices: NDArray[np.float64], resolution: int) -> NDArray[np.float64]:
    """Return the first point (3,) of the grid around `vertices`, in their frame."""
    return np.asarray(vertices.min(axis=0) - _MARGIN / resolution)


def band_around(vertices: NDArray[np.float64], faces: NDArray[np.integer], resolution: int) -> Band:
    """Return the distances from a mesh on the grid that starts at `grid_origin`.

    Args:
        vertices: (V, 3), each used by a face.
        faces: (F, 3).
        resolution: cells per unit of length.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there, or a vertex is not finite or
            so far off that the grid would not fit into memory, or `resolution` is not positive, or
            more than `MOST_MEASURED` grid points are near faces, each counted for every face.
    """
    check_faces(np.asarray(faces), len(vertices))
    extent = np.ptp(vertices, axis=0) * resolution
    if not (
        resolution > 0
        and np.isfinite(extent).all()
        and np.prod(extent + 2 * _MARGIN) < _MOST_POINTS
    ):
        raise InvalidGeometryError(f"the mesh takes a grid of {extent} cells, which is too large")
    shape = np.ceil(np.ptp(vertices, axis=0) * resolution + 2 * _MARGIN).astype(int) + 1
    origin = grid_origin(vertices, resolution)
    in_cells = np.ascontiguousarray((vertices - origin) * resolution, dtype=np.float64)
    corners = np.ascontiguousarray(faces, dtype=np.int32)
    if count_near(in_cells, corners) > MOST_MEASURED:
        raise InvalidGeometryError(
            f"the mesh has too many large faces ({len(corners)}) to be made watertight at "
            f"{resolution} cells per side",
            hint="choose a lower --resolution",
        )
    squared = np.full(shape, REACH**2, dtype=np.float32)
    nearest = np.full(shape, -1, dtype=np.int32)
    kernel.measure_band(in_cells, corners, float(REACH), squared, nearest)
    return Band(in_cells, corners, np.sqrt(squared, out=squared), nearest)


def count_near(vertices: NDArray[np.float64], faces: NDArray[np.integer]) -> float:
    """Return about how many grid points lie within `REACH` of each face, added up.

    Args:
        vertices: (V, 3) in cells.
        faces: (F, 3).
    """
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    edges = sum(np.linalg.norm(end - start, axis=1) for start, end in ((a, b), (b, c), (c, a)))
    # A prism over the face and its surroundings in its plane.
    return float(2 * REACH * np.sum(area + REACH * edges + np.pi * REACH**2))


def find_exterior(band: Band, views: int = VIEWS) -> Cells:
    """Return the grid points beyond the band that are visible from outside, as 1."""
    blocked = (band.distance < BAND).view(np.uint8)
    beside = ((band.distance >= BAND) & (band.distance < REACH)).view(np.uint8)
    directions = view_directions(views)
    above = directions[:, 1] >= LOWEST_VIEW
    exterior = seen_twice(blocked, directions[above])
    for axis in range(3):
        np.moveaxis(exterior, axis, 0)[[0, -1]] = 1
    _creep(exterior, beside)
    hollows = seen_twice(blocked, directions[~above]) & (1 - exterior)
    queue = np.empty(max(int(hollows.sum()), 1), dtype=np.int32)
    kernel.open_cavities(
        band.vertices, band.faces, band.nearest, _MOST_BEHIND, hollows, exterior, queue
    )
    _creep(exterior, beside)
    for _ in range(_SMOOTHINGS):
        kernel.smooth_lids(blocked, exterior.copy(), exterior)
    return exterior


def solid_field(band: Band) -> SolidField:
    """Return the field of the solid that the triangles of `band` enclose or hide."""
    exterior = find_exterior(band)
    blocked = (band.distance < BAND).view(np.uint8)
    field = _roll_balls(band, exterior, blocked)
    thick = field.copy()
    mesh = (band.vertices, band.faces, band.distance, band.nearest)
    kernel.keep_sheets(*mesh, field, SHEET, WIRE, thick)
    near = band.distance < 1
    raised = int(np.count_nonzero(near & (thick > field + 0.1)))
    reached = np.zeros_like(exterior)
    kernel.reach_from_corner(thick, reached)
    thick[(thick < 0) & (reached == 0)] = SHEET  # pockets that are not connected to the outside
    return SolidField(thick, exterior, raised, int(np.count_nonzero(near)))


def _roll_balls(band: Band, exterior: Cells, blocked: Cells) -> NDArray[np.float32]:
    field = np.empty_like(band.distance)
    active = np.empty_like(exterior)
    kernel.shrink_at_lids(exterior, blocked, band.distance, REACH, field, active)
    places = np.flatnonzero(active).astype(np.int32)
    kernel.roll_balls(exterior, places, field, np.full(field.shape, -1, dtype=np.int32))
    # Where the union of balls ends at the triangles, use them exactly.
    places = places[blocked.ravel()[places] == 1]
    rough, exact = field.ravel()[places], band.distance.ravel()[places]
    exact = np.where(rough < 0, -exact, exact)
    field.ravel()[places] = np.where(np.abs(rough - exact) < SNAP, exact, rough)
    return field


def _creep(exterior: Cells, beside: Cells) -> None:
    """Dilate `exterior` twice, to points beside the band that steep corners hide."""
    for _ in range(2):
        grown = exterior.copy()
        for axis in range(3):
            to, of = np.moveaxis(grown, axis, 0), np.moveaxis(exterior, axis, 0)
            to[1:] |= of[:-1]
            to[:-1] |= of[1:]
        exterior |= grown & beside
