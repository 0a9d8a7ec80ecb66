"""Test-time augmentation: the mean field of several copies of one photo.

A network of the picture's frame errs differently for a photo, its mirror image and a smaller copy
on a larger white ground, because neither left and right nor the size of the picture means anything
in its frame. The mean of the logits is better than either, and their difference tells how reliable
they are.

Source: flipped and scaled copies at test time: Krizhevsky et al., "ImageNet classification with
deep convolutional neural networks", NIPS 2012; Simonyan and Zisserman, ICLR 2015.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli.geometry.picture_frame import from_cube, shrinkage, stretch, to_cube
from onet_cli.models.code_layout import CAMERA_WIDTH, camera_of
from onet_cli.models.predictor import Floats, Points, Predictor
from onet_cli.shapes.photo_resize import resize_planes

MIRROR = np.array([-1, 1, 1], np.float32)


class PhotoCopy(NamedTuple):
    """A copy of a photo: how long its edges are, in those of the original, and whether flipped."""

    scale: float = 1.0
    flipped: bool = False

    def draw(self, image: NDArray[np.uint8], size: int) -> Floats:
        """Return the copy (3, size, size) in [0, 1] of `image` (3, H, W), on white."""
        pixels = resize_planes(image, edge_of(self.scale, size))
        border = (size - pixels.shape[2]) // 2
        edges = ((0, 0), (border, border), (border, border))
        pixels = np.pad(pixels, edges, constant_values=1) if border else pixels
        return np.ascontiguousarray(pixels[..., ::-1]) if self.flipped else pixels


def edge_of(scale: float, size: int) -> int:
    """Return the edge in pixels of a copy that is centred in `size` pixels, with equal borders."""
    return size - 2 * round((1 - scale) * size / 2)


def copies_of(scales: Sequence[float], flip: bool) -> tuple[PhotoCopy, ...]:
    """Return the copies of each of `scales`; with `flip`, also their mirror images."""
    flips = (False, True) if flip else (False,)
    return tuple(PhotoCopy(scale, flipped) for flipped in flips for scale in scales)


class Ensemble:
    """The mean field of the copies of one photo; implements `predictor.Points`.

    Attributes:
        members: The fields of the copies, in the frame of the original.
        camera: (1, 2): mean of the predicted cameras, as seen in the original.
    """

    def __init__(self, members: tuple[Points, ...], camera: Floats) -> None:
        self.members, self.camera = members, camera
        self.workers, self.rows = members[0].workers, members[0].rows

    @classmethod
    def of(
        cls, model: Predictor, codes: Sequence[Floats], copies: Sequence[PhotoCopy]
    ) -> "Ensemble":
        """Return the ensemble of `model`, of the picture's frame.

        Args:
            model: The model.
            codes: (1, C), of each copy.
            copies: As many, the first of which is the original.
        """
        size = model.info.spec.image_size
        ratios = [edge_of(copy.scale, size) / size for copy in copies]
        # Perspective per half edge of the picture: in a smaller copy there is more of it.
        units = [np.array([1, ratio], np.float32) for ratio in ratios]
        cameras = [camera_of(code) * unit for code, unit in zip(codes, units, strict=True)]
        camera = np.stack(cameras).mean(axis=0)
        members: list[Points] = []
        for code, unit, ratio, copy in zip(codes, units, ratios, copies, strict=True):
            points = model.for_code(with_camera(code, camera / unit))
            plain = ratio == 1 and not copy.flipped
            members.append(points if plain else CopyPoints(points, ratio, copy.flipped))
        return cls(tuple(members), camera)

    def __call__(self, points: Floats) -> Floats:
        """Return the mean logits (N,) at `points` (N, 3)."""
        total = self.members[0](points)
        for member in self.members[1:]:
            total = total + member(points)
        return total / np.float32(len(self.members))

    def with_gradient(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the mean logits (N,) at `points` (N, 3) and their gradients (N, 3)."""
        each = [member.with_gradient(points) for member in self.members]
        logits, slopes = (np.mean(part, axis=0) for part in zip(*each, strict=True))
        return logits, slopes


class CopyPoints:
    """The field of a copy for points in the frame of the original."""

    def __init__(self, points: Points, ratio: float, flipped: bool) -> None:
        self._points, self._ratio = points, ratio
        self._mirror = MIRROR if flipped else np.ones(3, np.float32)
        self.workers, self.rows = points.workers, points.rows

    def __call__(self, points: Floats) -> Floats:
        """Return the logits (N,) at `points` (N, 3)."""
        return self._points(self._placed(points) * self._mirror)

    def with_gradient(self, points: Floats) -> tuple[Floats, Floats]:
        """Return the logits (N,) at `points` (N, 3) and their gradients (N, 3)."""
        places = self._placed(points)
        logits, slopes = self._points.with_gradient(places * self._mirror)
        slopes = slopes * self._mirror
        if self._ratio != 1:
            slopes = (slopes * shrinkage(places) * self._ratio * stretch(points)).astype(np.float32)
        return logits, slopes

    def _placed(self, points: Floats) -> Floats:
        """Return `points` (N, 3) where the copy, not flipped, has them."""
        if self._ratio == 1:
            return points
        return to_cube(from_cube(points) * self._ratio).astype(np.float32)


def with_camera(code: Floats, camera: Floats) -> Floats:
    """Return the code (B, C) with `camera` (B, 2) replaced."""
    return np.concatenate([code[:, :-CAMERA_WIDTH], camera], axis=1)
