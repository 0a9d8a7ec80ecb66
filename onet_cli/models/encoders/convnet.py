"""A small residual network for CPUs, designed for 112 x 112 pictures."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.errors import InvalidOptionError
from onet_cli.models.code_layout import GRID
from onet_cli.models.encoders.resnet import ResidualBlock
from onet_cli.models.layers import conv3x3
from onet_cli.models.registry import ENCODERS

WIDTHS = (24, 48, 96, 192)
USUAL_MAP = 64 * GRID**2
"""Numbers in a feature map of 64 channels."""


class ConvNetFeatures(nn.Module):
    """Image (B, 3, S, S) to a feature map (B, K, 7, 7); about 0.25 GFLOP at S = 112.

    Batch norm, which costs nothing once folded.
    """

    def __init__(self, depth: int) -> None:
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
        self.squeeze = nn.Conv2d(WIDTHS[-1], depth, 1)

    def feature_map(self, images: Tensor) -> Tensor:
        """Return the feature map (B, K, 7, 7) of normalised `images` (B, 3, S, S)."""
        features: Tensor = self.squeeze(self.stages(self.stem(images)))
        if features.shape[-2:] != (GRID, GRID):
            features = F.adaptive_avg_pool2d(features, GRID)
        return features


@ENCODERS.register("convnet")
class ConvNetEncoder(ConvNetFeatures):
    """Image to code, (B, 3, S, S) to (B, C).

    The feature map is flattened, not averaged, because the position of a silhouette's features is
    informative about the shape.
    """

    def __init__(self, code_dim: int) -> None:
        super().__init__(WIDTHS[-1] // 3)
        self.fc = nn.Linear(WIDTHS[-1] // 3 * GRID * GRID, code_dim)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S)."""
        code: Tensor = self.fc(F.relu(self.feature_map(images)).flatten(1))
        return code


@ENCODERS.register("convnet-map")
class ConvNetMapEncoder(ConvNetFeatures):
    """Image to its whole feature map as the code, (B, 3, S, S) to (B, C), of C / 49 channels."""

    usual_code_dim = USUAL_MAP

    def __init__(self, code_dim: int) -> None:
        if code_dim % GRID**2:
            raise InvalidOptionError(
                f"the code of convnet-map has {GRID**2} cells: {code_dim} is no multiple of that",
                hint=f"{USUAL_MAP} is 64 numbers a cell",
            )
        super().__init__(code_dim // GRID**2)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S), channel by channel."""
        return self.feature_map(images).flatten(1)
