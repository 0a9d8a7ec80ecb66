"""Compact text encoding of meshes and points for HTML pages."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.mesh import COLOUR, make_mesh

FARTHEST = 0.1
"""Maximum distance, to which larger ones are clipped, unit-cube frame."""

_STEPS = 65535

Packed = dict[str, Any]


def pack_mesh(mesh: Trimesh, distances: NDArray[np.floating]) -> Packed:
    """Encode a mesh and a distance per vertex (V,) as JSON-ready data.

    Positions are rounded to 1/65535 of the longest edge of the bounding box, distances to 1/255 of
    `FARTHEST`. Vertex colours are included, if any.
    """
    vertices = np.asarray(mesh.vertices)
    wide = len(vertices) > _STEPS + 1
    colours = mesh.vertex_attributes.get(COLOUR)
    return {
        **({} if colours is None else {"colours": _text(np.asarray(colours, np.uint8))}),
        **_pack_positions(vertices),
        "wide": wide,
        "faces": _text(np.asarray(mesh.faces, np.dtype("<u4" if wide else "<u2"))),
        "distances": _text(_bytes(distances)),
    }


def unpack_mesh(packed: Packed) -> tuple[Trimesh, NDArray[np.float64]]:
    """Decode a mesh and its distances (V,) from `pack_mesh`, without colours."""
    faces = np.frombuffer(base64.b64decode(packed["faces"]), "<u4" if packed["wide"] else "<u2")
    mesh = make_mesh(unpack_positions(packed), faces.reshape(-1, 3).astype(np.int64))
    distances = np.frombuffer(base64.b64decode(packed["distances"]), np.uint8)
    return mesh, distances.astype(np.float64) * (FARTHEST / 255)


def pack_points(
    points: NDArray[np.floating], normals: NDArray[np.floating], distances: NDArray[np.floating]
) -> Packed:
    """Encode points (N, 3), unit normals (N, 3) and distances (N,) as JSON-ready data.

    Normals are rounded to 1/127, the rest as in `pack_mesh`.
    """
    turned = np.clip(np.rint(np.asarray(normals, np.float64) * 127), -127, 127)
    return {
        **_pack_positions(np.asarray(points, np.float64)),
        "normals": _text(turned.astype(np.int8)),
        "distances": _text(_bytes(distances)),
    }


def unpack_positions(packed: Packed) -> NDArray[np.float64]:
    """Decode positions (N, 3)."""
    steps = np.frombuffer(base64.b64decode(packed["positions"]), "<u2").reshape(-1, 3)
    return np.asarray(steps * packed["step"] + np.array(packed["low"]), np.float64)


def _pack_positions(positions: NDArray[np.floating]) -> Packed:
    low, high = positions.min(axis=0), positions.max(axis=0)
    step = float((high - low).max()) / _STEPS or 1.0
    return {
        "low": [float(value) for value in low],
        "step": step,
        "positions": _text(np.rint((positions - low) / step).astype("<u2")),
    }


def _bytes(distances: NDArray[np.floating]) -> NDArray[np.uint8]:
    share = np.clip(np.asarray(distances, np.float64) / FARTHEST, 0, 1)
    return np.rint(share * 255).astype(np.uint8)


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
