"""What every decoder can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from onet_cli.models.spec import Frame

PointDecoder = Callable[[Tensor], Tensor]
"""Points (N, 3) to logits (N,), for one code."""


class Decoder(nn.Module, ABC):
    """Points and codes to logits; `frame` is that of the points, see `ModelSpec`."""

    frame: Frame = "object"

    @abstractmethod
    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, D) for `code` (B, C)."""

    @abstractmethod
    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C) alone, in eval mode, with a copy of the weights."""

    def describing(self, code: Tensor) -> Tensor:
        """Return the numbers (B, D) of `code` (B, C) that describe the picture as a whole."""
        return code

    @property
    @abstractmethod
    def flops_per_point(self) -> int:
        """Multiply-adds per query point, times 2, of the layers that see points."""


def matrix_flops(*layers: nn.Linear) -> int:
    """Return the multiply-adds of one row through `layers`, times 2."""
    return 2 * sum(layer.weight.numel() for layer in layers)
