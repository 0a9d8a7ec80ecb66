"""Encoders whose code contains feature maps, a mirror plane and the camera.

`models.code_layout` describes the code.

Source: merging feature maps from coarse to fine: Lin et al., "Feature pyramid networks", CVPR 2017.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from efficientnet_pytorch import EfficientNet
from efficientnet_pytorch.utils import get_model_params
from torch import Tensor, nn
from torch.nn import functional as F

from onet_cli.models.code_layout import (
    BINS,
    CAMERA_WIDTH,
    GRID,
    LOCAL_SIDE,
    LOCAL_WIDTH,
    MIRROR_WIDTH,
    PLANE_WIDTH,
    USUAL_CODE,
    CodeLayout,
    camera_of,
    plane_of,
)
from onet_cli.models.cpu_training import without_autocast
from onet_cli.models.encoders.convnet import WIDTHS, ConvNetFeatures
from onet_cli.models.encoders.efficientnet import fold_padding
from onet_cli.models.imagenet import DEVIATION, MEAN
from onet_cli.models.layers import conv3x3
from onet_cli.models.mirror import Mirror, find_plane
from onet_cli.models.registry import ENCODERS
from onet_cli.models.spec import Frame

MERGED = 32
CAMERA_GAIN = 0.3
CENTRE_GAIN = 0.1
HEAD = 64

CAMERA_MIDDLE = 0.45, 0.3
CAMERA_SPREAD = 1.05, 0.3
"""Ranges of elevation, in radians, and kappa: -34 to 86 degrees, 0 to 0.6."""


class Code(NamedTuple):
    """The parts of B codes.

    Attributes:
        cells: (B, K * 49) features of the whole picture.
        local: (B, 32, 56, 56) local features.
        camera: (B, 2) elevation in radians, and kappa.
        mirror: The object's mirror plane, or None.
    """

    cells: Tensor
    local: Tensor
    camera: Tensor
    mirror: Mirror | None


def split_code(layout: CodeLayout, code: Tensor) -> Code:
    """Return the parts of `code` (B, C)."""
    return Code(
        layout.cells_of(code),
        layout.local_of(code).reshape(-1, LOCAL_WIDTH, LOCAL_SIDE, LOCAL_SIDE),
        camera_of(code),
        Mirror(*plane_of(code).unbind(1)) if layout.mirrored else None,
    )


def with_camera(code: Tensor, camera: Tensor) -> Tensor:
    """Return the code (B, C) with `camera` (B, 2) replaced."""
    return torch.cat([code[:, :-CAMERA_WIDTH], camera], dim=1)


def with_plane(code: Tensor, plane: Tensor) -> Tensor:
    """Return the code (B, C) with its mirror plane replaced by `plane` (B, 3)."""
    before = code[:, : -CAMERA_WIDTH - PLANE_WIDTH]
    return torch.cat([before, plane, camera_of(code)], dim=1)


class MapsEncoder(nn.Module, ABC):
    """Image (B, 3, S, S) to the code described above; subclasses provide the features."""

    usual_code_dim = USUAL_CODE
    frame: Frame = "picture"

    def __init__(self, code_dim: int, widths: Sequence[int]) -> None:
        """`widths` are the channels of the features' levels, fine to coarse."""
        super().__init__()
        self.layout = CodeLayout(code_dim)
        depth = self.layout.cells // GRID**2
        self.laterals = nn.ModuleList(_level(width, MERGED) for width in widths)
        self.merge_coarse = _smooth()
        self.merge_fine = _smooth()
        self.local = nn.Conv2d(MERGED, LOCAL_WIDTH, 1)
        top = widths[-2] + widths[-1]
        self.cells = _level(top, depth)
        self.camera = _head(top + self.layout.cells, CAMERA_WIDTH)
        if self.layout.mirrored:
            self.mirror = _head(top + self.layout.cells, MIRROR_WIDTH - PLANE_WIDTH)

    @abstractmethod
    def levels(self, images: Tensor) -> list[Tensor]:
        """Return feature maps of normalised `images` (B, 3, S, S), fine to coarse."""

    def forward(self, images: Tensor) -> Tensor:
        """Return codes (B, C) of normalised `images` (B, 3, S, S)."""
        levels = self.levels(images)
        near, far = levels[-2], levels[-1]
        top = torch.cat([near, _resized(far, near.shape[-1])], dim=1)
        cells = self.cells(top)
        if cells.shape[-1] != GRID:
            cells = F.adaptive_avg_pool2d(cells, GRID)
        cells = cells.flatten(1)
        seen = torch.cat([top.mean(dim=(2, 3)), F.relu(cells)], dim=1)
        # bfloat16 is not precise enough for angles, which determine the projections.
        with without_autocast(seen.device.type):
            raw = torch.tanh(CAMERA_GAIN * self.camera(seen.float()))
            ranges = zip(raw.unbind(1), CAMERA_SPREAD, CAMERA_MIDDLE, strict=True)
            camera = torch.stack([value * spread + middle for value, spread, middle in ranges], 1)
            mirror = self._mirror(seen.float())
        return torch.cat([cells, self._local(levels).flatten(1), *mirror, camera], dim=1)

    def _mirror(self, seen: Tensor) -> list[Tensor]:
        """Return the mirror plane's part (B, 41) of the code; empty if it has none."""
        if not self.layout.mirrored:
            return []
        found: Tensor = self.mirror(seen)
        logits, centre = found[:, :BINS], CENTRE_GAIN * found[:, BINS:]
        # Choosing a plane has no gradient; its logits are trained instead.
        plane = find_plane(logits.detach(), centre.detach())
        return [logits, centre, plane.rows()]

    def _local(self, levels: list[Tensor]) -> Tensor:
        """Return the local features (B, 32, 56, 56): levels merged from coarse to fine."""
        merged: Tensor | None = None
        for number in reversed(range(len(levels))):
            level: Tensor = self.laterals[number](levels[number])
            merged = level if merged is None else level + _resized(merged, level.shape[-1])
            if number == 1:
                merged = self.merge_coarse(merged)
        assert merged is not None  # for the type checker: there are levels
        return self.local(self.merge_fine(_resized(merged, LOCAL_SIDE)))  # type: ignore[no-any-return]


def _head(inputs: int, outputs: int) -> nn.Module:
    """Return layers from features (B, `inputs`) to a few numbers."""
    return nn.Sequential(nn.Linear(inputs, HEAD), nn.ReLU(), nn.Linear(HEAD, outputs))


def _level(inputs: int, outputs: int) -> nn.Module:
    """Return layers that map a level to (B, `outputs`, P, P), unchanged in size."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


def _smooth() -> nn.Module:
    return nn.Sequential(nn.ReLU(), conv3x3(MERGED, MERGED), nn.BatchNorm2d(MERGED), nn.ReLU())


def _resized(features: Tensor, side: int) -> Tensor:
    if features.shape[-1] == side:
        return features
    return F.interpolate(features, (side, side), mode="bilinear", align_corners=False)


@ENCODERS.register("convnet-maps")
class ConvNetMapsEncoder(MapsEncoder):
    """The maps of the small network of `convnet`, trained from scratch."""

    def __init__(self, code_dim: int) -> None:
        super().__init__(code_dim, WIDTHS)
        self.features = ConvNetFeatures(1)
        del self.features.squeeze

    def levels(self, images: Tensor) -> list[Tensor]:
        """Return its four levels, of 24, 48, 96 and 192 channels."""
        found = [self.features.stem(images)]
        stages = list(self.features.stages)
        each = len(stages) // (len(WIDTHS) - 1)
        for start in range(0, len(stages), each):
            features = found[-1]
            for layer in stages[start : start + each]:
                features = layer(features)
            found.append(features)
        return found


@ENCODERS.register("lite0-maps")
class Lite0MapsEncoder(MapsEncoder):
    """The maps of EfficientNet-Lite0, for which ImageNet weights exist.

    Lite0 is B0 of the library efficientnet-pytorch without squeeze and excitation, with ReLU6.

    Source: Tan and Le, ICML 2019; the Lite variants: TensorFlow's repository `tpu`, 2020.
    """

    WIDTHS = (16, 24, 40, 112, 320)
    FROZEN = 3
    """Blocks after the stem that are frozen if the weights are ImageNet's."""

    def __init__(self, code_dim: int) -> None:
        super().__init__(code_dim, self.WIDTHS)
        blocks, settings = get_model_params("efficientnet-b0", {})
        self.features = EfficientNet([block._replace(se_ratio=None) for block in blocks], settings)
        del self.features._fc, self.features._conv_head, self.features._bn1
        for module in self.features.modules():
            if hasattr(module, "_swish"):
                module._swish = nn.ReLU6()
        fold_padding(self.features)
        # Its weights expect [-1, 1], but images are normalised by ImageNet's mean and deviation.
        for name, values in (
            ("scale", [2 * deviation for deviation in DEVIATION]),
            ("shift", [2 * mean - 1 for mean in MEAN]),
        ):
            buffer = torch.tensor(values, device="cpu").view(1, 3, 1, 1)
            self.register_buffer(name, buffer, persistent=False)
        self._frozen: list[nn.Module] = []

    scale: Tensor
    shift: Tensor

    def freeze(self) -> None:
        """Freeze the stem and the first blocks, including their statistics."""
        net = self.features
        self._frozen = [net._conv_stem, net._bn0, *net._blocks[: self.FROZEN]]
        for part in self._frozen:
            part.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> "Lite0MapsEncoder":
        """Set the mode of all parts except the frozen ones, which stay in eval mode."""
        super().train(mode)
        for part in self._frozen:
            part.eval()
        return self

    def levels(self, images: Tensor) -> list[Tensor]:
        """Return its five levels, of 16, 24, 40, 112 and 320 channels."""
        net = self.features
        features: Tensor = F.relu6(net._bn0(net._conv_stem(images * self.scale + self.shift)))
        found: list[Tensor] = []
        for block in net._blocks:
            before, features = features, block(features)
            if features.shape[-1] < before.shape[-1]:
                found.append(before)
        return [*found, features]
