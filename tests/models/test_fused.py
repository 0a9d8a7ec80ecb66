"""Truth: the same layers one after the other, by torch's own batch norm, in double precision."""

import copy

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from onet_cli.models import fused, layers
from onet_cli.models.layers import ConditionalBatchNorm, NormalisedResidualBlock, RowNorm
from onet_cli.models.network import build_network
from tests.models.networks import inputs, tiny_spec


def disturbed(module):
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.1 * torch.randn(parameter.shape, generator=generator)
    return module


def outcome(block, features, code, weights):
    """Everything that a forward and backward pass leaves behind, by name."""
    features, code = (part.clone().requires_grad_() for part in (features, code))
    result = block(features, code)
    (result * weights).sum().backward()
    gradients = {name: parameter.grad for name, parameter in block.named_parameters()}
    left = {"result": result, "features": features.grad, "code": code.grad}
    return left | gradients | dict(block.named_buffers())


@pytest.mark.parametrize("rows", [(3, 50), (2, 700), (1, 40)])
@pytest.mark.parametrize("kind", ["conditional", "plain"])
def test_a_fused_block_has_the_values_gradients_and_statistics_of_its_modules(
    monkeypatch, rows, kind
):
    torch.manual_seed(0)
    width, norms = 256, {"conditional": lambda: ConditionalBatchNorm(8, 256)}
    norm = norms.get(kind, lambda: RowNorm(256))
    block = disturbed(NormalisedResidualBlock(width, norm))
    twin = copy.deepcopy(block).double()
    given = 2 * torch.randn(*rows, width) + 1, torch.randn(rows[0], 8), torch.randn(*rows, width)

    found = outcome(block, *given)
    monkeypatch.setattr(layers, "can_fuse", lambda *_: False)
    true = outcome(twin, *(part.double() for part in given))

    assert found.keys() == true.keys()
    for name, expected in true.items():
        if expected is None:  # the code, where the norms do not know it
            assert found[name] is None
            continue
        # Gradients that are sums over all rows; that of fc_0's bias is 0, as the norm removes it.
        scale = max(float(expected.detach().abs().max()), 10.0)
        torch.testing.assert_close(
            found[name].double(), expected.double(), rtol=0, atol=3e-5 * scale, msg=name
        )


@pytest.mark.parametrize("decoder", ["cbn", "batchnorm", "cbn-noresnet"])
def test_a_network_trains_fused_and_is_the_same_otherwise(monkeypatch, decoder):
    calls = []
    images, points = inputs(batch=3)
    network = disturbed(build_network(tiny_spec(decoder=decoder), seed=0))
    twin = copy.deepcopy(network)
    fuse = fused.norm_relu_linear
    monkeypatch.setattr(layers, "norm_relu_linear", lambda *args: calls.append(1) or fuse(*args))

    logits = network.train()(images, points)
    used = len(calls)
    monkeypatch.setattr(layers, "can_fuse", lambda *_: False)

    torch.testing.assert_close(logits, twin.train()(images, points), rtol=1e-4, atol=1e-5)
    assert used == (6 if decoder == "cbn-noresnet" else 11)
    assert len(calls) == used


def test_statistics_far_from_zero_do_not_cancel():
    rows = 1000 + 0.1 * torch.randn(3000, 128, generator=torch.Generator().manual_seed(0))

    mean, variance = fused.row_statistics(rows)

    torch.testing.assert_close(mean.double(), rows.double().mean(dim=0), rtol=1e-6, atol=0)
    torch.testing.assert_close(
        variance.double(), rows.double().var(dim=0, correction=0), rtol=1e-3, atol=0
    )


def test_only_training_in_single_precision_on_a_cpu_is_fused():
    norm, rows = torch.nn.BatchNorm1d(4), torch.zeros(2, 3, 4)

    assert fused.can_fuse(norm, rows)
    assert not fused.can_fuse(norm, rows.double())
    assert not fused.can_fuse(norm, rows.to("meta"))
    assert not fused.can_fuse(norm, rows[:1, :1])
    assert not fused.can_fuse(torch.nn.SyncBatchNorm(4), rows)
    with FakeTensorMode() as mode:
        assert not fused.can_fuse(norm, mode.from_tensor(rows))
    with torch.no_grad():
        assert not fused.can_fuse(norm, rows)
    with torch.autocast("cpu", torch.bfloat16):
        assert not fused.can_fuse(norm, rows)
    assert not fused.can_fuse(norm.eval(), rows)
