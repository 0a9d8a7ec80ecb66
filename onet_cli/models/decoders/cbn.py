"""The paper's decoder: five residual blocks with conditional batch norm.

Source: Mescheder et al., CVPR 2019, supplementary section 1 (network architectures).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.decoders.decoder import Decoder, PointDecoder, matrix_flops
from onet_cli.models.layers import ConditionalBatchNorm, ConditionalResidualBlock
from onet_cli.models.registry import DECODERS

BLOCKS = 5


@DECODERS.register("cbn")
class CbnDecoder(Decoder):
    """Points to logits by residual blocks whose normalisation depends on the code."""

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc_p = nn.Linear(point_dim, hidden_dim)
        self.blocks = nn.ModuleList(
            ConditionalResidualBlock(code_dim, hidden_dim) for _ in range(BLOCKS)
        )
        self.bn = ConditionalBatchNorm(code_dim, hidden_dim)
        self.fc_out = nn.Linear(hidden_dim, 1)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, D) for `code` (B, C)."""
        features = self.fc_p(points)
        for block in self.blocks:
            features = block(features, code)
        logits: Tensor = self.fc_out(F.relu(self.bn(features, code)))
        return logits.squeeze(-1)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C) with every normalisation folded into its matrices."""
        offset: Tensor = self.fc_p.bias
        blocks = []
        for block in self.blocks:
            assert isinstance(block, ConditionalResidualBlock)
            blocks.append(_fold(block, code, offset))
            offset = offset + block.fc_1.bias
        scale, shift = self.bn.affine(code)
        return _FoldedDecoder(
            self.fc_p.weight.t().clone(),
            tuple(blocks),
            scale[0],
            shift[0] + scale[0] * offset,
            self.fc_out.weight[0].clone(),
            self.fc_out.bias.clone(),
        )

    @property
    def flops_per_point(self) -> int:
        """Multiply-adds per query point, times 2: 1.31 MFLOP at the paper's width of 256."""
        per_block = 2 * self.fc_p.out_features**2
        return matrix_flops(self.fc_p, self.fc_out) + 2 * BLOCKS * per_block


@dataclass(frozen=True)
class _FoldedBlock:
    scale: Tensor
    shift: Tensor
    weight_0: Tensor
    bias_0: Tensor
    weight_1: Tensor


def _fold(block: ConditionalResidualBlock, code: Tensor, offset: Tensor) -> _FoldedBlock:
    # Biases on the residual stream are constants: they are summed in `offset` and enter where the
    # stream is read, so that fc_1 and the addition become one GEMM that accumulates.
    scale_0, shift_0 = (value[0] for value in block.bn_0.affine(code))
    scale_1, shift_1 = (value[0] for value in block.bn_1.affine(code))
    return _FoldedBlock(
        scale=scale_0,
        shift=shift_0 + scale_0 * offset,
        weight_0=(block.fc_0.weight * scale_1[:, None]).t().contiguous(),
        bias_0=block.fc_0.bias * scale_1 + shift_1,
        weight_1=block.fc_1.weight.t().contiguous(),
    )


@dataclass(frozen=True)
class _FoldedDecoder:
    weight_p: Tensor
    blocks: tuple[_FoldedBlock, ...]
    scale: Tensor
    shift: Tensor
    weight_out: Tensor
    bias_out: Tensor

    def __call__(self, points: Tensor) -> Tensor:
        stream = points @ self.weight_p
        for block in self.blocks:
            hidden = torch.addcmul(block.shift, stream, block.scale).relu_()
            hidden = torch.addmm(block.bias_0, hidden, block.weight_0).relu_()
            stream = torch.addmm(stream, hidden, block.weight_1)
        hidden = torch.addcmul(self.shift, stream, self.scale).relu_()
        return torch.mv(hidden, self.weight_out) + self.bias_out
