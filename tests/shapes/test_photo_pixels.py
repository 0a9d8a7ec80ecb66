"""Pieces and means of pictures, compared with those of SciPy."""

import numpy as np
import pytest
from scipy.ndimage import label, uniform_filter

from onet_cli.shapes.photo_pixels import box_mean, label_pieces

SHAPES = [(1, 1), (1, 7), (7, 1), (5, 5), (41, 30), (120, 160)]


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.6, 0.9, 1])
def test_pieces_are_those_of_scipy(size, share):
    mask = np.random.default_rng(0).random(size) < share

    pieces, count = label_pieces(mask)

    expected, number = label(mask)
    assert count == number
    assert np.array_equal(pieces, expected)


def test_a_piece_may_wind_through_the_whole_picture():
    comb = np.zeros((64, 64), bool)
    comb[:, ::2] = True
    comb[0, 1::4] = comb[-1, 3::4] = True

    pieces, count = label_pieces(comb)

    assert count == 1
    assert np.array_equal(pieces == 1, comb)


@pytest.mark.parametrize("size", SHAPES)
@pytest.mark.parametrize("width", [1, 3, 5, 21])
@pytest.mark.parametrize("channels", [(), (3,)])
def test_means_are_those_of_scipy(size, width, channels):
    values = np.random.default_rng(0).uniform(0, 255, (*size, *channels)).astype(np.float32)

    mean = box_mean(values, width)

    expected = uniform_filter(values, (width, width, *(1 for _ in channels)))
    assert mean.dtype == np.float32
    np.testing.assert_allclose(mean, expected, atol=1e-4)
