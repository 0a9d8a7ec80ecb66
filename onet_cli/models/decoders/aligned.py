"""Points that look at the picture where they are seen: feature planes, and local features.

The planes and the points are in the picture's frame (`models.frame`), so that a point's column and
row in the planes are about where the picture shows it; exactly where, the camera in the code tells,
and there each point reads the picture's own local features.

Source: pixel-aligned features: Saito et al., "PIFu", ICCV 2019; Xu et al., "DISN", NeurIPS 2019.
"""

import torch
from torch import Tensor, nn

from onet_cli.errors import InvalidOptionError
from onet_cli.models.decoders.attention import AttentionPlanes
from onet_cli.models.decoders.decoder import Decoder, PointDecoder, matrix_flops
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
    USUAL_CODE,
    CodeLayout,
)
from onet_cli.models.frame import look
from onet_cli.models.layers import PreActivationBlock
from onet_cli.models.registry import DECODERS
from onet_cli.models.spec import Frame

SUMMARY = 192
POINT_DIM = 3


class SeenPlanes(AttentionPlanes):
    """Cells of the picture and its camera to the three feature planes, (B, 24, 48, 48) each."""

    def __init__(self, cells: int) -> None:
        super().__init__(cells, SUMMARY)
        self.camera = nn.Linear(CAMERA_WIDTH, SUMMARY)

    def summarise(self, cells: Tensor, camera: Tensor) -> Tensor:
        """Return what `cells` (B, K * 49) and `camera` (B, 2) come to, (B, 192)."""
        summary: Tensor = self.summary(cells) + self.camera(camera)
        return summary


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
        self.planes = SeenPlanes(self.layout.cells)
        self.fc_c = nn.Linear(SUMMARY, hidden_dim)
        # Features, the point, and how near it is along its ray.
        features = len(AXES) * WIDTHS[-1] + LOCAL_WIDTH + POINT_DIM + 1
        self.fc_f = nn.Linear(features, hidden_dim, bias=False)
        self.block = PreActivationBlock(hidden_dim)
        self.fc_out = nn.Linear(hidden_dim, 1)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, 3) of the picture's frame for `code` (B, C)."""
        cells, local, camera = self.layout.split(code)
        planes, shift = self._draw(cells, camera)
        seen, near = look(points, *camera.unbind(1))
        features = [
            look_up(plane, points[..., axes]) for plane, axes in zip(planes, AXES, strict=True)
        ]
        features.append(look_up(local, seen, PICTURE_EDGE))
        columns = torch.cat([*features, points.transpose(1, 2), near[:, None]], dim=1)
        return point_logits(columns, shift, self.fc_f, self.block, self.fc_out)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C), whose planes are drawn once."""
        return point_decoder(self.layers_for(code))

    @torch.no_grad()
    def layers_for(self, code: Tensor) -> PointLayers:
        """Return a copy of the layers that points go through for `code` (1, C)."""
        cells, local, camera = self.layout.split(code)
        drawn = self._draw(cells, camera)
        return copy_layers(drawn, self.fc_f, self.block, self.fc_out, Sight(local[0], *camera[0]))

    def describing(self, code: Tensor) -> Tensor:
        """Return the cells (B, K * 49) of `code` (B, C)."""
        return self.layout.split(code)[0]

    def _draw(self, cells: Tensor, camera: Tensor) -> tuple[list[Tensor], Tensor]:
        """Return what depends on the code alone: planes, and the shift of the first layer."""
        summary = self.planes.summarise(cells, camera)
        return self.planes.draw(summary, cells), self.fc_c(summary)

    @property
    def flops_per_point(self) -> int:
        """Multiply-adds per query point, times 2; a look-up is four per channel and plane."""
        layers = [layer for layer in self.block.modules() if isinstance(layer, nn.Linear)]
        look_ups = 2 * 4 * (len(AXES) * WIDTHS[-1] + LOCAL_WIDTH)
        return look_ups + matrix_flops(self.fc_f, *layers, self.fc_out)
