"""Decoders with feature planes: what is computed once per code, and what once per point.

`PlaneDecoder.draw` maps a code to the planes and the other inputs of the point layers, `read` maps
these and points to logits. A mesh draws once and reads many times.
"""

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.decoder import Decoder, PointDecoder, matrix_flops
from onet_cli.models.decoders.look_up import look_up
from onet_cli.models.decoders.point_layers import point_logits
from onet_cli.models.frame import look
from onet_cli.models.layers import PreActivationBlock
from onet_cli.models.mirror import Mirror
from onet_cli.models.plane_points import PlanePoints, PointLayers, Sight, can_decode

AXES = ((0, 1), (0, 2), (1, 2))
"""The coordinates that each plane spans."""

PICTURE_EDGE = 2.0
"""Edge of a plane of local features: positions in a picture are -1 to 1."""


class Drawn(NamedTuple):
    """What the point layers need of B codes.

    Attributes:
        planes: Three feature planes, (B, K, P, P) each.
        shift: (B, H), the code's contribution to the first layer.
        local: (B, L, S, S) local features of the picture; None without pixel-aligned features, as
            are `camera` and `mirror`.
        camera: (B, 2) elevation in radians, and kappa.
        mirror: (B, 3) mirror plane: angle, offset and trust; None if the code has none.
    """

    planes: list[Tensor]
    shift: Tensor
    local: Tensor | None = None
    camera: Tensor | None = None
    mirror: Tensor | None = None


class PlaneDecoder(Decoder):
    """Points to logits by features sampled from three planes at the points' projections."""

    fc_f: nn.Linear
    fc_out: nn.Linear

    @property
    @abstractmethod
    def residual(self) -> PreActivationBlock:
        """The block between the layers `fc_f` and `fc_out`."""

    @abstractmethod
    def draw(self, code: Tensor) -> Drawn:
        """Return what depends only on `code` (B, C)."""

    def read(self, drawn: Drawn, points: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, 3)."""
        planes = drawn.planes
        features = [
            look_up(plane, points[..., axes]) for plane, axes in zip(planes, AXES, strict=True)
        ]
        if drawn.local is None or drawn.camera is None:
            features.append(points.transpose(1, 2))
        else:
            features += _aligned(points, drawn.local, drawn.camera)
            if drawn.mirror is not None:
                mirror = Mirror(*drawn.mirror.unbind(1))
                images = mirror.image(points)
                facing = look_up(planes[0], images[..., AXES[0]])
                seen = [facing, *_aligned(images, drawn.local, drawn.camera)]
                features.append(torch.cat(seen, dim=1) * mirror.trust[:, None, None])
        columns = torch.cat(features, dim=1)
        return point_logits(columns, drawn.shift, self.fc_f, self.residual, self.fc_out)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, 3) for `code` (B, C)."""
        return self.read(self.draw(code), points)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C), whose planes are computed once."""
        return point_decoder(self.layers_for(code))

    @torch.no_grad()
    def layers_for(self, code: Tensor) -> PointLayers:
        """Return a copy of the layers applied to points for `code` (1, C)."""
        drawn, sight = self.draw(code), None
        if drawn.local is not None and drawn.camera is not None:
            mirror = None if drawn.mirror is None else drawn.mirror[0].clone()
            elevation, kappa = drawn.camera[0].clone()
            sight = Sight(drawn.local[0].clone(), elevation, kappa, mirror)
        planes, shift = torch.cat(drawn.planes), drawn.shift[0].clone()
        first, weights, biases, weight_out, bias_out = (part.clone() for part in self.weights())
        return PointLayers(planes, shift, first, weights, biases, weight_out, bias_out, sight)

    def weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the weights of the point layers, as in `PointLayers`: `first` to `bias_out`."""
        inner = self.residual.fc_0, self.residual.fc_1
        return (
            self.fc_f.weight.t(),
            torch.stack([layer.weight.t() for layer in inner]),
            torch.stack([layer.bias for layer in inner]),
            self.fc_out.weight[0],
            self.fc_out.bias[0],
        )

    @property
    def flops_per_point(self) -> int:
        """FLOPs per query point (multiply-adds times 2), with four per look-up and channel."""
        layers = [layer for layer in self.residual.modules() if isinstance(layer, nn.Linear)]
        return 2 * 4 * self.looked_up + matrix_flops(self.fc_f, *layers, self.fc_out)

    @property
    @abstractmethod
    def looked_up(self) -> int:
        """Features per point that are sampled bilinearly."""


def _aligned(points: Tensor, local: Tensor, camera: Tensor) -> list[Tensor]:
    """Return local features (B, L, T), positions and nearness (B, 1, T) of `points` (B, T, 3)."""
    seen, near = look(points, *camera.unbind(1))
    return [look_up(local, seen, PICTURE_EDGE), points.transpose(1, 2), near[:, None]]


def point_decoder(layers: PointLayers) -> PointDecoder:
    """Return the function from points (N, 3) to logits (N,), by the kernel if supported."""
    possible = layers.shift.device.type == "cpu" and can_decode(len(layers.shift))
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
    logits: Tensor = torch.mv(hidden, layers.weight_out) + layers.bias_out
    return logits


def _seen(sight: Sight, points: Tensor) -> list[Tensor]:
    """Return local features, positions and nearness of `points` (N, 3): (N, L), (N, 3), (N, 1)."""
    camera = sight.elevation[None], sight.kappa[None]
    seen, near = look(points[None], *camera)
    return [look_up(sight.local[None], seen, PICTURE_EDGE)[0].t(), points, near.t()]
