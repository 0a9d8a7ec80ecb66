"""Conversion of any mesh to a closed one; meshes that are already solids are kept."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli._ext import carve as kernel
from onet_cli.errors import EmptySurfaceError, InvalidGeometryError, InvalidOptionError
from onet_cli.geometry.closedness import find_flaw, is_closed
from onet_cli.geometry.isosurface import extract_surface
from onet_cli.geometry.mesh import check_mesh, make_mesh
from onet_cli.geometry.sampling import sample_surface
from onet_cli.geometry.simplify import simplify
from onet_cli.geometry.solid_field import (
    BAND,
    REACH,
    SolidField,
    band_around,
    grid_origin,
    solid_field,
)

FACES = 20_000
"""Default number of faces of a converted mesh."""

LOST = 2
"""Distance from the result, in cells, beyond which input surface counts as lost."""

MIN_RESOLUTION, MAX_RESOLUTION = 16, 512

_SAMPLES = 10_000
_RADIUS = 3.0  # cells, of the first of the searches for the nearest face


@dataclass(frozen=True)
class ClosedMesh:
    """A closed, outward-oriented mesh: each edge has two faces of opposite direction.

    `kept` tells whether it is the input itself; if not, `reason` is the defect found by
    `closedness.find_flaw`, or "" if conversion was requested. `surface_offset` is the mean distance
    of the input's visible surface from the result, in unit-cube units, and `lost_share` the share
    of that surface farther than `LOST` cells from it. `volume` is that of the result.
    """

    mesh: Trimesh
    kept: bool
    reason: str
    surface_offset: float
    lost_share: float
    volume: float
    warnings: tuple[str, ...] = ()


def make_watertight(
    mesh: Trimesh, resolution: int = 256, *, keep: bool = True, faces: int | None = None
) -> ClosedMesh:
    """Return a closed mesh of the solid that `mesh` shows from outside.

    Space not visible from outside is solid; `solid_field` describes the method. Sheets thinner than
    1.2 cells and wires thinner than 1.6 become that thick, gaps narrower than 3 cells close, and
    all other surfaces stay in place. The result is deterministic.

    Args:
        mesh: triangles of any kind in the unit cube: longest edge 1, centred at 0, +y up.
        resolution: cells along the longest edge.
        keep: whether a mesh in which `closedness.find_flaw` finds nothing is kept unchanged.
        faces: number of faces of a converted mesh, by default `FACES`; more if its topology
            requires them.

    Raises:
        InvalidGeometryError: the mesh has no faces, no extent, a vertex that is not finite, a
            face that names a vertex that is not there, or leaves the unit cube.
        InvalidOptionError: `resolution` is not within 16 .. 512, or `faces` below 4.
    """
    _check(mesh, resolution)
    merged = _merge(mesh)
    flaw = find_flaw(merged)
    if keep and not flaw:
        return ClosedMesh(merged, True, "", 0.0, 0.0, float(merged.volume))
    vertices = np.asarray(merged.vertices, dtype=np.float64)
    band = band_around(vertices, merged.faces, resolution)
    solid = solid_field(band)
    origin = grid_origin(vertices, resolution)
    closed = simplify(_extract(solid.values, origin, resolution), faces or FACES)
    offset, lost = _compare(merged, closed, solid, origin, resolution)
    return ClosedMesh(
        closed, False, flaw, offset, lost, float(closed.volume), _warnings(solid, lost)
    )


def _check(mesh: Trimesh, resolution: int) -> None:
    if not MIN_RESOLUTION <= resolution <= MAX_RESOLUTION:
        raise InvalidOptionError(
            f"cannot close a mesh with {resolution} cells",
            hint=f"use {MIN_RESOLUTION} to {MAX_RESOLUTION}",
        )
    if len(mesh.faces) == 0:
        raise InvalidGeometryError("the mesh has no faces")
    check_mesh(mesh)
    used = np.asarray(mesh.vertices)[mesh.faces]
    if not np.isfinite(used).all():
        raise InvalidGeometryError("the mesh has a vertex that is not finite")
    if not np.abs(used).max() <= 0.5 + 1e-6:
        raise InvalidGeometryError(
            "the mesh leaves the unit cube", hint="scale it with geometry.normalize first"
        )
    if not np.ptp(used.reshape(-1, 3), axis=0).max() > 1e-6:
        raise InvalidGeometryError("the mesh is a single point")


def _merge(mesh: Trimesh) -> Trimesh:
    """Return `mesh` itself if each edge has two faces, otherwise with equal vertices merged."""
    if is_closed(mesh):
        return mesh
    used, faces = np.unique(np.asarray(mesh.faces), return_inverse=True)
    places, same = np.unique(
        np.asarray(mesh.vertices, dtype=np.float64)[used], axis=0, return_inverse=True
    )
    return make_mesh(places, same.ravel()[faces.reshape(-1, 3)])


def _extract(values: NDArray[np.float32], origin: NDArray[np.float64], resolution: int) -> Trimesh:
    size = max(values.shape)
    cube = np.full((size,) * 3, -REACH, dtype=np.float32)
    cube[tuple(slice(n) for n in values.shape)] = values
    try:
        surface = extract_surface(cube, 0.0, edge=(size - 1) / resolution)
    except EmptySurfaceError as error:  # any faces leave at least a sheet
        raise InvalidGeometryError("the mesh encloses nothing") from error
    # The surface comes centred in its cube.
    surface.apply_translation(origin + 0.5 * (size - 1) / resolution)
    return make_mesh(surface.vertices, surface.faces)


def _compare(
    mesh: Trimesh,
    closed: Trimesh,
    solid: SolidField,
    origin: NDArray[np.float64],
    resolution: int,
) -> tuple[float, float]:
    """Return the mean distance of the visible input from the result and the lost share."""
    if not mesh.area > 0:
        return 0.0, 0.0
    points, normals = sample_surface(mesh, _SAMPLES, np.random.default_rng(0))
    places = (points - origin) * resolution
    # A place is visible from outside if the exterior begins one band away from it.
    sides = [places + way * (BAND + 1) * normals for way in (-1, 1)]
    seen = np.any([solid.exterior[tuple(np.rint(side).astype(int).T)] for side in sides], axis=0)
    if not seen.any():
        return 0.0, 0.0
    distances = _distances(
        places[seen],
        np.ascontiguousarray((np.asarray(closed.vertices) - origin) * resolution),
        np.ascontiguousarray(closed.faces, dtype=np.int32),
    )
    return float(distances.mean()) / resolution, float((distances > LOST).mean())


def _distances(
    points: NDArray[np.float64], vertices: NDArray[np.float64], faces: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Return the distances (N,) of `points` (N, 3) from triangles, all in cells and >= 0."""
    squared = np.full(len(points), np.inf)
    # Most are within a cell. Only the others are measured again, farther out each time.
    radius = _RADIUS
    far = np.arange(len(points))
    while len(far):
        squared[far] = _measure(points[far], vertices, faces, radius)
        far = far[squared[far] > radius**2]
        radius *= 4
    distances: NDArray[np.float64] = np.sqrt(squared)
    return distances


def _measure(
    points: NDArray[np.float64],
    vertices: NDArray[np.float64],
    faces: NDArray[np.int32],
    radius: float,
) -> NDArray[np.float64]:
    """Return squared distances (N,) of `points` (N, 3), too large at most where above `radius`."""
    cubes = (points / (radius + 1)).astype(int)
    shape = cubes.max(axis=0) + 2
    number = np.ravel_multi_index(tuple(cubes.T), tuple(shape))
    order = np.argsort(number, kind="stable")
    ends = np.cumsum(np.bincount(number, minlength=int(shape.prod())))
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int32).reshape(shape)
    ordered = np.full(len(points), np.inf)
    kernel.measure_points(
        np.ascontiguousarray(points[order]), starts, radius + 1, vertices, faces, radius, ordered
    )
    squared = np.empty(len(points))
    squared[order] = ordered
    return squared


def _warnings(solid: SolidField, lost: float) -> tuple[str, ...]:
    found = []
    thin = solid.raised / max(solid.near, 1)
    if thin > 0.01:
        found.append(f"{thin:.0%} of the surface was too thin for the grid and made thicker")
    if lost > 0.01:
        found.append(f"{lost:.0%} of the visible surface is lost")
    return tuple(found)
