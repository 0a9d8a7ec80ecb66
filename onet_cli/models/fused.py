"""Batch norm, ReLU and the next layer as one step, for training on CPUs.

As separate modules, each reads and writes all rows of a batch, 34 MB for the paper's decoder at 16
x 2048 points, and the passes over memory take as long as the matrix products. Here a few hundred
rows at a time go through all steps while they are in the cache. For the backward pass only the
input rows are kept; the ReLU's output is recomputed.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from onet_cli._ext import rows as kernel
from onet_cli.models.cpu_training import in_single, trains_on_cpu

BLOCK = 2**17
"""Numbers in a block of rows: half a megabyte, so that three fit into an L2 cache."""


def can_fuse(norm: nn.Module, features: Tensor) -> bool:
    """Return whether `norm_relu_linear` replaces `norm` and the following layers."""
    return (
        type(norm) is nn.BatchNorm1d  # and not its synchronised form
        and norm.training
        and trains_on_cpu(features)
        and in_single(features)
        and features.shape[:-1].numel() > 1  # last: it makes an export's sizes static
    )


def norm_relu_linear(
    features: Tensor,
    norm: nn.BatchNorm1d,
    affine: tuple[Tensor, Tensor],
    layer: nn.Linear,
    residual: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return layer(relu(norm(features) * scale + shift)), plus `residual`; and the features again.

    `norm` is in training mode: it normalises by batch statistics and updates running ones. Its own
    scale and shift, if any, are ignored. Callers that reuse the features should take the returned
    ones: their gradients are then summed in one pass.

    Args:
        features: (B, T, H) float32, normalised over B and T.
        norm: keeps the running statistics.
        affine: scale and shift per sample, (B, H) each.
        layer: from H to K.
        residual: (B, T, K).
    """
    features = features.contiguous()
    mean, inverse = normalise_by(norm, features.flatten(0, 1))
    scale, shift = (part.contiguous() for part in affine)
    arguments = (features, mean, inverse, scale, shift, layer.weight, layer.bias, residual)
    result, kept = _NormReluLinear.apply(*arguments)  # type: ignore[no-untyped-call]
    return result, kept


@torch.no_grad()
def row_statistics(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and biased variance, (H,) each, of `rows` (N, H) float32."""
    mean, variance = torch.empty(2, rows.shape[1], dtype=torch.float64)
    kernel.moments(_array(rows), mean.numpy(), variance.numpy())
    return mean.to(rows.dtype), variance.to(rows.dtype)


@torch.no_grad()
def normalise_by(norm: nn.BatchNorm1d, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and 1 / deviation of `rows` (N, H); update `norm`'s running statistics."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None  # for the type checker: the networks' norms have all of them
    mean, variance = row_statistics(rows)
    norm.num_batches_tracked += 1
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (len(rows) / (len(rows) - 1)), norm.momentum)
    return mean, torch.rsqrt(variance + norm.eps)


class _NormReluLinear(torch.autograd.Function):
    """See `norm_relu_linear`. Saves only the input rows for the backward pass.

    The ReLU's output is recomputed, a block of rows at a time, as in the forward pass.
    """

    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        mean: Tensor,
        inverse: Tensor,
        scale: Tensor,
        shift: Tensor,
        weight: Tensor,
        bias: Tensor,
        residual: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Return the result (B, T, K), and `features`."""
        ctx.save_for_backward(features, mean, inverse, scale, shift, weight)
        ctx.set_materialize_grads(False)
        result = features.new_empty((*features.shape[:2], len(weight)))
        out, level = _array(result), _array(bias)
        other = None if residual is None else _array(residual.contiguous())
        hidden = _Hidden(features, _Normalised(mean, inverse, scale, shift), weight)
        for block in hidden.blocks():
            torch.mm(hidden.at(block), weight.t(), out=block.of(result))
            kernel.add(out, level, other, *block)
        return result, features

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, kept: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the gradients of `forward`'s inputs; `kept` is that of the returned features."""
        features, *normalised, weight = ctx.saved_tensors
        norm = _Normalised(*normalised)
        gradient, by_features = gradient.contiguous(), torch.empty_like(features)
        by_weight, by_bias = torch.zeros_like(weight), weight.new_zeros(len(weight))
        sums, products = torch.zeros(2, *norm.scale.shape)
        dz, x = _array(by_features), _array(features)
        hidden, totals = _Hidden(features, norm, weight), (_array(sums), _array(products))
        for block in hidden.blocks():
            active, given = hidden.at(block), block.of(gradient)
            by_weight.addmm_(given.t(), active)
            by_bias += given.sum(dim=0)
            torch.mm(given, weight, out=block.of(by_features))
            kernel.mask(dz, _array(active), x, *block, *totals)
        by_scale, *affine = norm.gradient(sums, products, features.shape[:2].numel())
        other = None if kept is None else _array(kept.contiguous())
        kernel.combine(dz, x, other, *map(_array, affine))
        passed = gradient if ctx.needs_input_grad[7] else None
        return by_features, None, None, by_scale, sums, by_weight, by_bias, passed


class _Normalised(NamedTuple):
    """z = scale * (x - mean) * inverse + shift, of rows (B, T, H).

    `mean` and `inverse`, 1 / standard deviation, are (H,); `scale` and `shift` (B, H).
    """

    mean: Tensor
    inverse: Tensor
    scale: Tensor
    shift: Tensor

    def affine(self) -> tuple[Tensor, Tensor]:
        """Return a and b, (B, H) each, of z = a * x + b."""
        factors = self.scale * self.inverse
        return factors, torch.addcmul(self.shift, factors, self.mean, value=-1)

    def gradient(
        self, sums: Tensor, products: Tensor, count: int
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return dscale (B, H), and a (B, H), p and q (H,) of dx = a * dz + p * x + q.

        The second and third term come from the statistics, of `count` rows in all. `sums` and
        `products` (B, H) are the sums of dz and of x * dz over each sample's rows; the former is
        also dshift.
        """
        by_scale = self.inverse * (products - self.mean * sums)
        slope = -self.inverse.square() * (self.scale * by_scale).sum(dim=0) / count
        level = -self.inverse * (self.scale * sums).sum(dim=0) / count - slope * self.mean
        return by_scale, self.scale * self.inverse, slope, level


class _Block(NamedTuple):
    """Rows of a sample."""

    sample: int
    start: int
    stop: int

    def of(self, features: Tensor) -> Tensor:
        """Return those rows (R, H) of `features` (B, T, H)."""
        return features[self.sample, self.start : self.stop]


class _Hidden:
    """The values between norm and layer, one block of rows at a time, in a reused buffer."""

    def __init__(self, features: Tensor, norm: _Normalised, weight: Tensor) -> None:
        self._shape = features.shape
        self._rows = max(1, BLOCK // max(weight.shape))
        self._room = features.new_empty(self._rows, features.shape[2])
        self._features, self._out = _array(features), _array(self._room)
        self._factors, self._offsets = map(_array, norm.affine())

    def blocks(self) -> Iterator[_Block]:
        """Yield all rows of all samples."""
        for sample in range(self._shape[0]):
            for start in range(0, self._shape[1], self._rows):
                yield _Block(sample, start, min(start + self._rows, self._shape[1]))

    def at(self, block: _Block) -> Tensor:
        """Return relu(a * rows + b), valid until the next call."""
        kernel.activate(self._features, self._factors, self._offsets, *block, self._out)
        return self._room[: block.stop - block.start]


def _array(tensor: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = tensor.detach().numpy()
    return array
