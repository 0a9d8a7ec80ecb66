"""Layers shared by several networks. Points are rows, (B, T, H), so that layers are GEMMs."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.fused import can_fuse, norm_relu_linear


def conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    """Return a 3 x 3 convolution that keeps the size (or divides it by `stride`), without bias."""
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)


class ConditionalBatchNorm(nn.Module):
    """Conditional batch norm: scale and shift are linear in a code.

    Starts as plain batch norm: no influence of the code, scale 1 and shift 0.

    Source: de Vries et al., NeurIPS 2017; Mescheder et al., CVPR 2019, supplementary section 1.
    """

    def __init__(self, code_dim: int, width: int) -> None:
        super().__init__()
        self.gamma = nn.Linear(code_dim, width)
        self.beta = nn.Linear(code_dim, width)
        self.bn = nn.BatchNorm1d(width, affine=False)
        for layer, bias in ((self.gamma, 1.0), (self.beta, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, bias)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """Return `features` (B, T, H) normalised, then scaled and shifted by `code` (B, C)."""
        if self.training:
            scale, shift = self.learned(code)
            features = self.bn(features.flatten(0, 1)).view_as(features)
        else:
            scale, shift = self.affine(code)
        return torch.addcmul(shift.unsqueeze(1), features, scale.unsqueeze(1))

    def learned(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scale and shift, (B, H) each, of the normalised features."""
        return self.gamma(code), self.beta(code)

    def affine(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scale and shift, (B, H) each, equivalent to the layer in eval mode."""
        mean, variance = self.bn.running_mean, self.bn.running_var
        assert isinstance(mean, Tensor)
        assert isinstance(variance, Tensor)  # for the type checker: the statistics are tracked
        scale: Tensor = self.gamma(code) * torch.rsqrt(variance + self.bn.eps)
        shift: Tensor = self.beta(code) - scale * mean
        return scale, shift


class RowNorm(nn.Module):
    """Unconditional batch norm of rows with a learned scale and shift."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm1d(width)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """Return `features` (B, T, H) normalised; `code` is ignored."""
        normalised: Tensor = self.bn(features.flatten(0, 1)).view_as(features)
        return normalised

    def learned(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scale and shift, (B, H) each, of the normalised features."""
        return self.bn.weight.expand(len(code), -1), self.bn.bias.expand(len(code), -1)

    def affine(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scale and shift, (1, H) each, equivalent to the layer in eval mode."""
        mean, variance = self.bn.running_mean, self.bn.running_var
        assert isinstance(mean, Tensor)
        assert isinstance(variance, Tensor)  # for the type checker: the statistics are tracked
        scale: Tensor = self.bn.weight * torch.rsqrt(variance + self.bn.eps)
        return scale[None], (self.bn.bias - scale * mean)[None]


Norm = ConditionalBatchNorm | RowNorm


def after_norm(
    features: Tensor, code: Tensor, norm: Norm, layer: nn.Linear, residual: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return layer(relu(norm(features))) plus `residual`, and the features for reuse.

    `features` are (B, T, H), `code` is (B, C), `residual` (B, T, K). In training on a CPU it is one
    fused step; see `fused`.
    """
    if can_fuse(norm.bn, features):
        return norm_relu_linear(features, norm.bn, norm.learned(code), layer, residual)
    result: Tensor = layer(F.relu(norm(features, code)))
    return (result if residual is None else residual + result), features


class NormalisedResidualBlock(nn.Module):
    """x + fc_1(relu(bn_1(fc_0(relu(bn_0(x)))))), with norms created by `norm`.

    Initially the identity, up to the last layer's bias.
    """

    def __init__(self, width: int, norm: Callable[[], Norm]) -> None:
        super().__init__()
        self.bn_0, self.bn_1 = norm(), norm()
        self.fc_0 = nn.Linear(width, width)
        self.fc_1 = nn.Linear(width, width)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, features: Tensor, code: Tensor) -> Tensor:
        """Return (B, T, H) from `features` (B, T, H) and `code` (B, C)."""
        change, features = after_norm(features, code, self.bn_0, self.fc_0)
        result, _ = after_norm(change, code, self.bn_1, self.fc_1, residual=features)
        return result


class PreActivationBlock(nn.Module):
    """x + fc_1(relu(fc_0(relu(x)))): the residual block of the original's simple decoder."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc_0 = nn.Linear(width, width)
        self.fc_1 = nn.Linear(width, width)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return (..., H) from `features` (..., H)."""
        change: Tensor = self.fc_1(F.relu(self.fc_0(F.relu(features))))
        return features + change


class SingleLayerBlock(nn.Module):
    """x + relu(fc_1(x)): what noisypixel's published fc block computes; its fc_0 is not used."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc_1 = nn.Linear(width, width)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return (..., H) from `features` (..., H)."""
        return features + F.relu(self.fc_1(features))


class PostActivationBlock(nn.Module):
    """x + relu(fc_1(relu(fc_0(x)))): the residual block of noisypixel's fc decoder."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc_0 = nn.Linear(width, width)
        self.fc_1 = nn.Linear(width, width)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Return (..., H) from `features` (..., H)."""
        return features + F.relu(self.fc_1(F.relu(self.fc_0(features))))
