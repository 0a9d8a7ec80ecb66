"""The result of a reconstruction: a mesh and its metadata."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from trimesh import Trimesh

from onet_cli.geometry.mesh import CONFIDENCE
from onet_cli.models.calibration import Doubt
from onet_cli.reconstruction.doubt import Signs, describe, is_doubtful, probability
from onet_cli.reconstruction.front import FrontGuess
from onet_cli.reconstruction.out_of_distribution import WARNING as UNFAMILIAR
from onet_cli.reconstruction.settings import Up
from onet_cli.reconstruction.tidy import save_mesh
from onet_cli.reconstruction.viewpoint import Viewpoint


@dataclass(frozen=True)
class Reconstruction:
    """A mesh in the unit-cube frame, with metadata.

    With a network of the picture's frame, the mesh is upright, faces the photo's camera at +z, and
    its longest edge is 1; `viewpoint` is the predicted camera, and `agreement` the IoU of the
    mesh's silhouette with the object mask, if any; else both are None. If the mesh is in pieces,
    `whole_at` is a threshold at which it would be connected, if there is one. `signs` are
    indicators of a bad mesh for the predictor `doubt`, if the checkpoint has one. `front` is the
    predicted front, if requested; the mesh faces +z if its confidence is high enough.

    `seconds` is the wall time from photo to mesh, `evaluations` the number of evaluated grid points
    (`rounds`: per round of MISE), and `threshold` the probability at the surface.
    `out_of_distribution` is above 1 if the photo is unlike the training images; None if the
    checkpoint has no such score. `calibrated` is whether `confidence` was calibrated.
    """

    mesh: Trimesh
    seconds: float
    evaluations: int
    threshold: float
    rounds: tuple[int, ...] = ()
    out_of_distribution: float | None = None
    calibrated: bool = False
    whole_at: float | None = None
    viewpoint: Viewpoint | None = None
    agreement: float | None = None
    signs: Signs | None = None
    doubt: Doubt | None = None
    front: FrontGuess | None = None

    @property
    def elevation_deg(self) -> float | None:
        """Predicted elevation of the camera in degrees, or None."""
        return None if self.viewpoint is None else self.viewpoint.elevation_deg

    @property
    def confidence(self) -> NDArray[np.float32] | None:
        """Confidence of each vertex (V,), 0 to 1; None if not computed.

        It is the probability that the true surface is within 2 % of the longest edge, measured for
        calibrated checkpoints, and otherwise as predicted.
        """
        known = self.mesh.vertex_attributes.get(CONFIDENCE)
        return None if known is None else np.asarray(known, np.float32)

    @property
    def unfamiliar(self) -> bool:
        """Whether the photo is unlike the training images."""
        return self.out_of_distribution is not None and self.out_of_distribution > 1

    @property
    def bad_chance(self) -> float | None:
        """Probability of a bad mesh (IoU below 0.2 at the best rotation), or None if unknown."""
        if self.doubt is None or self.signs is None:
            return None
        return probability(self.doubt, self.signs)

    @property
    def warning(self) -> str | None:
        """The warning if the mesh is likely to be bad, else None."""
        if self.doubt is None or self.signs is None:
            return UNFAMILIAR if self.unfamiliar else None
        return describe(self.signs) if is_doubtful(self.doubt, self.signs) else None

    def save(self, path: Path | str, scale_mm: float | None = None, up: Up = "y") -> Trimesh:
        """Write the mesh to `path` atomically, and return the written mesh.

        The suffix selects the format; `scale_mm` and `up` are those of `tidy.finish`.

        Raises:
            InvalidOptionError: the suffix is not one of .obj .ply .stl .glb .3mf .off.
        """
        return save_mesh(self.mesh, Path(path), scale_mm, up)
