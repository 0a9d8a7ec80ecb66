"""Points through feature planes in one kernel, on processors with suitable vector registers."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onet_cli._ext import planes as kernel
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import FARTHEST, LEAST_DEPTH, REACH

WIDEST = 16
"""Floats in the kernel's widest vector register, AVX-512's."""

Values = Any
"""An array, or a tensor on the CPU."""


def can_decode(width: int, widest: int = WIDEST) -> bool:
    """Return whether the kernel supports layers of `width` on this processor."""
    return width % kernel.WIDTH_STEP == 0 and kernel.is_possible(widest)


class Sight(NamedTuple):
    """Picture features for points in the picture's frame (`models.frame`).

    Attributes:
        local: Local features (L, S, S) of the picture.
        elevation: (), of its camera, in radians.
        kappa: (), its perspective per half edge of the picture.
        mirror: (3,), the object's mirror plane: angle, offset and trust; None if there is none.
    """

    local: Values
    elevation: Values
    kappa: Values
    mirror: Values | None = None


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

    planes: Values
    shift: Values
    first: Values
    weights: Values
    biases: Values
    weight_out: Values
    bias_out: Values
    sight: Sight | None = None


class PlanePoints:
    """The same for numpy arrays; calling it maps points (N, 3) to logits (N,).

    A bilinear look-up is a weighted mean of four cells, so the first layer's matrix is applied to
    the cells in advance, and points need no product with it. A tile of points passes through all
    layers before the next one, without the GIL. `widest` is the maximum number of floats in a
    vector register.
    """

    def __init__(self, layers: PointLayers, widest: int = WIDEST) -> None:
        planes, first, sight = _array(layers.planes), _array(layers.first), layers.sight
        count, channels = planes.shape[:2]
        read = count * channels
        of_features = first[:read].reshape(count, channels, -1)
        self.cells = _multiplied(planes, of_features)
        self.local: NDArray[np.float32] | None = None
        self.view: tuple[float, ...] | None = None
        self.facing: NDArray[np.float32] | None = None
        self.mirror: tuple[float, ...] | None = None
        of_point = first[read:]
        if sight is not None:
            local = _array(sight.local)
            width = len(local)
            matrices, of_point = [of_point[:width]], of_point[width:]
            if sight.mirror is not None:
                angle, offset, trust = _array(sight.mirror)
                of_point, of_image = of_point[:4], trust * of_point[4:]
                of_facing, of_image = of_image[:channels], of_image[channels:]
                self.facing = _multiplied(planes[:1], of_facing[None])[0]
                self.mirror = float(np.cos(angle)), float(np.sin(angle)), float(offset)
                matrices.append(of_image[:width])
                of_point = np.concatenate([of_point, of_image[width:]])
            repeated = np.broadcast_to(local, (len(matrices), *local.shape))
            self.local = _multiplied(repeated, np.stack(matrices))
            elevation = np.float32(sight.elevation)
            turn = float(np.sin(elevation)), float(np.cos(elevation))
            self.view = (*turn, float(sight.kappa), REACH, FARTHEST, LEAST_DEPTH)
        self.of_point = _array(of_point)
        self.shift, self.weight_out = _array(layers.shift), _array(layers.weight_out)
        self.weights, self.biases = _array(layers.weights), _array(layers.biases)
        self.bias_out, self._widest = float(layers.bias_out), widest

    def __call__(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the logits (N,) at `points` (N, 3) of the network's cube."""
        points = np.ascontiguousarray(points, dtype=np.float32)
        logits = np.empty(len(points), dtype=np.float32)
        kernel.decode(
            self.cells,
            self.shift,
            self.of_point,
            self.weights,
            self.biases,
            self.weight_out,
            self.bias_out,
            CUBE_EDGE,
            points,
            logits,
            self._widest,
            self.local,
            self.view,
            self.facing,
            self.mirror,
        )
        return logits


def _multiplied(planes: NDArray[np.float32], matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cells (n, P, P, H) of `planes` (n, K, P, P) times `matrices` (n, K, H)."""
    count, channels, side, _ = planes.shape
    cells = planes.reshape(count, channels, -1).transpose(0, 2, 1) @ matrices
    return _array(cells.reshape(count, side, side, -1))


def _array(values: Values) -> NDArray[np.float32]:
    """Return `values` contiguous in single precision."""
    return np.ascontiguousarray(values, dtype=np.float32)
