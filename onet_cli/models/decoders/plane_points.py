"""Decoders with feature planes in one kernel, on processors with suitable vector registers."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from onet_cli._ext import planes as kernel
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.frame import FARTHEST, LEAST_DEPTH, REACH

WIDEST = 16
"""Floats in the kernel's widest vector register, AVX-512's."""


def can_decode(width: int, device: str, widest: int = WIDEST) -> bool:
    """Return whether the kernel supports layers of `width` on `device` and this processor."""
    return device == "cpu" and width % kernel.WIDTH_STEP == 0 and kernel.is_possible(widest)


class Sight(NamedTuple):
    """Picture features for points in the picture's frame (`models.frame`).

    Attributes:
        local: Local features (L, S, S) of the picture.
        elevation: (), of its camera, in radians.
        kappa: (), its perspective per half edge of the picture.
        mirror: (3,), the object's mirror plane: angle, offset and trust; None if there is none.
    """

    local: Tensor
    elevation: Tensor
    kappa: Tensor
    mirror: Tensor | None = None

    def copy(self) -> "Sight":
        """Return a copy with cloned tensors."""
        return Sight(*(None if part is None else part.clone() for part in self))  # type: ignore[arg-type]


class PointLayers(NamedTuple):
    """The layers that a decoder with feature planes applies to points, for one code.

    Attributes:
        planes: Features (3, K, P, P).
        shift: (H,): the first layer's, including the code's contribution.
        first: Its matrix (3 K + 3, H), for the planes' features and the point itself; with a
            `sight` (3 K + L + 4, H), for these, the local features, the point and its nearness;
            with a mirror plane K + L + 4 more rows, for the first plane's features, the local ones,
            position and nearness of the point's mirror image, times the trust.
        weights: (2, H, H): the residual block's, inputs by outputs.
        biases: (2, H).
        weight_out: (H,): the last layer's.
        bias_out: ().
        sight: The picture's features sampled at each point's projection; None if there are none.
    """

    planes: Tensor
    shift: Tensor
    first: Tensor
    weights: Tensor
    biases: Tensor
    weight_out: Tensor
    bias_out: Tensor
    sight: Sight | None = None


class PlanePoints:
    """The same for numpy arrays; calling it maps points (N, 3) to logits (N,).

    A bilinear look-up is a weighted mean of four cells, so the first layer's matrix is applied to
    the cells in advance, and points need no product with it. A tile of points passes through all
    layers before the next one, without the GIL. `widest` is the maximum number of floats in a
    vector register.
    """

    def __init__(self, layers: PointLayers, widest: int = WIDEST) -> None:
        (count, channels), sight = layers.planes.shape[:2], layers.sight
        read = count * channels
        of_features = layers.first[:read].view(count, channels, -1)
        self._cells = _array(_multiplied(layers.planes, of_features))
        self._local: NDArray[np.float32] | None = None
        self._look: tuple[float, ...] | None = None
        self._facing: NDArray[np.float32] | None = None
        self._mirror: tuple[float, ...] | None = None
        of_point = layers.first[read:]
        if sight is not None:
            width = len(sight.local)
            matrices, of_point = [of_point[:width]], of_point[width:]
            if sight.mirror is not None:
                angle, offset, trust = sight.mirror
                of_point, of_image = of_point[:4], trust * of_point[4:]
                of_facing, of_image = of_image[:channels], of_image[channels:]
                self._facing = _array(_multiplied(layers.planes[:1], of_facing[None])[0])
                self._mirror = float(angle.cos()), float(angle.sin()), float(offset)
                matrices.append(of_image[:width])
                of_point = torch.cat([of_point, of_image[width:]])
            local = sight.local.expand(len(matrices), -1, -1, -1)
            self._local = _array(_multiplied(local, torch.stack(matrices)))
            turn = float(sight.elevation.sin()), float(sight.elevation.cos())
            self._look = (*turn, float(sight.kappa), REACH, FARTHEST, LEAST_DEPTH)
        self._of_point = _array(of_point)
        self._shift, self._weight_out = _array(layers.shift), _array(layers.weight_out)
        self._weights, self._biases = _array(layers.weights), _array(layers.biases)
        self._bias_out, self._widest = float(layers.bias_out), widest

    def __call__(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (N,) at `points` (N, 3) of the network's cube."""
        points = np.ascontiguousarray(points, dtype=np.float32)
        logits = np.empty(len(points), dtype=np.float32)
        kernel.decode(
            self._cells,
            self._shift,
            self._of_point,
            self._weights,
            self._biases,
            self._weight_out,
            self._bias_out,
            CUBE_EDGE,
            points,
            logits,
            self._widest,
            self._local,
            self._look,
            self._facing,
            self._mirror,
        )
        return logits


def _multiplied(planes: Tensor, matrices: Tensor) -> Tensor:
    """Return the cells (n, P, P, H) of `planes` (n, K, P, P) times `matrices` (n, K, H)."""
    cells = planes.flatten(2).transpose(1, 2) @ matrices
    return cells.view(len(planes), *planes.shape[2:], -1)


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().contiguous().numpy()
    return array
