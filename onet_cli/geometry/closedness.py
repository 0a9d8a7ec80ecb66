"""Whether a mesh is closed, and whether it is a solid: outward, no overlap, no hidden cavities."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.components import component_volumes
from onet_cli.geometry.inside import winding_numbers
from onet_cli.geometry.mesh import check_mesh, make_mesh
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.solid_field import BAND, band_around, find_exterior, grid_origin

SAMPLES = 20_000
"""Surface samples at which both sides are tested."""

OFFSET = 1e-5
"""Distance from the surface at which its sides are tested, over the longest edge of the box."""

TOLERATED = 1e-3
"""Share of those samples that may fail: corners sharper than `OFFSET` resolves."""

HOLLOW = 0.02
"""Volume of hidden empty space, as a share of the filled solid, from which a mesh is hollow."""

_HOLLOW_RESOLUTION = 128


def is_closed(mesh: Trimesh) -> bool:
    """Return whether `mesh` is closed: it has faces, and every edge has exactly two.

    Edges are pairs of vertex indices: edges between unmerged equal vertices are open. This is the
    definition of closed in every command and table.

    Raises:
        InvalidGeometryError: a face names a vertex that is not there.
    """
    check_mesh(mesh)
    return len(mesh.faces) > 0 and _edges_are_shared(np.asarray(mesh.faces))


def find_flaw(mesh: Trimesh) -> str:
    """Return the defect, in one word, that keeps `mesh` from being used as a solid unchanged, or
    "".

    The first of these that applies:

    * `empty`: there are no faces, or no volume.
    * `open`: an edge does not have exactly two faces.
    * `inconsistent`: two faces traverse their common edge in the same direction. These two tests
      are exact.
    * `inverted`: an outermost part has inward-facing faces.
    * `hollow`: a part is the wall of a closed cavity.
    * `nested`: a part lies within another.
    * `overlapping`: parts intersect or touch, or one part does so with itself. These four are found
      by exact winding numbers on both sides of `SAMPLES` surface samples: defects on less than
      `TOLERATED` of the area may be missed.
    * `hollow` also: space that is neither inside nor visible from outside, on a grid of 128 cells,
      is more than `HOLLOW` of the filled solid: a wardrobe of boards.

    Raises:
        InvalidGeometryError: a vertex is not finite, or a face names one that is not there.
    """
    if not np.isfinite(mesh.vertices).all():
        raise InvalidGeometryError("the mesh has a vertex that is not finite")
    if len(mesh.faces) == 0:
        return "empty"
    check_mesh(mesh)
    return _flaw_of_edges(mesh.faces) or _flaw_of_sides(mesh) or _flaw_of_hollows(mesh)


def _flaw_of_edges(faces: NDArray[np.integer]) -> str:
    if not _edges_are_shared(faces):
        return "open"
    ends = _ends(faces)
    count = int(ends.max()) + 1
    forth, back = (np.sort(ends @ step) for step in ([count, 1], [1, count]))
    return "" if np.array_equal(forth, back) else "inconsistent"


def _edges_are_shared(faces: NDArray[np.integer]) -> bool:
    """Return whether every edge of faces (F, 3), at least one, has two ends and two faces."""
    ends = _ends(faces)
    # One number per edge, the same in both directions: sorting numbers is far faster than rows.
    keys = np.sort(ends.min(axis=1) * (int(ends.max()) + 1) + ends.max(axis=1))
    if len(keys) % 2 or (ends[:, 0] == ends[:, 1]).any():
        return False
    return bool((keys[::2] == keys[1::2]).all() and (keys[1:-1:2] != keys[2::2]).all())


def _ends(faces: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the ends (3 F, 2) of the edges of faces (F, 3), in the direction of their face."""
    wide = np.asarray(faces, dtype=np.int64)
    return np.concatenate([wide[:, [0, 1]], wide[:, [1, 2]], wide[:, [2, 0]]])


def _flaw_of_sides(mesh: Trimesh) -> str:
    """Return the defect shown by the winding numbers just below and just above the surface."""
    extent = float(np.ptp(mesh.vertices, axis=0).max())
    if not mesh.area > 0:
        return "empty"
    points, normals = sample_surface(mesh, SAMPLES, np.random.default_rng(0))
    below = winding_numbers(mesh, points - OFFSET * extent * normals)
    above = winding_numbers(mesh, points + OFFSET * extent * normals)
    most = TOLERATED * len(points)

    def often(places: NDArray[np.bool_]) -> bool:
        return bool(np.count_nonzero(places) > most)

    if not (below.any() or above.any()):
        return "empty"
    if often((below < 0) | (above < 0)):
        return "inverted"
    if not often((below != 1) | (above != 0)):
        return "hollow" if _has_inner_shell(mesh) else ""
    return "nested" if _all_in_one(below, above) else "overlapping"


def _all_in_one(below: NDArray[np.int32], above: NDArray[np.int32]) -> bool:
    """Return whether the winding numbers are those of nested shells only, without overlaps."""
    deep = above == 1
    return bool(np.all((below == above + 1) & (deep | (above == 0))) and deep.any())


def _has_inner_shell(mesh: Trimesh) -> bool:
    """Return whether a connected part of a consistently oriented mesh has a negative volume."""
    # Relative to a point of the mesh: far from the origin, rounding would cancel the volume.
    near = np.asarray(mesh.vertices, dtype=np.float64) - mesh.vertices[mesh.faces[0, 0]]
    _, volumes = component_volumes(make_mesh(near, mesh.faces))
    return bool((volumes < -1e-12 * np.abs(volumes).max()).any())


def _flaw_of_hollows(mesh: Trimesh) -> str:
    vertices = np.asarray(mesh.vertices, dtype=np.float64)
    vertices = vertices / np.ptp(vertices, axis=0).max()
    band = band_around(vertices, mesh.faces, _HOLLOW_RESOLUTION)
    hidden = np.argwhere((find_exterior(band) == 0) & (band.distance >= BAND))
    scaled = Trimesh(vertices, mesh.faces, process=False)
    places = grid_origin(vertices, _HOLLOW_RESOLUTION) + hidden / _HOLLOW_RESOLUTION
    empty = np.count_nonzero(winding_numbers(scaled, places) == 0)
    filled = float(scaled.volume) * _HOLLOW_RESOLUTION**3 + empty
    return "hollow" if empty > HOLLOW * filled else ""
