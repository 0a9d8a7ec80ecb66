"""Annotations of training images: cameras, and mirror symmetry of the objects."""

from typing import NamedTuple

import torch
from torch import Tensor

from onet_cli.models.code_layout import BINS
from onet_cli.models.frame import PictureCamera
from onet_cli.models.mirror import STEP, Mirror
from onet_cli.training.dataset import Batch

LEAST, FULL = 0.7, 0.95
"""Values of `shapes.symmetry` that map to a symmetry of 0 and of 1."""


class Annotations(NamedTuple):
    """Annotations of B images.

    Attributes:
        camera: Camera of each image.
        symmetry: (B, 36) mirror symmetry of its object, 0 to 1, at the angles of `models.mirror` in
            the object's frame; NaN if unknown.
    """

    camera: PictureCamera
    symmetry: Tensor

    @classmethod
    def of(cls, batch: Batch) -> "Annotations":
        """Return the annotations of the images of `batch`."""
        return cls(PictureCamera.from_rows(batch.cameras), cls.clear(batch.symmetry))

    @staticmethod
    def clear(symmetry: Tensor) -> Tensor:
        """Map values of `shapes.symmetry` to 0..1."""
        return ((symmetry - LEAST) / (FULL - LEAST)).clamp(0, 1)

    def mirrored(self, flips: Tensor) -> "Annotations":
        """Return the annotations after mirroring the images marked in `flips` (B,)."""
        around = torch.cat([self.symmetry[:, :1], self.symmetry[:, 1:].flip(1)], dim=1)
        return Annotations(
            self.camera.mirrored(flips), torch.where(flips[:, None], around, self.symmetry)
        )

    def moved(self, scale: Tensor, shift: Tensor) -> "Annotations":
        """Return the annotations after `PictureCamera.moved`."""
        return Annotations(self.camera.moved(scale, shift), self.symmetry)

    def centre(self, elevation: Tensor) -> Tensor:
        """Return x and z (B, 2) of the cubes' centres in the picture's frame at `elevation`."""
        middle = self.camera.offset + self.camera.principal
        return torch.stack([middle[:, 0], middle[:, 1] * elevation.sin()], dim=1)

    def symmetry_in_picture(self) -> Tensor:
        """Return the symmetry (B, 36) at the angles of the picture's frame."""
        place = torch.arange(BINS, device=self.symmetry.device)
        return _between(self.symmetry, place - self.camera.azimuth[:, None] / STEP)

    def plane(self, logits: Tensor, centre: Tensor) -> Mirror:
        """Return a true mirror plane of each object: of several, the one preferred by `logits`.

        Args:
            logits: (B, 36), as in `mirror.find_plane`.
            centre: (B, 2), from `centre`.
        """
        angles = torch.arange(BINS, device=logits.device) * STEP + self.camera.azimuth[:, None]
        expected = _between(torch.sigmoid(logits), angles / STEP)
        best = (self.symmetry.nan_to_num() * (expected + 0.05)).argmax(dim=1, keepdim=True)
        angle = angles.gather(1, best)[:, 0]
        return Mirror.through(centre, angle, self.symmetry.gather(1, best)[:, 0].nan_to_num())


def _between(values: Tensor, places: Tensor) -> Tensor:
    """Interpolate the periodic `values` (B, 36) linearly at `places` (B, K)."""
    low = places.floor()
    share = places - low
    first = low.long() % BINS
    return torch.lerp(values.gather(1, first), values.gather(1, (first + 1) % BINS), share)
