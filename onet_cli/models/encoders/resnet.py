"""ResNet-18 and ResNet-50 with torchvision's parameter names, so that ImageNet files load.

Source: He et al., "Deep residual learning for image recognition", CVPR 2016. The bottleneck's
stride is on its 3 x 3 convolution, as in torchvision.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.layers import conv3x3
from onet_cli.models.registry import ENCODERS


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions with a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = conv3x3(inputs, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, width, H / stride, W / stride)."""
        change = F.relu(self.bn1(self.conv1(features)), inplace=True)
        change = self.bn2(self.conv2(change))
        return F.relu(change + self.downsample(features), inplace=True)


class BottleneckBlock(nn.Module):
    """A 3 x 3 convolution between two 1 x 1 ones, with a shortcut."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = conv3x3(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample = _shortcut(inputs, outputs, stride)

    def forward(self, features: Tensor) -> Tensor:
        """Return (B, 4 * width, H / stride, W / stride)."""
        change = F.relu(self.bn1(self.conv1(features)), inplace=True)
        change = F.relu(self.bn2(self.conv2(change)), inplace=True)
        change = self.bn3(self.conv3(change))
        return F.relu(change + self.downsample(features), inplace=True)


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNetFeatures(nn.Module):
    """The ResNet below its classifier: images (B, 3, S, S) to features (B, `outputs`)."""

    def __init__(
        self, block: type[ResidualBlock] | type[BottleneckBlock], depths: tuple[int, ...]
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.outputs = 64
        for stage, depth in enumerate(depths):
            blocks = []
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(block(self.outputs, 64 << stage, stride))
                self.outputs = (64 << stage) * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self._stages = [f"layer{stage + 1}" for stage in range(len(depths))]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> Tensor:
        """Return the features, averaged over the image, (B, `outputs`)."""
        features: Tensor = self.maxpool(F.relu(self.bn1(self.conv1(images)), inplace=True))
        for stage in self._stages:
            features = self.get_submodule(stage)(features)
        return features.mean(dim=(2, 3))


class ResNetEncoder(nn.Module):
    """Image to code, (B, 3, S, S) to (B, C): a ResNet and one linear layer."""

    def __init__(self, features: ResNetFeatures, code_dim: int) -> None:
        super().__init__()
        self.features = features
        self.fc = nn.Linear(features.outputs, code_dim)

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S)."""
        code: Tensor = self.fc(self.features(images))
        return code


@ENCODERS.register("resnet18")
class ResNet18Encoder(ResNetEncoder):
    """ResNet-18, the paper's encoder."""

    def __init__(self, code_dim: int) -> None:
        super().__init__(ResNetFeatures(ResidualBlock, (2, 2, 2, 2)), code_dim)


@ENCODERS.register("resnet50")
class ResNet50Encoder(ResNetEncoder):
    """ResNet-50."""

    def __init__(self, code_dim: int) -> None:
        super().__init__(ResNetFeatures(BottleneckBlock, (3, 4, 6, 3)), code_dim)
