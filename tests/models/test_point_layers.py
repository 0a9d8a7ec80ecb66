"""What training on a CPU takes in one step. Truth: the modules, in double precision."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from onet_cli.models.catalogue import MODELS
from onet_cli.models.decoders import point_layers
from onet_cli.models.decoders.point_layers import point_logits
from onet_cli.models.decoders.triplane import Smooth
from onet_cli.models.layers import PreActivationBlock
from onet_cli.models.network import build_network

WIDTH, FEATURES = 32, 13


def layers():
    torch.manual_seed(0)
    block = PreActivationBlock(WIDTH)
    nn.init.normal_(block.fc_1.weight, std=0.2)
    return nn.ModuleList([nn.Linear(FEATURES, WIDTH, bias=False), block, nn.Linear(WIDTH, 1)])


def gradients(made, features, shift):
    """Return logits and all gradients of a weighted sum of them."""
    features, shift = (part.clone().requires_grad_() for part in (features, shift))
    logits = point_logits(features, shift, *made)
    weights = torch.linspace(-1, 1, logits.numel(), dtype=logits.dtype).view_as(logits)
    wanted = [features, shift, *made.parameters()]
    return [logits.detach(), *torch.autograd.grad((logits * weights).sum(), wanted)]


@pytest.mark.parametrize("points", [1, 7, 100])
@pytest.mark.parametrize("block", [2**17, 900])
def test_layers_in_one_step_give_what_the_modules_give(monkeypatch, points, block):
    monkeypatch.setattr(point_layers, "BLOCK", block)
    made, rng = layers(), torch.Generator().manual_seed(1)
    features = torch.randn(3, FEATURES, points, generator=rng)
    shift = torch.randn(3, WIDTH, generator=rng)

    fused = gradients(made, features, shift)

    true = gradients(copy.deepcopy(made).double(), features.double(), shift.double())
    for found, expected in zip(fused, true, strict=True):
        torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-5)


def test_it_is_one_step_in_training_only(monkeypatch):
    taken = []
    plain = point_layers._PointLayers.apply
    monkeypatch.setattr(
        point_layers._PointLayers, "apply", lambda *given: taken.append(1) or plain(*given)
    )
    made, features, shift = layers(), torch.rand(2, FEATURES, 5), torch.rand(2, WIDTH)

    point_logits(features, shift, *made)
    with torch.no_grad():
        point_logits(features, shift, *made)
    with torch.autocast("cpu", torch.bfloat16):
        point_logits(features, shift, *made)
    point_logits(features, shift, *made.eval())

    assert len(taken) == 1


@pytest.mark.parametrize("model", ["onet-small", "onet-attention", "onet-aligned"])
def test_a_network_has_the_same_gradients_with_and_without(monkeypatch, model):
    network = build_network(MODELS[model], seed=0).train()
    rng = torch.Generator().manual_seed(2)
    code = 0.5 * torch.randn(2, network.spec.code_dim, generator=rng)
    points = torch.rand(2, 50, 3, generator=rng) - 0.5

    def run():
        network.zero_grad()
        logits = network.decode(points, code)
        logits.square().mean().backward()
        return [logits.detach(), *(p.grad for p in network.decoder.parameters())]

    with_it = [tensor.clone() for tensor in run()]
    monkeypatch.setattr(point_layers, "_can_fuse", lambda features: False)

    for found, expected in zip(with_it, run(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_smoothing_in_training_is_the_pooling_there_and_back(layout):
    rng = torch.Generator().manual_seed(3)
    plane = torch.randn(2, 5, 9, 12, generator=rng).contiguous(memory_format=layout)
    given = torch.randn(2, 5, 9, 12, generator=rng)
    plane.requires_grad_()
    twin = plane.detach().double().requires_grad_()

    found = Smooth()(plane)
    expected = F.pad(twin, (1, 1, 1, 1), mode="replicate")
    for _ in range(2):
        expected = F.avg_pool2d(expected, 2, stride=1)
    found.backward(given)
    expected.backward(given.double())

    torch.testing.assert_close(found.double(), expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(plane.grad.double(), twin.grad, rtol=1e-6, atol=1e-6)
    with torch.no_grad():
        torch.testing.assert_close(Smooth()(plane), found, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("model", ["onet-aligned", "noisypixel"])
def test_convolutions_that_pad_by_themselves_are_the_library_s_to_the_bit(model):
    network = build_network(MODELS[model], seed=0).eval()
    twin = copy.deepcopy(network)
    folded = 0
    for layer in twin.encoder.modules():
        if (
            isinstance(layer, nn.Conv2d)
            and "static_padding" in layer._modules
            and any(layer.padding)
        ):
            across, along = layer.padding[1], layer.padding[0]
            layer.padding = 0, 0
            layer.static_padding = nn.ZeroPad2d((across, across, along, along))
            folded += 1
    size = network.spec.image_size
    images = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(4))

    assert folded == 12
    with torch.no_grad():
        assert torch.equal(network.encode(images), twin.encode(images))
