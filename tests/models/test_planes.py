"""Smoothing of feature planes: what it keeps, and what it takes away."""

import torch

from onet_cli.models.decoders.triplane import Smooth

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
