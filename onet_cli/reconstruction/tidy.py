"""Post-processing of meshes: removal of small components, scaling, orientation and normals."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh
from trimesh.visual import TextureVisuals
from trimesh.visual.material import PBRMaterial

from onet_cli.geometry.components import component_volumes
from onet_cli.geometry.mesh import COLOUR, make_mesh
from onet_cli.geometry.normals import vertex_normals
from onet_cli.meshes.write import write_mesh
from onet_cli.reconstruction.settings import Up, check_scale

GREY, WHITE = (0.72, 0.72, 0.74, 1.0), (1.0, 1.0, 1.0, 1.0)
"""Base colours of the material in .glb files, without and with vertex colours."""

Vectors = NDArray[np.float64]


def drop_components(mesh: Trimesh, least: float = 0.0, *, largest: bool = False) -> Trimesh:
    """Return `mesh` without small components.

    The largest component is always kept. A cavity belongs to the smallest component whose bounding
    box contains it.

    Args:
        mesh: Closed, oriented outward.
        least: Minimum share of the total volume, 0 to 1.
        largest: Keep only the largest component.
    """
    if least <= 0 and not largest:
        return mesh
    piece, volumes = component_volumes(mesh)
    if len(volumes) == 1:
        return mesh
    solid = volumes > 0
    if largest:
        kept = np.zeros(len(volumes), dtype=np.bool_)
    else:
        kept = solid & (volumes >= least * volumes[solid].sum())
    kept[np.argmax(volumes)] = True
    if not solid.all():
        kept |= kept[_holders(mesh, piece, volumes)]
    if kept.all():
        return mesh
    faces = np.asarray(mesh.faces)[kept[piece]]
    used, numbers = np.unique(faces, return_inverse=True)
    return make_mesh(np.asarray(mesh.vertices)[used], numbers.reshape(-1, 3))


def _holders(mesh: Trimesh, piece: NDArray[np.int64], volumes: Vectors) -> NDArray[np.int64]:
    """Return for each component the one that it is a cavity of, or itself."""
    corners = np.asarray(mesh.vertices)[np.asarray(mesh.faces)]
    low = np.full((len(volumes), 3), np.inf)
    high = -low
    np.minimum.at(low, piece, corners.min(axis=1))
    np.maximum.at(high, piece, corners.max(axis=1))
    holders = np.arange(len(volumes))
    for cavity in np.flatnonzero(volumes <= 0):
        around = (low <= low[cavity]).all(axis=1) & (high >= high[cavity]).all(axis=1)
        around &= volumes > 0
        if around.any():
            holders[cavity] = np.argmin(np.where(around, volumes, np.inf))
    return holders


def finish(mesh: Trimesh, scale_mm: float | None = None, up: Up = "y") -> Trimesh:
    """Return `mesh` for writing: with normals, and optionally scaled and turned.

    Vertex attributes are kept.

    Args:
        mesh: In the unit-cube frame, +y up.
        scale_mm: Longest edge of the bounding box in millimetres; None: not scaled.
        up: The axis that points up. With "z", +y becomes +z, and the front (+z) becomes -y.

    Raises:
        InvalidOptionError: `scale_mm` is out of range.
    """
    vertices = np.array(mesh.vertices, dtype=np.float64)
    if scale_mm is not None:
        check_scale(scale_mm)
        vertices *= scale_mm / float(np.ptp(vertices, axis=0).max())
    if up == "z":
        vertices = vertices[:, [0, 2, 1]] * (1.0, -1.0, 1.0)
    faces = np.asarray(mesh.faces)
    normals = vertex_normals(vertices, faces)
    attributes = dict(mesh.vertex_attributes)
    return Trimesh(
        vertices, faces, vertex_normals=normals, vertex_attributes=attributes, process=False
    )


def save_mesh(mesh: Trimesh, path: Path, scale_mm: float | None = None, up: Up = "y") -> Trimesh:
    """Write `mesh` to `path` after `finish`, and return the written mesh.

    A .glb file gets a plain material, grey if the mesh has no vertex colours.

    Raises:
        InvalidOptionError: the suffix is not in `MESH_SUFFIXES`, or `scale_mm` is out of range.
        OnetError: the file cannot be written.
    """
    finished = finish(mesh, scale_mm, up)
    if path.suffix.lower() == ".glb":
        base = WHITE if COLOUR in finished.vertex_attributes else GREY
        material = PBRMaterial(  # type: ignore[no-untyped-call]
            name="onet", baseColorFactor=base, metallicFactor=0.0, roughnessFactor=0.8
        )
        finished.visual = TextureVisuals(material=material)  # type: ignore[no-untyped-call]
    write_mesh(finished, path)
    return finished
