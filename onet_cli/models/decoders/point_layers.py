"""The layers applied to points after the look-up in planes, fused for training on CPUs.

As separate layers, each reads and writes all points of a batch, 14 MB at 16 x 2304 points and a
width of 96, which takes as long as the products. Here some hundred points at a time pass through
all layers while they are in the cache, in the backward pass too. Points remain columns, as returned
by the look-up.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from onet_cli.models.cpu_training import in_single, trains_on_cpu
from onet_cli.models.layers import PreActivationBlock

BLOCK = 2**17
"""Numbers in a block of columns: half a megabyte, so that two fit into an L2 cache."""


def point_logits(
    features: Tensor, shift: Tensor, first: nn.Linear, block: PreActivationBlock, last: nn.Linear
) -> Tensor:
    """Return last(relu(block(first(features) + shift))), (B, T).

    Args:
        features: (B, F, T), one column per point.
        shift: (B, H), per sample.
        first: from F to H, without bias.
        block: of the width H.
        last: from H to 1.
    """
    layers = block.fc_0, block.fc_1, last
    if block.training and _can_fuse(features):
        weights = [part for layer in layers for part in (layer.weight, layer.bias)]
        logits: Tensor = _PointLayers.apply(features, shift, first.weight, *weights)  # type: ignore[no-untyped-call]
        return logits
    hidden = block(first(features.transpose(1, 2)) + shift.unsqueeze(1))
    logits = last(F.relu(hidden))
    return logits.squeeze(-1)


def _can_fuse(features: Tensor) -> bool:
    return trains_on_cpu(features) and in_single(features)


class _Weights(NamedTuple):
    """The layers' weights, outputs by inputs."""

    first: Tensor
    weight_0: Tensor
    bias_0: Tensor
    weight_1: Tensor
    bias_1: Tensor
    weight_out: Tensor
    bias_out: Tensor


class _PointLayers(torch.autograd.Function):
    """See `point_logits`. Saves the ReLUs' inputs or outputs for the backward pass."""

    @staticmethod
    def forward(ctx: Any, features: Tensor, shift: Tensor, *weights: Tensor) -> Tensor:
        """Return the logits (B, T)."""
        layers = _Weights(*weights)
        features = features.contiguous()
        count, _, points = features.shape
        width = len(layers.first)
        hidden, inner, outer = features.new_empty(3, count, width, points)
        logits = features.new_empty(count, points)
        biases = layers.bias_0[:, None], layers.bias_1[:, None]
        for part in _blocks(count, points, width):
            before, middle, after = part.of(hidden), part.of(inner), part.of(outer)
            torch.addmm(shift[part.sample, :, None], layers.first, part.of(features), out=before)
            torch.addmm(biases[0], layers.weight_0, before.clamp_min(0), out=middle).clamp_min_(0)
            torch.addmm(biases[1], layers.weight_1, middle, out=after).add_(before)
            ends = part.of(logits[:, None])
            torch.addmm(layers.bias_out, layers.weight_out, after.clamp_min(0), out=ends)
        ctx.save_for_backward(features, hidden, inner, outer, *weights)
        return logits

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        """Return the gradients of all inputs of `forward`."""
        features, hidden, inner, outer, *weights = ctx.saved_tensors
        layers, gradient = _Weights(*weights), gradient.contiguous()[:, None]
        by_features = torch.empty_like(features)
        by_shift = features.new_zeros(len(features), len(layers.first))
        by = _Weights(*(torch.zeros_like(weight) for weight in layers))
        first, weight_0, weight_1 = (
            weight.t().contiguous() for weight in (layers.first, layers.weight_0, layers.weight_1)
        )
        for part in _blocks(len(features), features.shape[2], len(layers.first)):
            before, middle, after = part.of(hidden), part.of(inner), part.of(outer)
            given = part.of(gradient)
            by.weight_out.addmm_(given, after.clamp_min(0).t())
            by_after = _through(layers.weight_out.t() * given, after)
            by.weight_1.addmm_(by_after, middle.t())
            by.bias_1.add_(by_after.sum(dim=1))
            by_middle = _through(weight_1 @ by_after, middle)
            by.weight_0.addmm_(by_middle, before.clamp_min(0).t())
            by.bias_0.add_(by_middle.sum(dim=1))
            by_before = _through(weight_0 @ by_middle, before).add_(by_after)
            by.first.addmm_(by_before, part.of(features).t())
            by_shift[part.sample].add_(by_before.sum(dim=1))
            torch.mm(first, by_before, out=part.of(by_features))
        by.bias_out.copy_(gradient.sum())
        return by_features, by_shift, *by


def _through(gradient: Tensor, before: Tensor) -> Tensor:
    """Return `gradient` masked by the ReLU of `before`, in place."""
    return torch.ops.aten.threshold_backward.grad_input(gradient, before, 0, grad_input=gradient)  # type: ignore[no-any-return]


class _Block(NamedTuple):
    """Points of a sample."""

    sample: int
    start: int
    stop: int

    def of(self, columns: Tensor) -> Tensor:
        """Return those columns (H, R) of `columns` (B, H, T)."""
        return columns[self.sample, :, self.start : self.stop]


def _blocks(count: int, points: int, width: int) -> Iterator[_Block]:
    """Yield all points of all samples, about `BLOCK` numbers at a time."""
    parts = -(-points * width // BLOCK)
    size = -(-points // parts)
    for sample in range(count):
        for start in range(0, points, size):
            yield _Block(sample, start, min(start + size, points))
