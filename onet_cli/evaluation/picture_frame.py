"""Predictions of networks of the picture's frame, as written for users and placed by truth."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.errors import EmptySurfaceError, InvalidOptionError
from onet_cli.evaluation.measure import Truth
from onet_cli.evaluation.tasks import Prediction, Task
from onet_cli.files import read_text, write_text
from onet_cli.geometry.mesh import make_mesh
from onet_cli.meshes.read import read_mesh
from onet_cli.meshes.write import write_mesh
from onet_cli.reconstruction.agreement import agreement
from onet_cli.reconstruction.field import OccupancyField
from onet_cli.reconstruction.generator import MeshGenerator
from onet_cli.reconstruction.seen_view import SeenView
from onet_cli.reconstruction.upright import Standing
from onet_cli.reconstruction.viewpoint import Viewpoint

AS_SAID = "as the network says"
PLACING = "upright by the guessed camera, centred and scaled by its own box, azimuth from the truth"
"""Alignment of meshes with the ground truth, for networks of the object's and picture's frame."""


_STEP = 0.1


def predict_in_picture_frame(
    generator: MeshGenerator, task: Task, image: NDArray[np.uint8], truth: Truth, kept: Path | None
) -> Prediction:
    """Return the prediction of a network of the picture's frame for one view.

    `image` is (3, H, W) uint8. `kept` is the file in which its mesh is stored and reused.

    Raises:
        InvalidOptionError: the view has no camera.
    """
    if truth.camera is None:
        raise InvalidOptionError(
            f"{task.id} has no camera of view {task.view}",
            hint="networks of the picture's frame can only be evaluated on data with cameras",
        )
    made = generator.look(image)
    assert made.camera is not None  # for the type checker: the network is of the picture's frame
    field, seen = made.field, SeenView.of(truth.camera, made.camera)

    def contains(points: NDArray[np.float32]) -> NDArray[np.bool_]:
        return made.bare(seen.to_network(points)) >= made.bare.level

    try:
        if kept is None or not kept.is_file():
            mesh, placing = _make(generator, field, seen)
            if kept is not None:
                _keep(kept, mesh, placing)
        if kept is not None:
            # Read back even if just written: files round, and a second run must score the same.
            mesh, placing = read_mesh(kept), _read_placing(kept)
    except EmptySurfaceError as error:
        return Prediction(Trimesh(), contains, failure=str(error), agreement=0.0)
    placed = np.asarray(mesh.vertices) @ placing[:, :3].T + placing[:, 3]
    faces = np.asarray(mesh.faces)
    written = make_mesh(np.asarray(mesh.vertices) @ _turn(seen), faces)
    viewpoint = Viewpoint.of(made.camera, _standing(placing, seen))
    agreed = agreement(written, viewpoint, made.mask)
    return Prediction(mesh, contains, placed=make_mesh(placed, faces), agreement=agreed)


def _make(
    generator: MeshGenerator, field: OccupancyField, seen: SeenView
) -> tuple[Trimesh, NDArray[np.float64]]:
    """Return the mesh as written for users, at the true azimuth, and its placing matrix (3, 4).

    The matrix maps it to its position and scale according to the true camera.
    """
    surface, _ = generator.extract(field)
    standing = Standing.of(np.asarray(surface.vertices))
    mesh = make_mesh(seen.turned(standing.to_unit(surface.vertices)), np.asarray(surface.faces))
    # Both maps are affine, so three steps from the origin determine the matrix.
    steps = np.concatenate([np.zeros((1, 3)), _STEP * np.eye(3)])
    there = seen.to_unit(standing.to_network(steps))
    along = (there[1:] - there[0]).T / _STEP @ _turn(seen).T
    return mesh, np.column_stack([along, there[0]])


def _turn(seen: SeenView) -> NDArray[np.float64]:
    """Return the matrix (3, 3) of `SeenView.turned`."""
    return seen.turned(np.eye(3)).T


def _standing(placing: NDArray[np.float64], seen: SeenView) -> Standing:
    """Return the `Standing` of the mesh with `placing` (3, 4)."""
    centre, step = seen.to_picture(np.stack([placing[:, 3], placing[:, 3] + placing[:, 0]]))
    x, y, z = (float(value) for value in centre)
    return Standing((x, y, z), float(np.linalg.norm(step - centre)))


def _placing_file(kept: Path) -> Path:
    return kept.with_suffix(".placing.json")


def _keep(kept: Path, mesh: Trimesh, placing: NDArray[np.float64]) -> None:
    write_text(_placing_file(kept), json.dumps(placing.tolist()) + "\n")
    write_mesh(mesh, kept)  # last, so that its presence implies the placing


def _read_placing(kept: Path) -> NDArray[np.float64]:
    """Read the matrix written by `_keep`.

    Raises:
        InvalidOptionError: it is missing or damaged.
    """
    try:
        placing = np.array(json.loads(read_text(_placing_file(kept))), np.float64)
    except (OSError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InvalidOptionError(
            f"{_placing_file(kept)} cannot be read", hint=f"delete {kept} to create it again"
        ) from error
    if placing.shape != (3, 4) or not np.isfinite(placing).all():
        raise InvalidOptionError(f"{_placing_file(kept)} is not a finite 3 x 4 matrix")
    return placing
