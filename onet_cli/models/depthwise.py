"""Depthwise convolutions in training on CPUs, where torch's gradients are slow.

Each channel has a kernel of its own, so that gradients are sums of a few products per number, as
the convolution is, but torch's take several times as long. Under autocast, all is in float32:
torch's gradients in bfloat16 take five times as long as its own in float32.
"""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from onet_cli._ext import maps as kernel
from onet_cli.models.cpu_training import trains_on_cpu, without_autocast

Padding = tuple[int, int, int, int]
"""Columns to the left and to the right, rows above and below."""


def speed_up_depthwise(network: nn.Module) -> None:
    """Let the depthwise convolutions of `network` train by a kernel on CPUs.

    Results change by rounding only. On other devices the layers are unchanged.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and _is_simple(layer):
            # Bound to the layer, so that a copy of it uses its own weights.
            layer.forward = MethodType(_convolve, layer)  # type: ignore[method-assign]


def _is_simple(layer: nn.Conv2d) -> bool:
    size, stride = set(layer.kernel_size), set(layer.stride)
    depthwise = layer.groups == layer.in_channels == layer.out_channels > 1
    plain = layer.bias is None and layer.padding_mode == "zeros" and set(layer.dilation) == {1}
    return depthwise and plain and len(size) == len(stride) == 1


def _convolve(layer: nn.Conv2d, features: Tensor) -> Tensor:
    """Return what `layer` does to `features` (B, C, H, W)."""
    plain: Any = type(layer).forward
    if features.device.type != "cpu":
        return plain(layer, features)  # type: ignore[no-any-return]
    with without_autocast("cpu"):
        features = features if features.dtype == torch.float64 else features.float()
        needed = features.requires_grad or layer.weight.requires_grad
        if needed and trains_on_cpu(features, layer.weight) and features.numel():
            stride = int(layer.stride[0])
            found: Tensor = _Depthwise.apply(features, layer.weight, stride, _padding(layer))  # type: ignore[no-untyped-call]
            return found
        return plain(layer, features)  # type: ignore[no-any-return]


def _padding(layer: nn.Conv2d) -> Padding:
    """Return the zeros that `layer` adds, of itself or by EfficientNet's `static_padding`."""
    static = getattr(layer, "static_padding", None)
    if isinstance(static, nn.ZeroPad2d):
        left, right, top, bottom = static.padding
        return left, right, top, bottom
    top, left = (int(part) for part in layer.padding)
    return left, left, top, top


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution; saves its input before padding."""

    @staticmethod
    def forward(
        ctx: Any, features: Tensor, weight: Tensor, stride: int, padding: Padding
    ) -> Tensor:
        """Return (B, C, R, S) from `features` (B, C, H, W) and `weight` (C, 1, k, k)."""
        left, right, top, bottom = padding
        features = features.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(features, weight)
        ctx.stride, ctx.top, ctx.left = stride, top, left
        if (left, top) == (right, bottom):
            return F.conv2d(features, weight, None, stride, (top, left), 1, len(weight))
        count, channels, height, width = features.shape
        size = weight.shape[-1]
        rows, columns = (
            (before + length + after - size) // stride + 1
            for before, length, after in ((top, height, bottom), (left, width, right))
        )
        out = features.new_empty(count, rows, columns, channels)
        # torch would copy the features for the padding.
        kernel.depthwise_convolution(
            _cells(features).numpy(), _kernels(weight).numpy(), stride, top, left, out.numpy()
        )
        return out.permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        """Return the gradients of features and weight."""
        features, weight = ctx.saved_tensors
        kernels = _kernels(weight)
        by_features, by_weight = torch.empty_like(_cells(features)), torch.empty_like(kernels)
        kernel.depthwise_gradient(
            _cells(features).numpy(),
            _cells(gradient).contiguous().numpy(),
            kernels.numpy(),
            ctx.stride,
            ctx.top,
            ctx.left,
            by_features.numpy(),
            by_weight.numpy(),
        )
        return by_features.permute(0, 3, 1, 2), by_weight.permute(2, 0, 1)[:, None], None, None


def _cells(features: Tensor) -> Tensor:
    """Return (B, H, W, C) of (B, C, H, W)."""
    return features.detach().permute(0, 2, 3, 1)


def _kernels(weight: Tensor) -> Tensor:
    """Return (k, k, C) of (C, 1, k, k)."""
    return weight.detach()[:, 0].permute(1, 2, 0).contiguous()
