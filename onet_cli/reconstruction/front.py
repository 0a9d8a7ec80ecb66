"""Rotation of meshes so that the object's predicted front faces +z."""

import math
from dataclasses import dataclass

from trimesh import Trimesh

from onet_cli.models.calibration import Front
from onet_cli.models.front import (
    find_front,
    front_inputs,
    front_logits,
    occupied_rings,
    plane_angle,
    ring_points,
)
from onet_cli.models.predictor import Floats, Points
from onet_cli.reconstruction.viewpoint import Viewpoint, turn_mesh


@dataclass(frozen=True)
class FrontGuess:
    """Predicted azimuth of the camera relative to the object's front.

    `azimuth_deg` is 0 in front of the object and 90 at its +x; `confidence` is the probability that
    it is correct within 30 degrees. The mesh is `turned` to face +z if the confidence is high
    enough.
    """

    azimuth_deg: float
    confidence: float
    turned: bool

    @property
    def warning(self) -> str | None:
        """The warning if the confidence is too low, else None."""
        if self.turned:
            return None
        sure = f"{100 * self.confidence:.0f} %"
        return f"the object's front is uncertain ({sure}): the mesh faces as in the photo"


def guess_front(front: Front, code: Floats, points: Points) -> FrontGuess:
    """Predict the front for `code` (1, C), whose field is `points`."""
    rings = occupied_rings(points(ring_points(code)[0])[None])
    logits = front_logits(front.weights, front_inputs(code), rings)
    azimuth, chance = find_front(logits, plane_angle(code))
    confidence = float(chance[0])
    degrees = math.degrees(float(azimuth[0])) % 360
    return FrontGuess(degrees, confidence, confidence >= front.limit)


def face_front(
    mesh: Trimesh, viewpoint: Viewpoint | None, guess: FrontGuess | None
) -> tuple[Trimesh, Viewpoint | None]:
    """Return `mesh` and its `viewpoint`, turned by `guess` if it is confident enough."""
    if viewpoint is None or guess is None or not guess.turned:
        return mesh, viewpoint
    return turn_mesh(mesh, viewpoint, guess.azimuth_deg)
