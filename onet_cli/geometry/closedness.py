"""Whether a mesh is a solid already: closed, outward, without overlap, without hidden hollows."""

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import neighbours as kernel
from onet_cli.errors import InvalidGeometryError
from onet_cli.geometry.inside import winding_numbers
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.solid_field import BAND, band_around, find_exterior, grid_origin

SAMPLES = 20_000
"""Places of the surface at which both sides are tested."""

OFFSET = 1e-5
"""How far from the surface its sides are tested, as a share of the longest edge of the box."""

TOLERATED = 1e-3
"""Share of those places that may be amiss: corners sharper than `OFFSET` resolves."""

HOLLOW = 0.02
"""Volume of hidden empty space, as a share of the filled solid, from which a mesh is hollow."""

_HOLLOW_RESOLUTION = 128


def find_flaw(mesh: Trimesh) -> str:
    """Return why `mesh` is not a solid that can be kept as it is, in a word, or "".

    The first of these that applies:

    * `empty`: there are no faces, or no volume.
    * `open`: an edge does not have exactly two faces.
    * `inconsistent`: two faces run the same way along their common edge. These two tests are exact.
    * `inverted`: a part that is in no other one has faces that look inwards.
    * `hollow`: a part is the wall of a closed cavity.
    * `nested`: a part lies within another.
    * `overlapping`: parts, or two places of one, intersect or touch. These four are found by exact
      winding numbers on both sides of `SAMPLES` places of the surface: what concerns less than
      `TOLERATED` of its area may pass.
    * `hollow` also: space that is neither inside nor seen from any side, by a grid of 128 cells,
      makes up more than `HOLLOW` of what would be solid if it were filled: a wardrobe of boards.

    Raises:
        InvalidGeometryError: a vertex is not finite.
    """
    if not np.isfinite(mesh.vertices).all():
        raise InvalidGeometryError("the mesh has a vertex that is not finite")
    if len(mesh.faces) == 0:
        return "empty"
    return _flaw_of_edges(mesh.faces) or _flaw_of_sides(mesh) or _flaw_of_hollows(mesh)


def _flaw_of_edges(faces: NDArray[np.integer]) -> str:
    ends = np.asarray(faces, dtype=np.int64)[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    count = int(ends.max()) + 1
    forth, back = (np.sort(ends @ step) for step in ([count, 1], [1, count]))
    _, shares = np.unique(np.minimum(ends @ [count, 1], ends @ [1, count]), return_counts=True)
    if (shares != 2).any() or (ends[:, 0] == ends[:, 1]).any():
        return "open"
    return "" if np.array_equal(forth, back) else "inconsistent"


def _flaw_of_sides(mesh: Trimesh) -> str:
    """Return what the winding numbers just below and just above the surface tell."""
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
    """Return whether winding numbers only go up and down by whole shells, 0 1 2, never across."""
    deep = above == 1
    return bool(np.all((below == above + 1) & (deep | (above == 0))) and deep.any())


def _has_inner_shell(mesh: Trimesh) -> bool:
    """Return whether a connected part of a consistently oriented mesh has a negative volume."""
    part = connected_parts(mesh.faces, len(mesh.vertices))
    corners = np.asarray(mesh.vertices, dtype=np.float64)[mesh.faces]
    # About a point of the mesh, or a far-off mesh would lose its volume in the rounding.
    a, b, c = np.moveaxis(corners - corners[0, 0], 1, 0)
    volumes = np.bincount(part[mesh.faces[:, 0]], np.einsum("ij,ij->i", a, np.cross(b, c)))
    return bool((volumes < -1e-12 * np.abs(volumes).max()).any())


def connected_parts(faces: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Return for each of `count` vertices the least vertex that `faces` (F, 3) join it to: (V,).

    Raises:
        InvalidGeometryError: a face names a vertex that is none of these.
    """
    if len(faces) and not (faces.min() >= 0 and faces.max() < count):
        raise InvalidGeometryError(f"a face names a vertex that is none of the {count}")
    least = np.arange(count, dtype=np.int64)
    kernel.join_faces(np.ascontiguousarray(faces, dtype=np.int64), least)
    return least


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
