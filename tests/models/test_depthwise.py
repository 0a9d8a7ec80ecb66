"""Depthwise convolutions in training on CPUs. Truth: torch's own, in double precision."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from onet_cli.models import depthwise
from onet_cli.models.depthwise import speed_up_depthwise
from onet_cli.models.encoders.efficientnet import EfficientNetEncoder

# Channels, side, kernel, stride, and padding (left, right, top, bottom); channels fill no chunks.
CASES = [
    (56, 7, 5, 1, (2, 2, 2, 2)),
    (96, 12, 3, 2, (0, 1, 0, 1)),
    (37, 9, 3, 2, (1, 1, 1, 1)),
    (16, 3, 5, 1, (2, 2, 2, 2)),
    (2, 2, 5, 2, (1, 2, 2, 1)),
    (70, 8, 3, 1, (0, 0, 0, 0)),
    (33, 6, 1, 1, (0, 0, 0, 0)),
    (3, 11, 3, 3, (1, 0, 0, 2)),
]


def layer_of(channels, kernel, stride, padding):
    left, right, top, bottom = padding
    layer = nn.Conv2d(channels, channels, kernel, stride, groups=channels, bias=False)
    if (left, top) == (right, bottom):
        layer.padding = top, left
    else:
        layer.static_padding = nn.ZeroPad2d(padding)
    return layer


def outcome(layer, features, weights):
    features = features.detach().clone().requires_grad_()
    found = layer(features)
    by = torch.autograd.grad((found * weights).sum(), (features, layer.weight))
    return [found.detach(), *by]


def true_outcome(layer, features, weights, padding):
    features = features.detach().double().requires_grad_()
    weight = layer.weight.detach().double().requires_grad_()
    padded = F.pad(features, padding)
    found = F.conv2d(padded, weight, None, layer.stride, groups=len(weight))
    return [found.detach(), *torch.autograd.grad((found * weights).sum(), (features, weight))]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("case", CASES)
def test_it_has_the_values_and_gradients_of_torchs(case, layout, threads):
    channels, side, kernel, stride, padding = case
    torch.manual_seed(0)
    layer = layer_of(channels, kernel, stride, padding)
    speed_up_depthwise(layer)
    features = torch.randn(4, channels, side, side + 1).contiguous(memory_format=layout)
    high, wide = (
        (side + extra + sum(pads) - kernel) // stride + 1
        for extra, pads in ((0, padding[2:]), (1, padding[:2]))
    )
    weights = torch.randn(4, channels, high, wide)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)

    found = outcome(layer, features, weights)

    torch.set_num_threads(before)
    true = true_outcome(layer, features, weights.double(), padding)
    for mine, expected in zip(found, true, strict=True):
        torch.testing.assert_close(mine.double(), expected, rtol=1e-4, atol=1e-4)


def test_an_efficientnet_trains_as_before(monkeypatch):
    torch.manual_seed(0)
    network = EfficientNetEncoder("efficientnet-b0", 8).eval()
    speed_up_depthwise(network)
    images = torch.rand(2, 3, 64, 64)
    taken = []
    kernels = depthwise._Depthwise.apply
    monkeypatch.setattr(
        depthwise._Depthwise, "apply", lambda *given: taken.append(1) or kernels(*given)
    )

    found = torch.autograd.grad(network(images).square().sum(), list(network.parameters()))

    assert len(taken) == 16
    monkeypatch.setattr(depthwise, "trains_on_cpu", lambda *_: False)
    static = [
        m for m in network.modules() if isinstance(getattr(m, "static_padding", None), nn.Module)
    ]
    assert static
    true = torch.autograd.grad(network(images).square().sum(), list(network.parameters()))
    for mine, expected in zip(found, true, strict=True):
        scale = float(expected.abs().max()) + 1e-3
        torch.testing.assert_close(mine, expected, rtol=0, atol=1e-3 * scale)


def test_layers_of_other_kinds_stay_as_they_are():
    others = [
        nn.Conv2d(4, 4, 3, bias=False),
        nn.Conv2d(4, 8, 3, groups=4, bias=False),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.Conv2d(4, 4, 3, groups=4, bias=False, dilation=2),
        nn.Conv2d(4, 4, (3, 5), groups=4, bias=False),
        nn.Conv2d(4, 4, 3, groups=4, bias=False, padding_mode="reflect"),
    ]

    speed_up_depthwise(nn.ModuleList(others))

    assert all("forward" not in vars(layer) for layer in others)


def test_a_copy_of_a_layer_has_its_own_weights_and_autocast_keeps_single_precision():
    layer = nn.Conv2d(4, 4, 3, groups=4, bias=False)
    speed_up_depthwise(layer)
    twin = copy.deepcopy(layer)

    with torch.autocast("cpu", torch.bfloat16):
        found = twin(torch.rand(1, 4, 8, 8))
    found.sum().backward()

    assert found.dtype == torch.float32
    assert layer.weight.grad is None
    assert twin.weight.grad is not None
