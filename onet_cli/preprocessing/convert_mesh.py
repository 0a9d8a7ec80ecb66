"""Conversion of a mesh to a shape: made watertight, sampled and rendered in the unit cube."""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from trimesh import Trimesh

from onet_cli.errors import SourceError
from onet_cli.geometry.closedness import find_flaw
from onet_cli.geometry.inside import contains
from onet_cli.geometry.normalize import UnitCube
from onet_cli.geometry.sampling import sample_cube, sample_near_surface, sample_surface
from onet_cli.geometry.watertight import ClosedMesh, make_watertight
from onet_cli.meshes.clean import clean
from onet_cli.meshes.loaded import LoadedMesh
from onet_cli.meshes.read import load_mesh
from onet_cli.meshes.references import MeshFiles
from onet_cli.meshes.transform import transform
from onet_cli.preprocessing.placement import Placement, Up
from onet_cli.preprocessing.views import ViewOptions, take_views
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples

Solidify = Literal["auto", "always", "never"]


@dataclass(frozen=True)
class MeshSettings:
    """Settings of mesh conversion.

    `points` is the number of occupancy points and of surface samples, `near_points` the number of
    additional points near the surface (0: none); occupancy points are rounded up to a multiple of
    8. `resolution` is that of the grid for making a mesh watertight, in cells per side. `solidify`:
    `auto` keeps closed meshes, `always` remakes every mesh, `never` rejects meshes that are not
    closed. `up` is the axis that points up in the files.
    """

    points: int = 100_000
    near_points: int = 0
    resolution: int = 256
    solidify: Solidify = "auto"
    up: Up = "y"
    seed: int = 0
    views: ViewOptions = field(default_factory=ViewOptions)


class Draw(IntEnum):
    """Independent random streams, one per purpose."""

    POINTS = 1
    SURFACE = 2
    NEAR = 3
    VIEWS = 4


def shape_from_mesh(
    files: MeshFiles, name: str, shape_id: ShapeId, placement: Placement, settings: MeshSettings
) -> Shape:
    """Convert the mesh `name` in `files` to a shape.

    Random numbers depend only on `settings.seed` and `shape_id`. `extra["conversion"]` describes
    the conversion; licence and source hash are left to the caller.

    Raises:
        SourceError: the file is missing or has no usable mesh, or the mesh is not closed and
            `solidify` is `never`.
        InvalidGeometryError: the mesh cannot be made watertight.
    """
    loaded, cube = _in_unit_cube(clean(load_mesh(files, name)), placement, settings.up)
    closed = _solid(loaded.mesh, settings)

    def rng(draw: Draw) -> np.random.Generator:
        return np.random.default_rng([settings.seed, draw, *str(shape_id).encode()])

    return Shape(
        id=shape_id,
        unit_cube=cube,
        occupancy=_occupancy(closed.mesh, settings.points, rng(Draw.POINTS)),
        surface=_surface(closed.mesh, settings.points, rng(Draw.SURFACE)),
        near=_near(closed.mesh, settings.near_points, rng(Draw.NEAR)),
        views=take_views(loaded.mesh, loaded.appearance, rng(Draw.VIEWS), settings.views),
        extra={"conversion": _facts(loaded, closed, placement)},
    )


def _in_unit_cube(loaded: LoadedMesh, placement: Placement, up: Up) -> tuple[LoadedMesh, UnitCube]:
    """Return the placed mesh in the unit cube, and that cube in the frame of the file."""
    if len(loaded.mesh.faces) == 0:
        raise SourceError("all of its faces are degenerate")
    placed = placement.matrix(loaded.mesh.vertices, up)
    cube = UnitCube.around(loaded.mesh.vertices @ placed.T)
    matrix = np.eye(4)
    matrix[:3, :3] = placed / cube.scale
    matrix[:3, 3] = -np.asarray(cube.centre) / cube.scale
    return transform(loaded, matrix), cube


def _solid(mesh: Trimesh, settings: MeshSettings) -> ClosedMesh:
    if settings.solidify != "never":
        return make_watertight(mesh, settings.resolution, keep=settings.solidify == "auto")
    if flaw := find_flaw(mesh):
        raise SourceError(f"the mesh is {flaw}, and --solidify never does not repair it")
    return ClosedMesh(mesh, True, "", 0.0, 0.0, float(mesh.volume), ())


def _occupancy(mesh: Trimesh, count: int, rng: np.random.Generator) -> OccupancySamples:
    # Round before testing, so that every label is correct for the stored point.
    points = sample_cube(_whole_bytes(count), rng).astype(np.float16)
    return OccupancySamples(points, contains(mesh, points))


def _near(mesh: Trimesh, count: int, rng: np.random.Generator) -> OccupancySamples | None:
    if count == 0:
        return None
    points = sample_near_surface(mesh, _whole_bytes(count), rng).astype(np.float16)
    return OccupancySamples(points, contains(mesh, points))


def _surface(mesh: Trimesh, count: int, rng: np.random.Generator) -> SurfaceSamples:
    points, normals = sample_surface(mesh, count, rng)
    return SurfaceSamples(points.astype(np.float16), normals.astype(np.float16))


def _whole_bytes(count: int) -> int:
    return -(-count // 8) * 8


def _facts(loaded: LoadedMesh, closed: ClosedMesh, placement: Placement) -> dict[str, Any]:
    facts = {
        "input_vertices": len(loaded.mesh.vertices),
        "input_faces": len(loaded.mesh.faces),
        "closed_faces": len(closed.mesh.faces),
        "kept": closed.kept,
        "reason": closed.reason,
        "volume": round(closed.volume, 6),
        "surface_offset": round(closed.surface_offset, 6),
        "lost_share": round(closed.lost_share, 6),
        "warnings": [*loaded.warnings, *closed.warnings],
    }
    # Units of mesh files are unknown, unless a size in centimetres is given.
    return facts | ({"units": "cm"} if placement.size is not None else {})
