"""Pixel-aligned decoder: feature planes and local features at each point's projection.

The planes and the points are in the picture's frame (`models.frame`), so that a point's column and
row in the planes are approximately those of its projection. The camera in the code gives the exact
projection, at which each point samples the picture's local features. It also samples those of its
mirror image, by the mirror plane in the code.

Source: pixel-aligned features: Saito et al., "PIFu", ICCV 2019; Xu et al., "DISN", NeurIPS 2019.
"""

from torch import Tensor, nn

from onet_cli.errors import InvalidOptionError
from onet_cli.models.code_layout import (
    CAMERA_WIDTH,
    LOCAL_WIDTH,
    PLANE_WIDTH,
    USUAL_CODE,
    CodeLayout,
    plane_of,
)
from onet_cli.models.decoders.attention import AttentionPlanes
from onet_cli.models.decoders.plane_decoder import AXES, Drawn, PlaneDecoder
from onet_cli.models.decoders.triplane import WIDTHS
from onet_cli.models.encoders.maps import Code, split_code
from onet_cli.models.layers import PreActivationBlock
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
class AlignedDecoder(PlaneDecoder):
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

    @property
    def residual(self) -> PreActivationBlock:
        """The block between the layers `fc_f` and `fc_out`."""
        return self.block

    def draw(self, code: Tensor) -> Drawn:
        """Return planes, local features, camera and mirror plane of `code` (B, C)."""
        parts = split_code(self.layout, code)
        summary = self.planes.summarise(parts)
        planes, shift = self.planes.draw(summary, parts.cells), self.fc_c(summary)
        mirror = None if parts.mirror is None else plane_of(code)
        return Drawn(planes, shift, parts.local, parts.camera, mirror)

    def describing(self, code: Tensor) -> Tensor:
        """Return the cells (B, K * 49) of `code` (B, C)."""
        return self.layout.cells_of(code)

    @property
    def looked_up(self) -> int:
        """Features per point that are sampled bilinearly."""
        return self.fc_f.in_features - (POINT_DIM + 1) * (1 + self.layout.mirrored)
