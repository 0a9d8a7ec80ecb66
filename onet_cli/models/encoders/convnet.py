"""A small residual network for CPUs, made for 112 x 112 pictures."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.encoders.resnet import ResidualBlock
from onet_cli.models.layers import conv3x3
from onet_cli.models.registry import ENCODERS

WIDTHS = (24, 48, 96, 192)
GRID = 7
"""Cells per side of the last feature map: 112 pixels halved four times."""


@ENCODERS.register("convnet")
class ConvNetEncoder(nn.Module):
    """Image to code, (B, 3, S, S) to (B, C); about 0.25 GFLOP at S = 112.

    The last feature map is not averaged but read cell by cell, because where a silhouette lies says
    more about a shape than that it occurs. Batch norm, which costs nothing once folded.
    """

    def __init__(self, code_dim: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, WIDTHS[0], 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(WIDTHS[0]),
            nn.ReLU(),
        )
        stages: list[nn.Module] = []
        for narrow, wide in pairwise(WIDTHS):
            stages += [
                conv3x3(narrow, wide, stride=2),
                nn.BatchNorm2d(wide),
                nn.ReLU(),
                ResidualBlock(wide, wide, stride=1),
            ]
        self.stages = nn.Sequential(*stages)
        self.squeeze = nn.Conv2d(WIDTHS[-1], WIDTHS[-1] // 3, 1)
        self.fc = nn.Linear(WIDTHS[-1] // 3 * GRID * GRID, code_dim)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S)."""
        features = self.squeeze(self.stages(self.stem(images)))
        if features.shape[-2:] != (GRID, GRID):
            features = F.adaptive_avg_pool2d(features, GRID)
        code: Tensor = self.fc(F.relu(features).flatten(1))
        return code
