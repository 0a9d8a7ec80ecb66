"""Pixel-aligned decoder: feature planes and local features at each point's projection.

The planes and the points are in the picture's frame (`models.frame`), so that a point's column and
row in the planes are approximately those of its projection. The camera in the code gives the exact
projection, at which each point samples the picture's local features. It also samples those of its
mirror image, by the mirror plane in the code.

Source: pixel-aligned features: Saito et al., "PIFu", ICCV 2019; Xu et al., "DISN", NeurIPS 2019.
"""

import torch
from torch import Tensor, nn

from onet_cli.errors import InvalidOptionError
from onet_cli.models.decoder import Decoder, PointDecoder, matrix_flops
from onet_cli.models.decoders.attention import AttentionPlanes
from onet_cli.models.decoders.plane_points import PointLayers, Sight
from onet_cli.models.decoders.point_layers import point_logits
from onet_cli.models.decoders.triplane import (
    AXES,
    PICTURE_EDGE,
    WIDTHS,
    copy_layers,
    look_up,
    point_decoder,
)
from onet_cli.models.encoders.maps import (
    CAMERA_WIDTH,
    LOCAL_WIDTH,
    PLANE_WIDTH,
    USUAL_CODE,
    Code,
    CodeLayout,
)
from onet_cli.models.frame import look
from onet_cli.models.layers import PreActivationBlock
from onet_cli.models.mirror import Mirror
from onet_cli.models.registry import DECODERS
from onet_cli.models.spec import Frame

SUMMARY = 192
POINT_DIM = 3


MIRRORED = WIDTHS[-1] + LOCAL_WIDTH + POINT_DIM + 1
"""Features of a mirror image: of the plane parallel to the picture, local ones, position and
nearness."""


class SeenPlanes(AttentionPlanes):
    """Parts of a code to the three feature planes, (B, 24, 48, 48) each."""

    def __init__(self, layout: CodeLayout) -> None:
        super().__init__(layout.cells, SUMMARY)
        self.camera = nn.Linear(CAMERA_WIDTH, SUMMARY)
        if layout.mirrored:
            self.mirror = nn.Linear(PLANE_WIDTH, SUMMARY, bias=False)
            nn.init.zeros_(self.mirror.weight)

    def summarise(self, code: Code) -> Tensor:
        """Return the summary of `code`, (B, 192)."""
        summary: Tensor = self.summary(code.cells) + self.camera(code.camera)
        return summary if code.mirror is None else summary + self.mirror(code.mirror.features())


@DECODERS.register("aligned")
class AlignedDecoder(Decoder):
    """Points of the picture's frame to logits; for the encoders of maps."""

    usual_code_dim = USUAL_CODE
    frame: Frame = "picture"

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__()
        if point_dim != POINT_DIM:
            raise InvalidOptionError(
                f"the aligned decoder reads points of 3 coordinates, not {point_dim}",
                hint="choose another decoder",
            )
        self.layout = CodeLayout(code_dim)
        self.planes = SeenPlanes(self.layout)
        self.fc_c = nn.Linear(SUMMARY, hidden_dim)
        # Features, the point, and its nearness along the ray.
        features = len(AXES) * WIDTHS[-1] + LOCAL_WIDTH + POINT_DIM + 1
        self.fc_f = nn.Linear(features + MIRRORED * self.layout.mirrored, hidden_dim, bias=False)
        self.block = PreActivationBlock(hidden_dim)
        self.fc_out = nn.Linear(hidden_dim, 1)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, 3) of the picture's frame for `code` (B, C)."""
        parts = self.layout.split(code)
        planes, shift = self._draw(parts)
        features = [
            look_up(plane, points[..., axes]) for plane, axes in zip(planes, AXES, strict=True)
        ]
        features += _seen(points, parts)
        if parts.mirror is not None:
            features.append(_mirrored(points, planes[0], parts, parts.mirror))
        columns = torch.cat(features, dim=1)
        return point_logits(columns, shift, self.fc_f, self.block, self.fc_out)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C), whose planes are computed once."""
        return point_decoder(self.layers_for(code))

    @torch.no_grad()
    def layers_for(self, code: Tensor) -> PointLayers:
        """Return a copy of the layers applied to points for `code` (1, C)."""
        parts = self.layout.split(code)
        mirror = None if parts.mirror is None else parts.mirror.rows()[0]
        elevation, kappa = parts.camera[0]
        sight = Sight(parts.local[0], elevation, kappa, mirror)
        return copy_layers(self._draw(parts), self.fc_f, self.block, self.fc_out, sight)

    def describing(self, code: Tensor) -> Tensor:
        """Return the cells (B, K * 49) of `code` (B, C)."""
        return self.layout.split(code).cells

    def _draw(self, code: Code) -> tuple[list[Tensor], Tensor]:
        """Return what depends only on the code: planes, and the first layer's shift."""
        summary = self.planes.summarise(code)
        return self.planes.draw(summary, code.cells), self.fc_c(summary)

    @property
    def flops_per_point(self) -> int:
        """FLOPs per query point (multiply-adds times 2), with four per look-up and channel."""
        layers = [layer for layer in self.block.modules() if isinstance(layer, nn.Linear)]
        look_ups = 2 * 4 * (self.fc_f.in_features - (POINT_DIM + 1) * (1 + self.layout.mirrored))
        return look_ups + matrix_flops(self.fc_f, *layers, self.fc_out)


def _mirrored(points: Tensor, facing: Tensor, code: Code, mirror: Mirror) -> Tensor:
    """Return the features (B, 60, T) at the mirror images of `points` (B, T, 3), times the trust.

    `facing` is the plane (B, 24, 48, 48) parallel to the picture.
    """
    images = mirror.image(points)
    features = [look_up(facing, images[..., AXES[0]]), *_seen(images, code)]
    return torch.cat(features, dim=1) * mirror.trust[:, None, None]


def _seen(points: Tensor, code: Code) -> list[Tensor]:
    """Return local features (B, 32, T), positions and nearness (B, 1, T) of `points` (B, T, 3)."""
    seen, near = look(points, *code.camera.unbind(1))
    return [look_up(code.local, seen, PICTURE_EDGE), points.transpose(1, 2), near[:, None]]
