"""Test-time augmentation: the mean field of several copies of one photo.

A network of the picture's frame errs differently for a photo, its mirror image and a smaller copy
on a larger white ground, because neither left and right nor the size of the picture means anything
in its frame. The mean of the logits is better than either, and their difference tells how reliable
they are.

Source: flipped and scaled copies at test time: Krizhevsky et al., "ImageNet classification with
deep convolutional neural networks", NIPS 2012; Simonyan and Zisserman, ICLR 2015.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from onet_cli.models.decoder import PointDecoder
from onet_cli.models.encoders.maps import camera_of, with_camera
from onet_cli.models.frame import from_cube, to_cube
from onet_cli.models.network import OccupancyNetwork
from onet_cli.shapes.photo import resize_images


class PhotoCopy(NamedTuple):
    """A copy of a photo: how long its edges are, in those of the original, and whether flipped."""

    scale: float = 1.0
    flipped: bool = False

    def draw(self, images: Tensor, size: int) -> Tensor:
        """Return copies (B, 3, size, size) in [0, 1] of `images` (B, 3, H, W) uint8, on white."""
        pixels = resize_images(images, edge_of(self.scale, size))
        border = (size - pixels.shape[3]) // 2
        pixels = F.pad(pixels, [border] * 4, value=1.0)
        return pixels.flip(3) if self.flipped else pixels


def edge_of(scale: float, size: int) -> int:
    """Return the edge in pixels of a copy that is centred in `size` pixels, with equal borders."""
    return size - 2 * round((1 - scale) * size / 2)


def copies_of(scales: Sequence[float], flip: bool) -> tuple[PhotoCopy, ...]:
    """Return the copies of each of `scales`; with `flip`, also their mirror images."""
    flips = (False, True) if flip else (False,)
    return tuple(PhotoCopy(scale, flipped) for flipped in flips for scale in scales)


@dataclass(frozen=True)
class Ensemble:
    """The fields of the copies of one photo.

    Attributes:
        members: Map points (N, 3) of the network's cube, in the frame of the original, to logits.
        camera: (1, 2): mean of the predicted cameras, as seen in the original.
    """

    members: tuple[PointDecoder, ...]
    camera: Tensor

    @classmethod
    def of(
        cls, network: OccupancyNetwork, codes: Sequence[Tensor], copies: Sequence[PhotoCopy]
    ) -> "Ensemble":
        """Return the ensemble of `network`, of the picture's frame and in eval mode.

        Args:
            network: The network.
            codes: (1, C), of each copy.
            copies: As many, the first of which is the original.
        """
        size = network.spec.image_size
        ratios = [edge_of(copy.scale, size) / size for copy in copies]
        # Perspective per half edge of the picture: in a smaller copy there is more of it.
        units = [codes[0].new_tensor([1.0, ratio]) for ratio in ratios]
        cameras = [camera_of(code) * unit for code, unit in zip(codes, units, strict=True)]
        camera = torch.stack(cameras).mean(dim=0)
        members = []
        for code, unit, ratio, copy in zip(codes, units, ratios, copies, strict=True):
            decode = network.for_code(with_camera(code, camera / unit))
            members.append(_in_original(decode, ratio, copy.flipped))
        return cls(tuple(members), camera)

    def decode(self, points: Tensor) -> Tensor:
        """Return the mean logits (N,) at `points` (N, 3)."""
        total = self.members[0](points)
        for member in self.members[1:]:
            total = total + member(points)
        return total / len(self.members)


def _in_original(decode: PointDecoder, ratio: float, flipped: bool) -> PointDecoder:
    """Return `decode` of a copy for points in the frame of the original."""
    if ratio == 1 and not flipped:
        return decode

    def member(points: Tensor) -> Tensor:
        places = points if ratio == 1 else to_cube(from_cube(points) * ratio)
        return decode(places * places.new_tensor([-1.0, 1.0, 1.0]) if flipped else places)

    return member
