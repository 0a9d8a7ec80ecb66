"""EfficientNet-B0 to B8, by the library efficientnet-pytorch and with its parameter names.

Source: Tan and Le, "EfficientNet: rethinking model scaling", ICML 2019.
"""

from efficientnet_pytorch import EfficientNet
from torch import Tensor, nn

from onet_cli.models.registry import ENCODERS

SIZES = tuple(f"efficientnet-b{size}" for size in range(9))


class EfficientNetEncoder(nn.Module):
    """Image to code, (B, 3, S, S) to (B, C): the classifier's last layer gives the code."""

    def __init__(self, size: str, code_dim: int) -> None:
        super().__init__()
        self.size = size
        self.features = EfficientNet.from_name(size, num_classes=code_dim)
        # The library's own swish is an autograd function that cannot be exported; torch has since
        # grown one that saves the same memory.
        for module in self.features.modules():
            if hasattr(module, "_swish"):
                module._swish = nn.SiLU()
        fold_padding(self.features)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S)."""
        code: Tensor = self.features(images)
        return code


def fold_padding(network: nn.Module) -> None:
    """Let the convolutions of the library's `network` pad by themselves where both sides are alike.

    The results are the same to the bit, without a copy of all that is padded, there and back.
    """
    for layer in network.modules():
        padding = getattr(layer, "static_padding", None)
        if isinstance(layer, nn.Conv2d) and isinstance(padding, nn.ZeroPad2d):
            left, right, top, bottom = padding.padding
            if left == right and top == bottom:
                layer.padding, layer.static_padding = (top, left), nn.Identity()


def _register(size: str) -> None:
    @ENCODERS.register(size)
    def build(code_dim: int) -> nn.Module:
        return EfficientNetEncoder(size, code_dim)


for _size in SIZES:
    _register(_size)
