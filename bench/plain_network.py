"""The paper's network and training step, written plainly: what a benchmark compares ours with.

Module by module as the paper and its supplement describe them: ResNet-18 to a code of 256, five
residual blocks of 256 channels with conditional batch norm over points laid out as (B, C, T), all
in float32, Adam with torch's defaults at 1e-4, the loss summed over points and averaged over the
batch. Pictures arrive as float32 at 224 pixels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Block(nn.Module):
    """ResNet's block of two 3 x 3 convolutions."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, width, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(out)) + shortcut)


class ResNet(nn.Module):
    """ResNet-18 without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures to features (B, 512)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.avgpool(x).flatten(1)


class Encoder(nn.Module):
    """Picture to code."""

    def __init__(self) -> None:
        super().__init__()
        self.features = ResNet()
        self.fc = nn.Linear(512, 256)

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (B, 3, 224, 224) to codes (B, 256)."""
        mean, deviation = (
            torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in (MEAN, DEVIATION)
        )
        return self.fc(self.features((x - mean) / deviation))


class Norm(nn.Module):
    """Conditional batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.gamma, self.beta = nn.Conv1d(256, 256, 1), nn.Conv1d(256, 256, 1)
        self.bn = nn.BatchNorm1d(256, affine=False)
        for layer, bias in ((self.gamma, 1.0), (self.beta, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, bias)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Features (B, 256, T) normalised, scaled and shifted."""
        return self.gamma(code) * self.bn(x) + self.beta(code)


class DecoderBlock(nn.Module):
    """Two norms, two point-wise convolutions, one shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.bn_0, self.bn_1 = Norm(), Norm()
        self.fc_0, self.fc_1 = nn.Conv1d(256, 256, 1), nn.Conv1d(256, 256, 1)
        self.relu = nn.ReLU()
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """Features (B, 256, T) to such."""
        net = self.fc_0(self.relu(self.bn_0(x, code)))
        return x + self.fc_1(self.relu(self.bn_1(net, code)))


class Decoder(nn.Module):
    """Points and code to logits."""

    def __init__(self) -> None:
        super().__init__()
        self.fc_p = nn.Conv1d(3, 256, 1)
        self.blocks = nn.ModuleList(DecoderBlock() for _ in range(5))
        self.bn = Norm()
        self.fc_out = nn.Conv1d(256, 1, 1)
        self.relu = nn.ReLU()

    def forward(self, points: Tensor, code: Tensor) -> Tensor:
        """Points (B, T, 3) and codes (B, 256) to logits (B, T)."""
        net, code = self.fc_p(points.transpose(1, 2)), code.unsqueeze(2)
        for block in self.blocks:
            net = block(net, code)
        return self.fc_out(self.relu(self.bn(net, code))).squeeze(1)


class PlainNetwork(nn.Module):
    """Picture and points to logits; its tensors have the names of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, images: Tensor, points: Tensor) -> Tensor:
        """Logits (B, T)."""
        return self.decoder(points, self.encoder(images))

    def take(self, state: dict[str, Tensor]) -> None:
        """Take the weights of our network of the same kind."""
        own = self.state_dict()
        self.load_state_dict({name: state[name].view(own[name].shape) for name in own})


def plain_step(
    network: PlainNetwork,
    optimizer: torch.optim.Optimizer,
    images: Tensor,
    points: Tensor,
    occupancies: Tensor,
) -> float:
    """Make one step and return the loss."""
    optimizer.zero_grad()
    logits = network(images, points)
    losses = F.binary_cross_entropy_with_logits(logits, occupancies, reduction="none")
    loss = losses.sum(-1).mean()
    loss.backward()
    optimizer.step()
    return loss.item()
