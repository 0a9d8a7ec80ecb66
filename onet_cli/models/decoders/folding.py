"""A decoder with norms folded for one code: matrices with as few memory passes as possible.

At a width of 256 the products are so fast that every other pass over the activations matters.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from onet_cli.models.layers import NormalisedResidualBlock

LEAST_SCALE = 1e-30
"""Channels with a smaller scale are treated as constant: their knees would be infinite."""


@dataclass(frozen=True)
class FoldedBlock:
    """stream + relu(relu(scale * stream + shift) @ weight_0 + bias_0) @ weight_1."""

    scale: Tensor
    shift: Tensor
    weight_0: Tensor
    bias_0: Tensor
    weight_1: Tensor


def fold(block: NormalisedResidualBlock, code: Tensor, offset: Tensor) -> FoldedBlock:
    """Return `block` for `code` (1, C) on a stream without the constant `offset` (H,)."""
    # Biases on the residual stream are constants: they are summed in `offset` and added where the
    # stream is read, so that fc_1 and the addition become one accumulating GEMM.
    scale_0, shift_0 = (value[0] for value in block.bn_0.affine(code))
    scale_1, shift_1 = (value[0] for value in block.bn_1.affine(code))
    return FoldedBlock(
        scale=scale_0,
        shift=shift_0 + scale_0 * offset,
        weight_0=(block.fc_0.weight * scale_1[:, None]).t().contiguous(),
        bias_0=block.fc_0.bias * scale_1 + shift_1,
        weight_1=block.fc_1.weight.t().contiguous(),
    )


@dataclass(frozen=True)
class FoldedDecoder:
    """Points (N, 3) to logits (N,); with autograd in a form that is fast to differentiate."""

    weight_p: Tensor
    blocks: tuple[FoldedBlock, ...]
    scale: Tensor
    shift: Tensor
    weight_out: Tensor
    bias_out: Tensor
    _held: "_HeldDecoder" = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_held", _hold(self))

    def __call__(self, points: Tensor) -> Tensor:
        """Return the logits (N,) at `points` (N, 3)."""
        if not torch.is_grad_enabled():
            return self._held(points)
        stream = points @ self.weight_p
        for block in self.blocks:
            hidden = torch.addcmul(block.shift, stream, block.scale).relu_()
            hidden = torch.addmm(block.bias_0, hidden, block.weight_0).relu_()
            stream = torch.addmm(stream, hidden, block.weight_1)
        hidden = torch.addcmul(self.shift, stream, self.scale).relu_()
        return torch.mv(hidden, self.weight_out) + self.bias_out


@dataclass(frozen=True)
class Reading:
    """relu(a x + b) as scale * clamp(x, low, high) + shift: one pass, the rest is folded into
    matrices.

    Above the knee -b / a of a channel with a > 0 (below it with a < 0) the ReLU passes a x + b;
    elsewhere x is clamped to the knee, where a x + b is 0.
    """

    low: Tensor
    high: Tensor
    scale: Tensor
    shift: Tensor

    @classmethod
    def of(cls, scale: Tensor, shift: Tensor) -> "Reading":
        """Return the clamp equivalent to relu(`scale` x + `shift`), both (H,)."""
        flat = scale.abs() < LEAST_SCALE
        knee = torch.where(flat, 0.0, -shift / torch.where(flat, 1.0, scale))
        return cls(
            low=torch.where(flat | (scale > 0), knee, -torch.inf),
            high=torch.where(flat | (scale < 0), knee, torch.inf),
            scale=torch.where(flat, 0.0, scale),
            shift=torch.where(flat, shift.relu(), shift),
        )

    def __call__(self, stream: Tensor) -> Tensor:
        """Return `stream` (N, H) clamped at the knees."""
        return torch.clamp(stream, self.low, self.high)


@dataclass(frozen=True)
class _HeldBlock:
    reading: Reading
    weight_0: Tensor
    floor: Tensor
    weight_1: Tensor


@dataclass(frozen=True)
class _HeldDecoder:
    """The same function in three operations per block, two of them products; not for autograd."""

    weight_p: Tensor
    blocks: tuple[_HeldBlock, ...]
    reading: Reading
    weight_out: Tensor
    bias_out: Tensor

    def __call__(self, points: Tensor) -> Tensor:
        stream = points @ self.weight_p
        for block in self.blocks:
            hidden = block.reading(stream) @ block.weight_0
            torch.maximum(hidden, block.floor, out=hidden)
            stream.addmm_(hidden, block.weight_1)
        return torch.mv(self.reading(stream), self.weight_out) + self.bias_out


def _hold(folded: FoldedDecoder) -> _HeldDecoder:
    """Return `folded` with its ReLUs as bounds, and their constants moved to the next bounds.

    The inner ReLU is relu(x + b) = max(x, -b) + b; its b is passed through weight_1 to the stream.
    """
    missing = torch.zeros_like(folded.shift)  # constant omitted from the stream
    blocks = []
    for block in folded.blocks:
        reading = Reading.of(block.scale, block.shift + block.scale * missing)
        bias = block.bias_0 + reading.shift @ block.weight_0
        weight = (reading.scale[:, None] * block.weight_0).contiguous()
        blocks.append(_HeldBlock(reading, weight, -bias, block.weight_1))
        missing = missing + bias @ block.weight_1
    reading = Reading.of(folded.scale, folded.shift + folded.scale * missing)
    return _HeldDecoder(
        folded.weight_p,
        tuple(blocks),
        reading,
        reading.scale * folded.weight_out,
        folded.bias_out + reading.shift @ folded.weight_out,
    )
