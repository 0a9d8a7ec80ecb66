"""Batch norm, ReLU and the next layer as one step, for training on CPUs.

Module by module, each of them reads and writes all rows of a batch, 34 MB for the paper's decoder
at 16 x 2048 points, and the passes over memory take as long as the matrices. Here a few hundred
rows at a time go through all of it while they are in the cache. For the backward pass only the rows
that came in are kept; what the ReLU gave is computed again.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

BLOCK = 2**17
"""Numbers in a block of rows: half a megabyte, so that three fit into a second-level cache."""


def can_fuse(norm: nn.Module, features: Tensor) -> bool:
    """Return whether `norm_relu_linear` takes the place of `norm` and what follows it."""
    return (
        type(norm) is nn.BatchNorm1d  # and not its synchronised form
        and norm.training
        and features.device.type == "cpu"
        and features.dtype == torch.float32
        and torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and features.shape[:-1].numel() > 1  # last: asked, it would fix the sizes of an export
    )


def norm_relu_linear(
    features: Tensor,
    norm: nn.BatchNorm1d,
    affine: tuple[Tensor, Tensor],
    layer: nn.Linear,
    residual: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return layer(relu(norm(features) * scale + shift)), plus `residual`; and the features again.

    `norm` is in training mode: it normalises by the rows' own statistics and keeps running ones.
    Its own scale and shift, if it has any, are not looked at. Who needs the features once more
    takes them from here: their gradients are then added up in one pass.

    Args:
        features: (B, T, H) float32, normalised over B and T.
        norm: keeps the running statistics.
        affine: scale and shift, (B, H) each, of a sample's points.
        layer: from H to K.
        residual: (B, T, K).
    """
    features = features.contiguous()
    mean, variance = row_statistics(features.flatten(0, 1))
    track(norm, mean, variance, features.shape[0] * features.shape[1])
    inverse = torch.rsqrt(variance + norm.eps)
    arguments = (features, mean, inverse, *affine, layer.weight, layer.bias, residual)
    result, kept = _NormReluLinear.apply(*arguments)  # type: ignore[no-untyped-call]
    return result, kept


@torch.no_grad()
def row_statistics(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and biased variance, (H,) each, of `rows` (N, H)."""
    blocks = torch.split(rows, max(1, BLOCK // rows.shape[1]))
    means, squares = [], []
    for block in blocks:
        means.append(block.mean(dim=0))
        # About the block's own mean, so that nothing cancels.
        squares.append(torch.sub(block, means[-1]).square_().sum(dim=0))
    counts = torch.tensor([len(block) for block in blocks], dtype=torch.float64)[:, None]
    centres = torch.stack(means).double()
    mean = (centres * counts).sum(dim=0) / len(rows)
    spread = ((centres - mean).square() * counts).sum(dim=0)
    variance = (torch.stack(squares).double().sum(dim=0) + spread) / len(rows)
    return mean.to(rows.dtype), variance.to(rows.dtype)


@torch.no_grad()
def track(norm: nn.modules.batchnorm._BatchNorm, mean: Tensor, variance: Tensor, n: int) -> None:
    """Update the running statistics of `norm` by those of `n` rows."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None  # for the type checker: the networks' norms have all of them
    norm.num_batches_tracked += 1
    norm.running_mean.lerp_(mean, norm.momentum)
    norm.running_var.lerp_(variance * (n / max(n - 1, 1)), norm.momentum)


class _NormReluLinear(torch.autograd.Function):
    """See `norm_relu_linear`. The gradient by the features is also that through their statistics.

    With z = a * x + b, a = scale / deviation and b = shift - a * mean, batch norm's gradient comes
    out as dx = a * dz + p * x + q, where p and q (H,) follow from the sums of dz and of x * dz: one
    pass for the sums, in which the matrices are, and one for dx.
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
        factors, offsets = _affine(mean, inverse, scale, shift)
        result = features.new_empty((*features.shape[:2], len(weight)))
        added = result if residual is None else residual.contiguous()
        hidden = _Hidden(factors, offsets, weight)
        for sample, (x, out, add) in hidden.blocks(features, result, added):
            torch.addmm(bias, hidden.of(sample, x), weight.t(), out=out)
            if residual is not None:
                out.add_(add)
        return result, features

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, kept: Tensor | None) -> tuple[Tensor | None, ...]:
        """Return the gradients of all that `forward` took; `kept` is that of the features' use."""
        features, mean, inverse, scale, shift, weight = ctx.saved_tensors
        factors, offsets = _affine(mean, inverse, scale, shift)
        gradient, by_features = gradient.contiguous(), torch.empty_like(features)
        by_weight, by_bias = torch.zeros_like(weight), weight.new_zeros(len(weight))
        sums, products = torch.zeros_like(scale), torch.zeros_like(scale)
        hidden = _Hidden(factors, offsets, weight)
        for sample, (x, dz, given) in hidden.blocks(features, by_features, gradient):
            active = hidden.of(sample, x)
            by_weight.addmm_(given.t(), active)
            by_bias += given.sum(dim=0)
            torch.mm(given, weight, out=dz)
            torch.ops.aten.threshold_backward.grad_input(dz, active, 0, grad_input=dz)
            sums[sample] += dz.sum(dim=0)
            products[sample] += torch.mul(dz, x, out=active).sum(dim=0)
        by_scale = inverse * (products - mean * sums)
        count = features.shape[0] * features.shape[1]
        slope = -inverse.square() * (scale * by_scale).sum(dim=0) / count
        level = -inverse * (scale * sums).sum(dim=0) / count - slope * mean
        others = by_features if kept is None else kept.contiguous()
        for sample, (x, dx, other) in hidden.blocks(features, by_features, others):
            dx.mul_(factors[sample]).add_(torch.addcmul(level, x, slope, out=hidden.room(x)))
            if kept is not None:
                dx.add_(other)
        passed = gradient if ctx.needs_input_grad[7] else None
        return by_features, None, None, by_scale, sums, by_weight, by_bias, passed


def _affine(mean: Tensor, inverse: Tensor, scale: Tensor, shift: Tensor) -> tuple[Tensor, Tensor]:
    """Return a and b, (B, H) each."""
    factors = scale * inverse
    return factors, torch.addcmul(shift, factors, mean, value=-1)


class _Hidden:
    """What lies between the norm and the layer, a block of rows at a time, always in one place."""

    def __init__(self, factors: Tensor, offsets: Tensor, weight: Tensor) -> None:
        self._rows = max(1, BLOCK // max(weight.shape))
        self._factors, self._offsets = factors.unbind(), offsets.unbind()
        self._room = factors.new_empty(self._rows, factors.shape[1])

    def blocks(self, *parts: Tensor) -> Iterator[tuple[int, tuple[Tensor, ...]]]:
        """Yield the number of a sample and blocks of its rows in each of `parts` (B, T, ...)."""
        for sample in range(len(parts[0])):
            split = (torch.split(part[sample], self._rows) for part in parts)
            for blocks in zip(*split, strict=True):
                yield sample, blocks

    def room(self, rows: Tensor) -> Tensor:
        """Return memory for a block the size of `rows` (R, H)."""
        return self._room[: len(rows)]

    def of(self, sample: int, rows: Tensor) -> Tensor:
        """Return relu(a * rows + b), valid until asked for again."""
        offset, factor = self._offsets[sample], self._factors[sample]
        return torch.addcmul(offset, rows, factor, out=self.room(rows)).relu_()
