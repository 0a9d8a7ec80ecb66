"""What a reconstruction is: the mesh of a photo, and all that is known of it."""

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
    """A mesh in the unit-cube frame and how it came about.

    From a network of the picture's frame the mesh is upright, seen from +z in the photo, and
    fills the unit cube by its own box; `viewpoint` is then the camera that the photo is taken to
    have, and `agreement` the IoU of the mesh's outline from there with the object in the photo, if
    that can be told from its background; else both are None. Where the mesh is in pieces,
    `whole_at` is a threshold at which it would hardly be, if there is one. `signs` are what may
    tell a bad mesh, weighed by `doubt`, if the checkpoint knows how. `front` says where the
    object's front is, if that was asked for: the mesh faces +z where the network is sure enough.

    `seconds` is the wall time from photo to mesh, `evaluations` the number of points at which the
    field was evaluated on the grid (`rounds` of MISE, one number each), `threshold` the
    probability at the surface. `out_of_distribution` is how far the photo's code is from those
    of the training pictures, above 1 where it is unlike them; None if the checkpoint does not know.
    `calibrated` says whether `confidence` was corrected by how such claims turned out.
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
        """How high above the object the photo is taken to have been made, in degrees."""
        return None if self.viewpoint is None else self.viewpoint.elevation_deg

    @property
    def confidence(self) -> NDArray[np.float32] | None:
        """How sure the network is of each vertex (V,), 0 to 1; None if that was not asked for.

        With a calibrated checkpoint it is the probability that the true surface lies within 2 % of
        the longest edge, else what the network claims it to be.
        """
        known = self.mesh.vertex_attributes.get(CONFIDENCE)
        return None if known is None else np.asarray(known, np.float32)

    @property
    def unfamiliar(self) -> bool:
        """Whether the photo is unlike those that the network was trained on."""
        return self.out_of_distribution is not None and self.out_of_distribution > 1

    @property
    def bad_chance(self) -> float | None:
        """The probability that the mesh is bad: IoU under 0.2 at the best turn; None: unknown."""
        if self.doubt is None or self.signs is None:
            return None
        return probability(self.doubt, self.signs)

    @property
    def warning(self) -> str | None:
        """What is said of the mesh if it is likely to be bad; None if it is not, or unknown."""
        if self.doubt is None or self.signs is None:
            return UNFAMILIAR if self.unfamiliar else None
        return describe(self.signs) if is_doubtful(self.doubt, self.signs) else None

    def save(self, path: Path | str, scale_mm: float | None = None, up: Up = "y") -> Trimesh:
        """Write the mesh to `path`, whole or not at all, and return it as it was written.

        The suffix picks the format; `scale_mm` and `up` are those of `tidy.finish`.

        Raises:
            InvalidOptionError: the suffix is none that is written: .obj .ply .stl .glb .3mf .off.
        """
        return save_mesh(self.mesh, Path(path), scale_mm, up)
