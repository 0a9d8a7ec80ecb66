"""The interface of every decoder."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from onet_cli.models.spec import Frame

PointDecoder = Callable[[Tensor], Tensor]
"""Points (N, 3) to logits (N,), for one code."""


class Decoder(nn.Module, ABC):
    """Points and codes to logits; `frame` is the points' frame, see `ModelSpec`."""

    frame: Frame = "object"

    @abstractmethod
    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, D) for `code` (B, C)."""

    @abstractmethod
    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder for one `code` (1, C), in eval mode, with a copy of the weights."""

    def describing(self, code: Tensor) -> Tensor:
        """Return the numbers (B, D) of `code` (B, C) that describe the picture as a whole."""
        return code

    @property
    @abstractmethod
    def flops_per_point(self) -> int:
        """FLOPs per query point (multiply-adds times 2) of the layers that process points."""


def matrix_flops(*layers: nn.Linear) -> int:
    """Return the FLOPs of one row through `layers` (multiply-adds times 2)."""
    return 2 * sum(layer.weight.numel() for layer in layers)
