"""U^2-Net-p: salient object segmentation with 1.1 million weights."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIDE = 320
"""Edge in pixels of the pictures that the network was trained on."""

NARROW, WIDE = 16, 64
"""Channels inside a block, and between blocks."""

BLOCKS = (7, 6, 5, 4)
"""Levels of the U in each block of the encoder; two flat blocks follow."""

FLAT = 4
"""Levels of the flat ones."""


class U2NetP(nn.Module):
    """Pictures (B, 3, H, W), normalised, to saliency (B, 1, H, W) in [0, 1].

    A U-Net of U-shaped blocks. Batch norms are folded into the convolutions: this network is for
    inference only.

    Source: Qin et al., Pattern Recognition 2020 (U^2-Net), the small network of table 5.
    """

    def __init__(self) -> None:
        super().__init__()
        down: list[nn.Module] = [_Block(3, BLOCKS[0])]
        down += [_Block(WIDE, levels) for levels in BLOCKS[1:]]
        self.encoder = nn.ModuleList(
            [*down, _Block(WIDE, FLAT, flat=True), _Block(WIDE, FLAT, flat=True)]
        )
        up: list[nn.Module] = [_Block(2 * WIDE, FLAT, flat=True)]
        up += [_Block(2 * WIDE, levels) for levels in reversed(BLOCKS)]
        self.decoder = nn.ModuleList(up)
        self.sides = nn.ModuleList(nn.Conv2d(WIDE, 1, 3, padding=1) for _ in range(6))
        self.fuse = nn.Conv2d(6, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the fused map of all six scales (d0 of the paper)."""
        features = pictures
        skips: list[Tensor] = []
        for block in self.encoder:
            # Each block except the first has half the resolution of the previous one.
            features = block(features if not skips else _halve(features))
            skips.append(features)
        scales = [skips.pop()]
        for block in self.decoder:
            skip = skips.pop()
            scales.append(block(torch.cat([_enlarge(scales[-1], skip), skip], dim=1)))
        # Side 1 reads the finest scale, side 6 the coarsest.
        maps = [side(scale) for side, scale in zip(self.sides, reversed(scales), strict=True)]
        fused: Tensor = self.fuse(torch.cat([_enlarge(one, maps[0]) for one in maps], dim=1))
        return fused.sigmoid()


class _Block(nn.Module):
    """A residual U block: each level halves the size (RSU-L) or, if `flat`, dilates instead
    (RSU-4F).

    The last of the `levels` always dilates.
    """

    def __init__(self, inputs: int, levels: int, *, flat: bool = False) -> None:
        super().__init__()
        self.flat = flat
        widths = [2**level if flat else 1 for level in range(levels - 1)]
        self.enter = _convolution(inputs, WIDE)
        down = [_convolution(WIDE, NARROW)]
        down += [_convolution(NARROW, NARROW, dilation) for dilation in widths[1:]]
        self.down = nn.ModuleList(down)
        self.bottom = _convolution(NARROW, NARROW, 2 * widths[-1])
        up = [_convolution(2 * NARROW, NARROW, dilation) for dilation in widths[:0:-1]]
        self.up = nn.ModuleList([*up, _convolution(2 * NARROW, WIDE)])

    def forward(self, features: Tensor) -> Tensor:
        entered: Tensor = self.enter(features).relu_()
        inner = entered
        skips: list[Tensor] = []
        for convolution in self.down:
            inner = convolution(_halve(inner) if skips and not self.flat else inner).relu_()
            skips.append(inner)
        inner = self.bottom(inner).relu_()
        for convolution in self.up:
            skip = skips.pop()
            joined = torch.cat([_enlarge(inner, skip), skip], dim=1)
            inner = convolution(joined).relu_()
        return entered.add_(inner)


def _convolution(inputs: int, outputs: int, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)


def _halve(features: Tensor) -> Tensor:
    return F.max_pool2d(features, 2, ceil_mode=True)


def _enlarge(features: Tensor, like: Tensor) -> Tensor:
    """Return `features` at the size of `like`."""
    if features.shape[-2:] == like.shape[-2:]:
        return features
    return F.interpolate(features, like.shape[-2:], mode="bilinear", align_corners=False)
