"""The original implementation's decoder without normalisation (its name there: `simple`)."""

from copy import deepcopy

from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.decoder import Decoder, PointDecoder, matrix_flops
from onet_cli.models.layers import (
    PostActivationBlock,
    PreActivationBlock,
    SingleLayerBlock,
)
from onet_cli.models.registry import DECODERS

BLOCKS = 5


class AdditiveDecoder(Decoder):
    """Points plus code, each after one layer, then residual blocks of `block`."""

    block: type[PreActivationBlock] | type[PostActivationBlock] | type[SingleLayerBlock]

    def __init__(self, point_dim: int, code_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.fc_p = nn.Linear(point_dim, hidden_dim)
        self.fc_c = nn.Linear(code_dim, hidden_dim)
        self.blocks = nn.Sequential(*(self.block(hidden_dim) for _ in range(BLOCKS)))
        self.fc_out = nn.Linear(hidden_dim, 1)

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Return logits (B, T) at `points` (B, T, D) for `code` (B, C)."""
        features = self.blocks(self.fc_p(points) + self.fc_c(code).unsqueeze(1))
        logits: Tensor = self.fc_out(F.relu(features))
        return logits.squeeze(-1)

    def for_code(self, code: Tensor) -> PointDecoder:
        """Return the decoder of `code` (1, C), whose code layer is computed once."""
        frozen = deepcopy(self).requires_grad_(requires_grad=False)
        weight, bias = frozen.fc_p.weight, frozen.fc_p.bias + frozen.fc_c(code)[0]

        def decode(points: Tensor) -> Tensor:
            logits: Tensor = frozen.fc_out(F.relu(frozen.blocks(F.linear(points, weight, bias))))
            return logits.squeeze(-1)

        return decode

    @property
    def flops_per_point(self) -> int:
        """FLOPs per query point (multiply-adds times 2) of the layers that process points."""
        layers = [layer for layer in self.modules() if isinstance(layer, nn.Linear)]
        return matrix_flops(*(layer for layer in layers if layer is not self.fc_c))


@DECODERS.register("simple")
class SimpleDecoder(AdditiveDecoder):
    """Residual blocks that apply ReLU before each layer."""

    block = PreActivationBlock
