"""EfficientNet-B0 to B8, from the library efficientnet-pytorch and with its parameter names.

Source: Tan and Le, "EfficientNet: rethinking model scaling", ICML 2019.
"""

from efficientnet_pytorch import EfficientNet
from torch import Tensor, nn

from onet_cli.models.registry import ENCODERS

SIZES = tuple(f"efficientnet-b{size}" for size in range(9))


class EfficientNetEncoder(nn.Module):
    """Image to code, (B, 3, S, S) to (B, C): the last layer outputs the code instead of classes."""

    def __init__(self, size: str, code_dim: int) -> None:
        super().__init__()
        self.size = size
        self.features = EfficientNet.from_name(size, num_classes=code_dim)
        # The library's own swish is an autograd function that cannot be exported; torch's saves the
        # same memory.
        for module in self.features.modules():
            if hasattr(module, "_swish"):
                module._swish = nn.SiLU()
        fold_padding(self.features)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S)."""
        code: Tensor = self.features(images)
        return code


def fold_padding(network: nn.Module) -> None:
    """Use the built-in padding of the library's convolutions in `network` where it is symmetric.

    The results are bit-identical, without a copy of the padded tensors, forward and backward.
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
