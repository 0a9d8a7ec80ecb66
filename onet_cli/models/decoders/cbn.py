"""The paper's decoder, five residual blocks with conditional batch norm, and its variants.

Source: Mescheder et al., CVPR 2019, supplementary section 1 (network architectures); the variants
    are those of the authors' code.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.decoder import Decoder, PointDecoder, matrix_flops
from onet_cli.models.decoders.folding import FoldedDecoder, fold
from onet_cli.models.layers import (
    ConditionalBatchNorm,
    Norm,
    NormalisedResidualBlock,
    RowNorm,
    after_norm,
)
from onet_cli.models.registry import DECODERS

BLOCKS = 5


class NormalisedDecoder(Decoder):
    """Points to logits by residual blocks with norms."""

    def __init__(self, point_dim: int, hidden_dim: int, norm: Callable[[], Norm]) -> None:
        super().__init__()
        self.fc_p = nn.Linear(point_dim, hidden_dim)
        self.blocks = nn.ModuleList(
            NormalisedResidualBlock(hidden_dim, norm) for _ in range(BLOCKS)
        )
        self.bn = norm()
        self.fc_out = nn.Linear(hidden_dim, 1)

    def offset(self, code: Tensor) -> Tensor:
        """Return the initial offset of each point's features: (1, H) or (B, H)."""
        return self.fc_p.bias[None]

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, D) for `code` (B, C)."""
        features = F.linear(points, self.fc_p.weight) + self.offset(code).unsqueeze(1)
        for block in self.blocks:
            features = block(features, code)
        logits, _ = after_norm(features, code, self.bn, self.fc_out)
        return logits.squeeze(-1)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C) with every normalisation folded into its matrices."""
        offset = self.offset(code)[0]
        blocks = []
        for block in self.blocks:
            assert isinstance(block, NormalisedResidualBlock)
            blocks.append(fold(block, code, offset))
            offset = offset + block.fc_1.bias
        scale, shift = self.bn.affine(code)
        return FoldedDecoder(
            self.fc_p.weight.t().clone(),
            tuple(blocks),
            scale[0],
            shift[0] + scale[0] * offset,
            self.fc_out.weight[0].clone(),
            self.fc_out.bias.clone(),
        )

    @property
    def flops_per_point(self) -> int:
        """FLOPs per query point (multiply-adds times 2): 1.31 MFLOP at the paper's width of 256."""
        per_block = 2 * self.fc_p.out_features**2
        return matrix_flops(self.fc_p, self.fc_out) + 2 * BLOCKS * per_block


@DECODERS.register("cbn")
class CbnDecoder(NormalisedDecoder):
    """The paper's: the code scales and shifts the output of each norm."""

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__(point_dim, hidden_dim, partial(ConditionalBatchNorm, code_dim, hidden_dim))


@DECODERS.register("batchnorm")
class BatchNormDecoder(NormalisedDecoder):
    """The code is added to the points' features once; the norms are unconditional."""

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__(point_dim, hidden_dim, partial(RowNorm, hidden_dim))
        self.fc_c = nn.Linear(code_dim, hidden_dim)

    def offset(self, code: Tensor) -> Tensor:
        """Return the code's part, (B, H)."""
        shift: Tensor = self.fc_c(code) + self.fc_p.bias
        return shift


@DECODERS.register("cbn-noresnet")
class PlainCbnDecoder(Decoder):
    """As the paper's, with half as many layers and without residual connections."""

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc_p = nn.Linear(point_dim, hidden_dim)
        self.norms = nn.ModuleList(
            ConditionalBatchNorm(code_dim, hidden_dim) for _ in range(BLOCKS + 1)
        )
        self.layers = nn.ModuleList(nn.Linear(hidden_dim, hidden_dim) for _ in range(BLOCKS))
        self.fc_out = nn.Linear(hidden_dim, 1)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, D) for `code` (B, C)."""
        features: Tensor = self.fc_p(points)
        for norm, layer in zip(self.norms, [*self.layers, self.fc_out], strict=True):
            assert isinstance(norm, ConditionalBatchNorm)
            assert isinstance(layer, nn.Linear)  # for the type checker
            features, _ = after_norm(features, code, norm, layer)
        return features.squeeze(-1)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C), each norm folded into the layer before it."""
        folded = []
        for norm, layer in zip(self.norms, [self.fc_p, *self.layers], strict=True):
            assert isinstance(norm, ConditionalBatchNorm)
            assert isinstance(layer, nn.Linear)
            scale, shift = (value[0] for value in norm.affine(code))
            weight = (layer.weight * scale[:, None]).t().contiguous()
            folded.append((weight, layer.bias * scale + shift))
        weight_out, bias_out = self.fc_out.weight[0].clone(), self.fc_out.bias.clone()

        def decode(points: Tensor) -> Tensor:
            features = points
            for weight, bias in folded:
                features = torch.addmm(bias, features, weight).relu_()
            return torch.mv(features, weight_out) + bias_out

        return decode

    @property
    def flops_per_point(self) -> int:
        """FLOPs per query point (multiply-adds times 2)."""
        layers = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        return matrix_flops(self.fc_p, *layers, self.fc_out)
