"""Five strided convolutions: the original implementation's encoder `simple_conv`."""

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.errors import InvalidOptionError
from onet_cli.models.registry import ENCODERS

WIDTHS = (3, 32, 64, 128, 256, 512)
SMALLEST = 2 ** len(WIDTHS) - 1
"""The smallest picture, in pixels, for which five strided layers have a nonempty output."""


@ENCODERS.register("simple-conv")
class SimpleConvEncoder(nn.Module):
    """Image to code, (B, 3, S, S) to (B, C), by averaging the last feature map."""

    def __init__(self, code_dim: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Conv2d(narrow, wide, 3, stride=2) for narrow, wide in pairwise(WIDTHS)
        )
        self.fc = nn.Linear(WIDTHS[-1], code_dim)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S).

        Raises:
            InvalidOptionError: S is less than 63.
        """
        if min(images.shape[-2:]) < SMALLEST:
            raise InvalidOptionError(
                f"the encoder simple-conv needs pictures of at least {SMALLEST} pixels",
                hint=f"set --image-size {SMALLEST} or more",
            )
        first, *others = self.convs
        features: Tensor = first(images)
        for conv in others:
            features = conv(F.relu(features))
        code: Tensor = self.fc(F.relu(features.mean(dim=(2, 3))))
        return code
