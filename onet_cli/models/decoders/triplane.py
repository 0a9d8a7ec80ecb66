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
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.decoder import Decoder, PointDecoder, matrix_flops
from onet_cli.models.decoders.plane_points import PlanePoints, PointLayers, Sight, can_decode
from onet_cli.models.decoders.point_layers import point_logits
from onet_cli.models.frame import look
from onet_cli.models.layers import PreActivationBlock
from onet_cli.models.mirror import Mirror
from onet_cli.models.registry import DECODERS

AXES = ((0, 1), (0, 2), (1, 2))
"""The coordinates that each plane spans."""

PICTURE_EDGE = 2.0
"""Edge of a plane of local features: positions in a picture are -1 to 1."""

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
class TriplaneDecoder(Decoder):
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

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, 3) for `code` (B, C)."""
        return self._read(*self._draw(code), points)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C), whose planes are computed once."""
        return point_decoder(self.layers_for(code))

    @torch.no_grad()
    def layers_for(self, code: Tensor) -> PointLayers:
        """Return a copy of the layers applied to points for `code` (1, C)."""
        (block,) = self.blocks
        assert isinstance(block, PreActivationBlock)  # for the type checker
        return copy_layers(self._draw(code), self.fc_f, block, self.fc_out)

    def _draw(self, code: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return what depends only on `code` (B, C): planes, and the first layer's shift."""
        return self.planes(code), self.fc_c(code)

    def _read(self, planes: list[Tensor], shift: Tensor, points: Tensor) -> Tensor:
        features = [
            look_up(plane, points[..., axes]) for plane, axes in zip(planes, AXES, strict=True)
        ]
        columns = torch.cat([*features, points.transpose(1, 2)], dim=1)
        (block,) = self.blocks
        assert isinstance(block, PreActivationBlock)  # for the type checker
        return point_logits(columns, shift, self.fc_f, block, self.fc_out)

    @property
    def flops_per_point(self) -> int:
        """FLOPs per query point (multiply-adds times 2), with four per look-up and channel."""
        layers = [layer for layer in self.blocks.modules() if isinstance(layer, nn.Linear)]
        look_ups = 2 * 4 * len(AXES) * WIDTHS[-1]
        return look_ups + matrix_flops(self.fc_f, *layers, self.fc_out)


def copy_layers(
    drawn: tuple[list[Tensor], Tensor],
    first: nn.Linear,
    block: PreActivationBlock,
    last: nn.Linear,
    sight: Sight | None = None,
) -> PointLayers:
    """Return a copy of the layers applied to points for one code.

    `drawn` depends only on the code: planes (1, K, P, P), and the shift (1, H) of the layer
    `first`.
    """
    planes, shift = drawn
    inner = block.fc_0, block.fc_1
    return PointLayers(
        torch.cat(planes),
        shift[0].clone(),
        first.weight.t().clone(),
        torch.stack([layer.weight.t() for layer in inner]),
        torch.stack([layer.bias for layer in inner]),
        last.weight[0].clone(),
        last.bias[0].clone(),
        None if sight is None else sight.copy(),
    )


def point_decoder(layers: PointLayers) -> PointDecoder:
    """Return the function from points (N, 3) to logits (N,), by the kernel if supported."""
    possible = can_decode(len(layers.shift), layers.shift.device.type)
    fast = PlanePoints(layers) if possible else None

    def decode(points: Tensor) -> Tensor:
        if fast is not None and not points.requires_grad:
            return torch.from_numpy(fast(points.numpy()))
        return decode_points(layers, points)

    return decode


def decode_points(layers: PointLayers, points: Tensor) -> Tensor:
    """Return the logits (N,) at `points` (N, 3), as `PlanePoints` does, but differentiable."""
    spread = torch.stack([points[:, a : b + 1 : b - a] for a, b in AXES])
    inputs = [look_up(layers.planes, spread).flatten(0, 1).t(), points]
    if layers.sight is not None:
        inputs[1:] = _seen(layers.sight, points)
        if layers.sight.mirror is not None:
            mirror = Mirror(*layers.sight.mirror[:, None])
            images = mirror.image(points[None])[0]
            facing = look_up(layers.planes[:1], images[None, :, AXES[0]])[0].t()
            inputs += [mirror.trust * part for part in (facing, *_seen(layers.sight, images))]
    hidden = torch.addmm(layers.shift, torch.cat(inputs, dim=1), layers.first)
    inner = torch.addmm(layers.biases[0], F.relu(hidden), layers.weights[0]).relu_()
    hidden = torch.addmm(hidden, inner, layers.weights[1]).add_(layers.biases[1]).relu_()
    return torch.mv(hidden, layers.weight_out) + layers.bias_out


def _seen(sight: Sight, points: Tensor) -> list[Tensor]:
    """Return local features, positions and nearness of `points` (N, 3): (N, L), (N, 3), (N, 1)."""
    camera = sight.elevation[None], sight.kappa[None]
    seen, near = look(points[None], *camera)
    return [look_up(sight.local[None], seen, PICTURE_EDGE)[0].t(), points, near.t()]


def look_up(plane: Tensor, positions: Tensor, edge: float = CUBE_EDGE) -> Tensor:
    """Return the features (B, K, T) of `plane` (B, K, P, P) at `positions` (B, T, 2).

    The plane is a square of edge length `edge`, centred at the origin.
    """
    grid = (positions * (2 / edge)).unsqueeze(2)
    # Beyond the cube the border's features apply: "outside", as training covered the border.
    features = F.grid_sample(plane, grid, padding_mode="border", align_corners=False)
    return features.squeeze(3)
