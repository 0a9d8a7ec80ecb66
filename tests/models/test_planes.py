"""Feature planes: what smoothing keeps and takes away, and reading all of one code at once."""

import pytest
import torch

from onet_cli.models.catalogue import MODELS
from onet_cli.models.decoders.triplane import Smooth
from onet_cli.models.network import build_network

ROW, COLUMN = torch.meshgrid(torch.arange(9.0), torch.arange(9.0), indexing="ij")


def smoothed(plane):
    return Smooth()(plane[None, None])[0, 0]


def test_an_even_plane_stays_as_it_is_up_to_its_border():
    assert torch.equal(smoothed(torch.full((9, 9), 0.7)), torch.full((9, 9), 0.7))


def test_a_slope_stays_as_it_is_within_the_border():
    slope = 2 * ROW - 3 * COLUMN
    torch.testing.assert_close(smoothed(slope)[1:-1, 1:-1], slope[1:-1, 1:-1])


def test_stripes_of_one_cell_are_gone_within_the_border():
    stripes = (-1) ** ROW
    assert smoothed(stripes)[1:-1].abs().max() == 0
    assert smoothed(stripes.T)[:, 1:-1].abs().max() == 0


def test_one_cell_spreads_by_the_binomial_weights():
    cell = torch.zeros(9, 9)
    cell[4, 5] = 16
    weights = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert torch.equal(smoothed(cell)[3:6, 4:7], weights)
    assert smoothed(cell).sum() == 16


@pytest.mark.parametrize("model", ["onet-small", "onet-attention"])
@pytest.mark.parametrize("count", [1, 7, 1024])
def test_one_codes_decoder_agrees_with_the_plain_one_inside_and_beyond_the_cube(model, count):
    network = build_network(MODELS[model], 0).eval()
    generator = torch.Generator().manual_seed(1)
    size = network.spec.image_size
    with torch.no_grad():
        for parameter in network.decoder.parameters():  # some start at zero
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=generator))
        code = network.encode(torch.rand((1, 3, size, size), generator=generator))
    points = 1.6 * torch.rand((count, 3), generator=generator) - 0.8
    plain, folded = points.clone().requires_grad_(), points.clone().requires_grad_()

    expected = network.decode(plain[None], code)[0]
    found = network.for_code(code)(folded)

    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    slopes = (torch.autograd.grad(v.sum(), p)[0] for v, p in ((found, folded), (expected, plain)))
    torch.testing.assert_close(*slopes, rtol=1e-3, atol=1e-3)


def test_one_codes_decoder_keeps_the_weights_of_its_day():
    network = build_network(MODELS["onet-small"], 0).eval()
    with torch.no_grad():
        code = network.encode(torch.rand(1, 3, network.spec.image_size, network.spec.image_size))
        decode, points = network.for_code(code), torch.rand(50, 3) - 0.5
        before = decode(points)
        for parameter in network.parameters():
            parameter.mul_(-2)

        assert torch.equal(decode(points), before)
