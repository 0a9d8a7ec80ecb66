"""The norms of a decoder go into its matrices, whatever their scales."""

import pytest
import torch

from onet_cli.models.decoders.folding import Reading
from tests.models.networks import tiny_network

SCALES = torch.tensor([1.0, -2.0, 0.0, -0.0, 1e-4, -1e-4, 1e-35, 300.0])
SHIFTS = torch.tensor([0.5, -1.0, 0.0, 2.0, -3.0, 1e-3])


def test_a_reading_is_a_relu_of_a_scaled_and_shifted_stream():
    scale, shift = (grid.flatten() for grid in torch.meshgrid(SCALES, SHIFTS, indexing="ij"))
    stream = 3 * torch.randn(500, len(scale), generator=torch.Generator().manual_seed(0))

    reading = Reading.of(scale, shift)

    found = reading.scale * reading(stream) + reading.shift
    expected = torch.relu(scale * stream + shift)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=2e-4)
    assert all(torch.isfinite(part).all() for part in (reading.scale, reading.shift))
    silent = reading.scale == 0
    assert (reading(stream)[:, silent] == 0).all()


@pytest.mark.parametrize("decoder", ["cbn", "batchnorm"])
def test_channels_that_are_dead_or_turned_over_are_folded_too(decoder):
    network = tiny_network(decoder=decoder)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, parameter in network.decoder.named_parameters():
            if name.endswith(("gamma.bias", "bn.weight")):
                parameter.copy_(SCALES[torch.randint(7, parameter.shape, generator=generator)])
            elif name.endswith("gamma.weight"):
                parameter.zero_()
        code = torch.randn((1, 8), generator=generator)
        points = torch.rand((1, 300, 3), generator=generator) - 0.5
        expected = network.decode(points, code)[0]

        found = network.for_code(code)(points[0])

    assert expected.std() > 0
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)


def test_values_are_the_same_with_and_without_autograd():
    network = tiny_network(decoder="cbn")
    decode = network.for_code(torch.ones(1, 8))
    points = torch.rand((100, 3), generator=torch.Generator().manual_seed(0)) - 0.5

    with torch.inference_mode():
        plain = decode(points)
    tracked = decode(points.clone().requires_grad_())

    torch.testing.assert_close(tracked.detach(), plain.clone(), rtol=0, atol=1e-6)
