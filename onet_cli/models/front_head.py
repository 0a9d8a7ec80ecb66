"""The network of `models.front`, for training."""

import torch
from torch import Tensor, nn

from onet_cli.models.code_layout import GRID
from onet_cli.models.front import DIRECTIONS, HIDDEN, KERNEL, MIXED, RINGS, TURNED

DROPPED = 0.3
"""Share of inputs dropped in training."""


class FrontHead(nn.Module):
    """What `front_inputs` and `occupied_rings` return to logits (B, 36) of the camera's azimuth.

    Args:
        depth: Numbers of each of the 49 cells of the whole picture.
        others: Numbers beside them.
    """

    def __init__(self, depth: int, others: int) -> None:
        super().__init__()
        self.depth = depth
        self.mix = nn.Conv2d(depth, MIXED, 1)
        self.hidden = nn.Linear(MIXED * GRID**2 + others, HIDDEN)
        self.out = nn.Linear(HIDDEN, DIRECTIONS)
        self.near = _around(RINGS, TURNED, KERNEL)
        self.wide = _around(TURNED, TURNED, KERNEL)
        self.all = _around(TURNED, 1, DIRECTIONS - 1)
        self.drop, self.drop_rings = nn.Dropout(DROPPED), nn.Dropout1d(DROPPED / 2)

    def forward(self, inputs: Tensor, rings: Tensor) -> Tensor:
        """Return the logits (B, 36) for `inputs` (B, D) and `rings` (B, 60, 36)."""
        count = self.depth * GRID**2
        cells = inputs[:, :count].reshape(-1, self.depth, GRID, GRID)
        seen = torch.relu(self.mix(cells)).flatten(1)
        features = torch.cat([seen, inputs[:, count:]], dim=1)
        by_picture: Tensor = self.out(self.drop(torch.relu(self.hidden(self.drop(features)))))
        turned = self.drop_rings(torch.relu(self.near(rings)))
        turned = self.drop_rings(torch.relu(self.wide(turned)))
        # A front at an angle on the rings is one that the camera is as far to the other side of.
        by_shape: Tensor = self.all(turned)[:, 0].flip(1).roll(1, 1)
        return by_picture + by_shape


def _around(inputs: int, outputs: int, kernel: int) -> nn.Conv1d:
    """Return a layer along rings, which have no end."""
    return nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2, padding_mode="circular")
