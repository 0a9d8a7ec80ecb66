"""Three feature planes decoded from the code, and a small network for each point.

Nearly all computation is per image; a point costs three bilinear look-ups and a few narrow layers,
about 25 times less than in the paper's decoder.

Source: the planes are those of Peng et al., "Convolutional occupancy networks", ECCV 2020 (there
made from a point cloud) and Chan et al., "EG3D", CVPR 2022 (there generated from a code, as here).
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.errors import InvalidOptionError
from onet_cli.models.decoders.plane_decoder import AXES, Drawn, PlaneDecoder
from onet_cli.models.layers import PreActivationBlock
from onet_cli.models.registry import DECODERS

SEED_SIZE = 6
WIDTHS = (96, 64, 48, 24)
"""Channels at 6 x 6, 12 x 12, 24 x 24 and 48 x 48 cells."""

BLOCKS = 1


def double(wide: int, narrow: int) -> list[nn.Module]:
    """Return layers from (B, `wide`, P, P) to (B, `narrow`, 2 P, 2 P)."""
    return [
        nn.BatchNorm2d(wide),
        nn.ReLU(),
        # Kernel 4 at stride 2 covers every output cell evenly: no checkerboard.
        nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1),
    ]


class Smooth(nn.Module):
    """Feature planes (B, K, P, P), each cell a binomial mean (1, 2, 1) of its neighbourhood.

    Adjacent cells use different taps of the last layer, which would show in a mesh as grooves along
    the axes.
    """

    def forward(self, plane: Tensor) -> Tensor:
        """Return `plane` smoothed, of the same size."""
        on_cpu = plane.device.type == "cpu" and not torch.compiler.is_compiling()
        if on_cpu and plane.requires_grad:
            smoothed: Tensor = _Smoothed.apply(plane)  # type: ignore[no-untyped-call]
            return smoothed
        plane = F.pad(plane, (1, 1, 1, 1), mode="replicate")
        for _ in range(2):  # a mean of two, twice, is the binomial mean of three
            plane = F.avg_pool2d(plane, 2, stride=1)
        return plane


class _Smoothed(torch.autograd.Function):
    """The same for training on CPUs, where pooling takes ten times as long, forward and backward.

    The backward pass equals the forward pass: the filter is symmetric.
    """

    @staticmethod
    def forward(ctx: Any, plane: Tensor) -> Tensor:
        """Return `plane` smoothed."""
        for axis in (2, 3):
            plane = _binomial_mean(plane, axis)
        return plane

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Return the gradient by the plane."""
        smoothed: Tensor = _Smoothed.apply(gradient)  # type: ignore[no-untyped-call]
        return smoothed


def _binomial_mean(plane: Tensor, axis: int) -> Tensor:
    """Return the means (1, 2, 1) along `axis`, with replicated borders."""
    mean, last = plane * 0.5, plane.shape[axis] - 1
    for here, there in ((1, 0), (0, 1)):
        mean.narrow(axis, here, last).add_(plane.narrow(axis, there, last), alpha=0.25)
    for edge in (0, last):
        mean.narrow(axis, edge, 1).add_(plane.narrow(axis, edge, 1), alpha=0.25)
    return mean


class PlaneGenerator(nn.Sequential):
    """Code (B, C) to one feature plane (B, 24, 48, 48): a seed, upsampled three times, smoothed."""

    def __init__(self, code_dim: int) -> None:
        layers: list[nn.Module] = [
            nn.Linear(code_dim, WIDTHS[0] * SEED_SIZE**2),
            nn.Unflatten(1, (WIDTHS[0], SEED_SIZE, SEED_SIZE)),
        ]
        for wide, narrow in pairwise(WIDTHS):
            layers += double(wide, narrow)
        super().__init__(*layers, Smooth())


class TriplaneGenerator(nn.ModuleList):
    """Code (B, C) to three feature planes, each by a `PlaneGenerator` of its own."""

    def __init__(self, code_dim: int) -> None:
        super().__init__(PlaneGenerator(code_dim) for _ in AXES)

    def forward(self, code: Tensor) -> list[Tensor]:
        """Return the planes, (B, 24, 48, 48) each."""
        return [plane(code) for plane in self]


@DECODERS.register("triplane")
class TriplaneDecoder(PlaneDecoder):
    """Points to logits by features sampled from three planes at the points' projections."""

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__()
        if point_dim != len(AXES):
            raise InvalidOptionError(
                f"the triplane decoder reads points of 3 coordinates, not {point_dim}",
                hint="choose another decoder",
            )
        self.planes: nn.Module = TriplaneGenerator(code_dim)
        self.fc_c = nn.Linear(code_dim, hidden_dim)
        self.fc_f = nn.Linear(len(AXES) * WIDTHS[-1] + point_dim, hidden_dim, bias=False)
        self.blocks = nn.Sequential(*(PreActivationBlock(hidden_dim) for _ in range(BLOCKS)))
        self.fc_out = nn.Linear(hidden_dim, 1)

    @property
    def residual(self) -> PreActivationBlock:
        """The block between the layers `fc_f` and `fc_out`."""
        (block,) = self.blocks
        assert isinstance(block, PreActivationBlock)  # for the type checker
        return block

    def draw(self, code: Tensor) -> Drawn:
        """Return the planes of `code` (B, C), and its part of the first layer."""
        return Drawn(self.planes(code), self.fc_c(code))

    @property
    def looked_up(self) -> int:
        """Features per point that are sampled bilinearly."""
        return len(AXES) * WIDTHS[-1]
