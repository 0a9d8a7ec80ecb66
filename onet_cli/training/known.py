"""What is known of training pictures: their cameras, and how their objects mirror themselves."""

from typing import NamedTuple

import torch
from torch import Tensor

from onet_cli.models.frame import PictureCamera
from onet_cli.models.mirror import BINS, STEP, Mirror
from onet_cli.training.dataset import Batch

LEAST, FULL = 0.7, 0.95
"""Symmetry, by `shapes.symmetry`, from which an object begins to be its mirror image, and is."""


class Known(NamedTuple):
    """What is known of B pictures.

    Attributes:
        camera: Where each was taken from.
        symmetry: (B, 36): from 0 to 1, how far its object is its own mirror image, at the angles of
            `models.mirror` in the object's own frame; NaN where that is not known.
    """

    camera: PictureCamera
    symmetry: Tensor

    @classmethod
    def of(cls, batch: Batch) -> "Known":
        """Return what is known of the pictures of `batch`."""
        return cls(PictureCamera.from_rows(batch.cameras), cls.clear(batch.symmetry))

    @staticmethod
    def clear(symmetry: Tensor) -> Tensor:
        """Return how far objects are their own mirror image, 0 to 1, by `shapes.symmetry`."""
        return ((symmetry - LEAST) / (FULL - LEAST)).clamp(0, 1)

    def mirrored(self, flips: Tensor) -> "Known":
        """Return the same of pictures of which those marked in `flips` (B,) are mirrored."""
        around = torch.cat([self.symmetry[:, :1], self.symmetry[:, 1:].flip(1)], dim=1)
        return Known(
            self.camera.mirrored(flips), torch.where(flips[:, None], around, self.symmetry)
        )

    def moved(self, scale: Tensor, shift: Tensor) -> "Known":
        """Return the same of pictures moved as `PictureCamera.moved` says."""
        return Known(self.camera.moved(scale, shift), self.symmetry)

    def centre(self, elevation: Tensor) -> Tensor:
        """Return x and z (B, 2) of the cubes' middles in the frames of cameras so high."""
        middle = self.camera.offset + self.camera.principal
        return torch.stack([middle[:, 0], middle[:, 1] * elevation.sin()], dim=1)

    def symmetry_in_picture(self) -> Tensor:
        """Return the symmetry (B, 36) at the angles of the picture's frame."""
        place = torch.arange(BINS, device=self.symmetry.device)
        return _between(self.symmetry, place - self.camera.azimuth[:, None] / STEP)

    def plane(self, logits: Tensor, centre: Tensor) -> Mirror:
        """Return a true mirror plane of each object: of several, the one that `logits` are for.

        Args:
            logits: (B, 36), as `mirror.find_plane` takes them.
            centre: (B, 2), of `centre`.
        """
        angles = torch.arange(BINS, device=logits.device) * STEP + self.camera.azimuth[:, None]
        expected = _between(torch.sigmoid(logits), angles / STEP)
        best = (self.symmetry.nan_to_num() * (expected + 0.05)).argmax(dim=1, keepdim=True)
        angle = angles.gather(1, best)[:, 0]
        return Mirror.through(centre, angle, self.symmetry.gather(1, best)[:, 0].nan_to_num())


def _between(values: Tensor, places: Tensor) -> Tensor:
    """Return `values` (B, 36), given all around, at `places` (B, K) between them."""
    low = places.floor()
    share = places - low
    first = low.long() % BINS
    return torch.lerp(values.gather(1, first), values.gather(1, (first + 1) % BINS), share)
